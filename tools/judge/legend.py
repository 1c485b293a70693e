"""Legends: what the symbols of a chapter stand for, as data that a person can read (chapters/legends/*.yml).

A legend gives sizes, the letters that count (indices), and symbols. A symbol is drawn at random (`shape`, or a line of
NumPy under `draw`), given (`value`), computed from others (`is`; `jacobian: f by x`; `gradient: x`, of the loss) or a
function (`of`, or `function` for one of nnlib's). Where a chapter changes a meaning, a scope says for which cells,
headings or formulas. Everything that a formula says is compared with this, and with nothing else.
"""

import ast
import builtins
import fnmatch
import keyword
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import yaml

import nnlib

FOLDER = Path(__file__).parents[2] / "chapters" / "legends"
KEYS = {
    "shape",
    "draw",
    "value",
    "is",
    "of",
    "function",
    "gradient",
    "jacobian",
    "layers",
    "from",
    "family",
    "means",
    "code",
    "all paths",
}
SCOPE_KEYS = {"at", "why", "sizes", "indices", "symbols", "loss", "small", "products", "fresh"}
LEGEND_KEYS = SCOPE_KEYS | {"scopes", "not evaluated", "false on purpose", "settings", "also", "title"}


class LegendError(ValueError):
    """A legend that contradicts itself."""


@dataclass(frozen=True)
class Symbol:
    """One symbol, or one layer of it. `kind` is draw, value, is or function; `uses` are the keys of the symbols in
    its line of NumPy.
    """

    key: str
    kind: str
    line: object
    parameters: tuple = ()
    uses: frozenset = frozenset()
    start: int = 1
    family: bool = False
    all_paths: bool = False  # also ∂ goes along all paths


@dataclass(frozen=True)
class Scope:
    """The meanings that hold for some formulas."""

    sizes: dict
    indices: dict
    symbols: dict  # key: Symbol
    names: frozenset  # as they stand in formulas
    layered: frozenset
    functions: frozenset
    loss: str = "L"
    small: tuple = ()
    products: dict = field(default_factory=dict)  # signs that mean no matrix product, and what they mean
    upstream: dict = field(default_factory=dict)

    def depends(self, key):
        """All that a symbol is computed from, directly or not."""
        if key not in self.upstream:
            direct = self.symbols[key].uses
            self.upstream[key] = frozenset(direct).union(*(self.depends(k) for k in direct))
        return self.upstream[key]


@dataclass(frozen=True)
class Legend:
    scopes: tuple  # pairs: patterns, Scope; the first is the chapter's own
    stem: str
    marks: dict  # plain tokens of a formula: ("not evaluated" | "false on purpose" | "settings", why)

    def scope(self, place):
        """The scope that names the formula itself; else its label, its cell, or a heading above it; of several the
        last.
        """
        ranked = [
            (max(map(place.matches, patterns), default=0), k) for k, (patterns, _) in enumerate(self.scopes[1:], 1)
        ]
        rank, k = max(ranked, default=(0, 0))
        return self.scopes[k if rank else 0][1]


def key_of(name, layer=None):
    """The Python name of a symbol, in the lines of a legend: W1, Delta_x, lambda_."""
    key = re.sub(r"\W", "_", name) + ("" if layer is None else str(layer))
    return key + "_" if keyword.iskeyword(key) else key


# Helpers that the lines of a legend may use, beside NumPy and nnlib -------------------------------------------------


def decayed(W, decay, rates):
    """Weights after steps in which their gradient is that of the decay alone."""
    for rate in rates:
        ((W, _),) = nnlib.sgd_step([(W, np.zeros(len(W)))], [(decay * W, np.zeros(len(W)))], rate)
    return W


def subsets(n):
    """All sets of the numbers 1 to n."""
    return [tuple(k + 1 for k in range(n) if mask >> k & 1) for mask in range(2**n)]


def unit(n):
    return np.eye(n)


TOOLS = {"np": np, "decayed": decayed, "subsets": subsets, "unit": unit}
TOOLS |= {
    name: getattr(nnlib, name) for name in dir(nnlib) if callable(getattr(nnlib, name)) and not name.startswith("_")
}


# Loading ------------------------------------------------------------------------------------------------------------


def load(stem, folder=FOLDER):
    """The legend of one page; what holds in the whole book stands in book.yml."""
    book = read(folder / "book.yml")
    path = folder / f"{stem}.yml"
    return build(read(path) if path.exists() else {}, book, path.name)


def read(path):
    data = yaml.safe_load(path.read_text("utf-8")) or {}
    if unknown := set(data) - LEGEND_KEYS:
        raise LegendError(f"{path.name}: {sorted(unknown)}, known are {sorted(LEGEND_KEYS)}")
    return data


def build(data, book, name):
    from judge.tex import plain  # the marks are compared token by token, so that spaces do not count

    base = merged(book, data)
    scopes = [((), scope_of(base, name))]
    for part in data.get("scopes", ()):
        if unknown := set(part) - SCOPE_KEYS:
            raise LegendError(f"{name}: {sorted(unknown)} in a scope, known are {sorted(SCOPE_KEYS)}")
        at = part["at"] if isinstance(part["at"], list) else [part["at"]]
        scopes.append((tuple(at), scope_of(merged(book if part.get("fresh") else base, part), name)))
    marks = {}
    for mark in ("not evaluated", "false on purpose", "settings"):
        entries = data.get(mark, {})
        for formula, why in entries.items() if isinstance(entries, dict) else ((f, "") for f in entries):
            marks[" ".join(plain(formula))] = (mark, why)
    return Legend(tuple(scopes), name.removesuffix(".yml"), marks)


def merged(base, part):
    out = {key: part.get(key, base.get(key)) for key in ("loss", "small", "products")}
    out["own"] = set(part.get("symbols") or ())
    for key in ("sizes", "indices", "symbols"):
        both = {**(base.get(key) or {}), **(part.get(key) or {})}
        out[key] = {k: v for k, v in both.items() if v is not None}  # a scope takes a meaning away with ~
    return out


def scope_of(data, name):
    sizes = {key_of(k): v for k, v in data["sizes"].items()}
    symbols, layered, functions, inherited = {}, set(), set(), {}
    for title, spec in data["symbols"].items():
        spec = spec if isinstance(spec, dict) else {"is": str(spec)}
        if unknown := set(spec) - KEYS:
            raise LegendError(f"{name}: {title} has {sorted(unknown)}, known are {sorted(KEYS)}")
        letter, _, layer = str(title).partition("^")
        if layer or "layers" in spec:
            layered.add(letter)
        if "function" in spec or "of" in spec:
            functions.add(letter)
        for l in layers_of(layer or spec.get("layers")):
            symbol = symbol_of(letter, l, spec, key_of(data["loss"] or "L"), f"{name}: {title}")
            symbols[symbol.key] = symbol
            if title not in data["own"]:
                inherited[symbol.key] = title  # falls away when what it is computed from is taken away
    for key, value in sizes.items():
        symbols.setdefault(key, Symbol(key, "value", value))
    for key, symbol in symbols.items():  # what the lines use, now that all keys are known
        named = (
            names_in(symbol.line)
            if symbol.kind in {"is", "draw", "function"} and symbol.line not in TOOLS or symbol.kind == "is"
            else set()
        )
        if missing := named - set(symbols) - set(TOOLS) - set(symbol.parameters) - {"rng"}:
            if key in inherited:
                return scope_of(
                    {**data, "symbols": {k: v for k, v in data["symbols"].items() if k != inherited[key]}}, name
                )
            raise LegendError(f"{name}: {key} uses {sorted(missing)}, which the legend does not know")
        named |= {*symbol.line} if symbol.kind == "jacobian" else set()
        symbols[key] = replace(symbol, uses=frozenset((named | set(symbol.parameters)) & set(symbols)))
    for key in symbols:
        if key in closure(symbols, key):
            raise LegendError(f"{name}: {key} is computed from itself")
    return Scope(
        sizes,
        dict(data["indices"]),
        symbols,
        frozenset(map(str, data["symbols"])) | frozenset(data["sizes"]),
        frozenset(layered),
        frozenset(functions),
        data["loss"] or "L",
        small_of(data),
        products_of(data, name),
    )


def small_of(data):
    small = data["small"] or ()
    return (small,) if isinstance(small, str) else tuple(small)


def products_of(data, name):
    """`juxtaposed: entry by entry`, or `·: sum of entries`, as some articles write."""
    given = data["products"] or {}
    if unknown := {*given} - {"juxtaposed", "·"} | {*given.values()} - {"entry by entry", "sum of entries"}:
        raise LegendError(f"{name}: products {sorted(unknown)}")
    return given


def closure(symbols, key):
    found, todo = set(), list(symbols[key].uses)
    while todo:
        k = todo.pop()
        if k not in found:
            found.add(k)
            todo += symbols[k].uses
    return found


def layers_of(text):
    """`1 to 3`, or one number, or nothing."""
    if text is None:
        return [None]
    first, _, last = str(text).partition(" to ")
    return list(range(int(first), int(last or first) + 1))


def symbol_of(letter, layer, spec, loss, where):
    fill = lambda line: (
        re.sub(r"\{(l(?:[+-]\d)?)\}", lambda m: str(eval(m[1], {"l": layer})), line) if isinstance(line, str) else line
    )
    key = key_of(letter, layer)
    common = {
        "start": spec.get("from", 1),
        "family": spec.get("family", False),
        "all_paths": spec.get("all paths", False),
    }
    if "of" in spec:
        return Symbol(
            key, "function", fill(spec["is"]), tuple(map(key_of, str(spec["of"]).replace(",", " ").split())), **common
        )
    kinds = [k for k in ("function", "gradient", "jacobian", "is", "value", "draw", "shape") if k in spec]
    if not kinds:
        raise LegendError(f"{where} has no shape, draw, value, is, gradient, jacobian, of or function")
    kind = kinds[0]
    if kind == "gradient":
        return Symbol(key, "jacobian", (loss, key_of(fill(spec[kind]))), **common)
    if kind == "jacobian":
        return Symbol(key, kind, tuple(key_of(k) for k in fill(spec[kind]).split(" by ")), **common)
    if kind == "shape":
        axes = " ".join(spec["shape"]) if isinstance(spec["shape"], list) else str(spec["shape"])
        return Symbol(
            key,
            "draw",
            f"rng.normal(size=({''.join(a + ', ' for a in fill(axes).split() if a != 'number')}))",
            **common,
        )
    return Symbol(key, kind, fill(spec[kind]), **common)


def names_in(line):
    """The names in a line of NumPy."""
    if not isinstance(line, str):
        return set()
    try:
        return {n.id for n in ast.walk(ast.parse(line, mode="eval")) if isinstance(n, ast.Name)} - bound_in(line)
    except SyntaxError as error:
        raise LegendError(f"not a line of NumPy: {line!r}") from error


def bound_in(line):
    tree = ast.parse(line, mode="eval")
    own = {a.arg for n in ast.walk(tree) if isinstance(n, ast.Lambda) for a in n.args.args}
    return (
        own
        | {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        | set(dir(builtins))
    )


def matches(pattern, *candidates):
    return any(fnmatch.fnmatch(candidate or "", pattern) for candidate in candidates)
