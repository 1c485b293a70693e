r"""From plain tokens to a tree of what a formula means: what is applied to what, which upper number counts layers,
what is differentiated.

Which names are functions and which have layers is for the legend to say: `\sigma(z)` is a value of σ, `a(z)` would be
a product.
"""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from judge.tex import Unreadable
from lark import Lark, Token, Transformer, UnexpectedInput
from lark.exceptions import VisitError

COMMON_FUNCTIONS = {"ln", "log", "exp", "tanh", "sin", "cos", "sign", "diag", "mean", "max", "min", "Im", "Re"}


@dataclass(frozen=True)
class Node:
    """`op` says what is done with `args`; `value` is a name, a number or a sign."""

    op: str
    args: tuple = ()
    value: object = None

    def walk(self):
        yield self
        for arg in self.args:
            yield from arg.walk()

    def __str__(self):
        return tex(self)


def node(op, *args, value=None):
    return Node(op, tuple(args), value)


def number(value):
    return Node("number", (), str(value))


@cache
def grammar():
    return Lark(Path(__file__).with_name("grammar.lark").read_text("utf-8"), parser="lalr")


@dataclass(frozen=True)
class Claim:
    """Sides and the relations between them: A = B = C is one chain with two pairs."""

    sides: tuple
    relations: tuple

    @property
    def pairs(self):
        return list(zip(self.sides, self.relations, self.sides[1:]))

    def __str__(self):
        return str(self.sides[0]) + "".join(f" {SIGNS.get(r, r)} {s}" for r, s in zip(self.relations, self.sides[1:]))


def read(piece, functions=frozenset(), layered=frozenset(), names=frozenset(), indices=frozenset()):
    """The claim that a piece of a formula makes."""
    try:
        return Builder(functions, layered, names, indices).transform(grammar().parse(str(piece)))
    except UnexpectedInput as error:
        near = (
            str(piece)[max(0, error.pos_in_stream - 30) :][:60] if error.pos_in_stream is not None else str(piece)[-60:]
        )
        raise Unreadable(f"not in the grammar, near: {near}") from None
    except VisitError as error:
        if isinstance(error.orig_exc, Unreadable):
            raise error.orig_exc from None
        raise


def name_of(tree):
    """The name below scripts and signs of a differential, or None."""
    while tree.op in {"index", "layer", "prime", "transpose", "differential", "word"} and tree.args:
        tree = tree.args[0]
    return tree.value if tree.op == "name" else None


def undifferentiated(tree):
    """∂z_k without its ∂, or None where there is none."""
    if tree.op == "differential":
        return tree.args[0] if tree.args else None
    if tree.op == "index" and (inner := undifferentiated(tree.args[0])):
        return replace(tree, args=(inner, *tree.args[1:]))
    return None


class Builder(Transformer):
    def __init__(self, functions, layered, names, indices):
        super().__init__()
        self.names, self.indices = names, set(indices)
        self.functions, self.layered = set(functions) | COMMON_FUNCTIONS, set(layered)

    def start(self, items):
        return Claim(tuple(items[::2]), tuple(map(str, items[1::2])))

    # Sums and products ---------------------------------------------------------------------------------------------

    def expression(self, items):
        terms, sign = [], "+"
        for item in (i for i in items if i is not None):
            if isinstance(item, Token):
                sign = str(item)
            else:
                terms.append(item if sign == "+" else node("negative", item))
                sign = "+"
        return terms[0] if len(terms) == 1 else node("sum", *terms)

    def product(self, items):
        result = items[0]
        for sign, right in zip(items[1::2], items[2::2]):
            result = self.join(result, str(sign), right)
        return result

    def join(self, left, sign, right):
        if sign == "/":
            *before, last = left.args if left.op == "product" and left.value == "" else (left,)
            above, below = undifferentiated(last), undifferentiated(right)
            if last.op == "differential" and not last.args and below:
                raise Unreadable("a derivative of nothing")
            if above and below:
                quotient = node("derivative", above, below, value=kind_of(last))
                return node("product", *before, quotient, value="") if before else quotient
            return node("quotient", left, right, value="/")
        if sign in {"⊙", "⊗"}:
            return node({"⊙": "hadamard", "⊗": "outer"}[sign], left, right)
        return node("product", left, right, value=sign)

    def factors(self, items):
        factors, rest = [], list(items)
        while rest:
            factors.append(self.applied(rest))
        return factors[0] if len(factors) == 1 else node("product", *factors, value="")

    def applied(self, rest):
        """The next factor: a function takes its brackets, or what follows; ∂/∂x takes all that follows."""
        first = rest.pop(0)
        if first.op == "derivative" and first.args[0].op == "nothing":
            if not rest:
                raise Unreadable("a derivative of nothing")
            body = self.factors(rest)
            rest.clear()
            return replace(first, args=(body, first.args[1]))
        if name_of(first) in self.functions and undifferentiated(first) is None and first.op != "transpose":
            index = first.args[1:] if first.op == "index" else ()
            function = first.args[0] if index else first
            if rest and rest[0].op in {"round", "tuple"}:
                called = node("call", function, *(rest.pop(0).args))
            elif rest and name_of(first) in self.prefix:
                called = node("call", function, self.applied(rest), value="prefix")
            else:
                return first
            return node("index", called, *index) if index else called
        return first

    @property
    def prefix(self):
        return COMMON_FUNCTIONS | {f for f in self.functions if len(f) > 2} | {"sigma"}

    # Atoms ------------------------------------------------------------------------------------------------------------

    def name(self, items):
        token = items[0]
        return node("name", value=token[1:-1]) if token.type == "NAME" else Node("name", (), token[1:-1])

    def number(self, items):
        return number(items[0])

    def dots(self, items):
        return node("dots")

    def items(self, items):
        return [i for i in items if i is not None]

    def round(self, items):
        inside = items[0]
        return node("round", inside[0]) if len(inside) == 1 else node("tuple", *inside)

    def square(self, items):
        if len(items[0]) > 1:
            raise Unreadable("a list in square brackets")
        return node("round", items[0][0], value="[")

    def hidden(self, items):
        return items[0]

    def bracket(self, items):
        left, relation, right = items
        return node("bracket", left, right, value=str(relation))

    def absolute(self, items):
        return node("absolute", *items)

    def ceiling(self, items):
        return node("ceiling", *items)

    def inner(self, items):
        return node("inner", *items)

    def root(self, items):
        return node("root", *items)

    def shape(self, items):
        return node("shape", *items)

    def row(self, items):
        return tuple(items)

    def matrix(self, items):
        rows = [row for row in items if isinstance(row, tuple)]
        if len({len(row) for row in rows}) != 1:
            raise Unreadable("rows of a matrix that differ in length")
        return node("matrix", *(cell for row in rows for cell in row), value=len(rows[0]))

    def fraction(self, items):
        above, below = items
        lower = undifferentiated(below)
        if lower and (above == node("name", value="d") or above.op == "differential" and not above.args):
            return node("derivative", node("nothing"), lower, value=kind_of(below))
        if lower and (upper := undifferentiated(above)):
            return node("derivative", upper, lower, value=kind_of(above))
        return node("quotient", above, below, value="frac")

    def differential(self, items):
        sign, *rest = items
        if not rest:
            return node("differential", value=str(sign))
        return self.differentiated(str(sign), rest[0])

    def differentiated(self, sign, tree):
        """The sign of a differential belongs to the letter: in dW^T it is dW that is transposed, in dz_i it is dz
        that is indexed.
        """
        if tree.op in {"index", "transpose"}:
            return replace(tree, args=(self.differentiated(sign, tree.args[0]), *tree.args[1:]))
        return node("differential", tree, value=sign)

    # Scripts ----------------------------------------------------------------------------------------------------------

    def subscript(self, items):
        return [part for item in items for part in self.split(item)]

    def split(self, item):
        """`no` is two indices, `l-1` is one."""
        plain = item.op == "product" and item.value == "" and all(a.op in {"name", "number"} for a in item.args)
        return item.args if plain else (item,)

    def index(self, items):
        base, subs = items
        if (
            len(subs) == 1
            and subs[0].op == "name"
            and (len(subs[0].value) > 1 or subs[0].value in "+-")
            and is_word(subs[0].value)
        ):
            return renamed(base, subs[0].value)
        if len(subs) == 1 and subs[0].op in {"name", "number"} and f"{name_of(base)}_{subs[0].value}" in self.names:
            base = renamed(
                base, subs[0].value
            )  # J_q, where the legend has a symbol of that name; N_k, where k counts, keeps its index
            return node("index", base, *subs) if subs[0].value in self.indices else base
        return node("index", base, *subs)

    def superscript(self, items):
        """What stands above: numbers, words, and whether there is a T."""
        items = [item for item in items if item is not None]
        words = [
            item.value
            for item in items
            if isinstance(item, Node) and item.op == "name" and len(item.value) > 1 and is_word(item.value)
        ]
        exponents = [
            item for item in items if isinstance(item, Node) and not (item.op == "name" and item.value in words)
        ]
        if len(exponents) > 1:
            raise Unreadable("two exponents")
        return exponents[0] if exponents else None, words, any(isinstance(item, Token) for item in items)

    def sign(self, items):
        raise Unreadable("an upper sign")

    def power(self, items):
        base, (exponent, words, transposed) = items
        for word in words:
            base = renamed(base, word)
        if exponent is not None:
            inner = base.args[0] if base.op in {"index", "differential"} and base.args else base
            if inner.op == "name" and inner.value in self.layered:
                base = with_layer(base, exponent)
            else:
                base = node("power", base, exponent)
        return node("transpose", base) if transposed else base

    def prime(self, items):
        base, primes = items
        if f"{name_of(base)}'" in self.names:
            return renamed(base, "'") if base.op != "name" else replace(base, value=f"{base.value}'")
        return node("prime", base, value=len(primes))

    def range(self, items):
        return items

    def big(self, items):
        sign, low, high, body = items
        low = [i for i in low or [] if i is not None]
        relation = next((str(i) for i in low if isinstance(i, Token)), None)
        names = [part for item in low if not isinstance(item, Token) for part in self.split(item)]
        bound = names.pop() if relation else node("nothing")
        if not names or any(n.op != "name" for n in names):
            raise Unreadable("a sum that does not say over what")
        value = (str(sign), tuple(n.value for n in names), relation)
        if sign == "∏" and body.op == "product" and body.args[-1].op == "big" and body.args[-1].value[0] == "∏":
            *own, after = body.args  # the second of two products begins where the first ends
            own = own[0] if len(own) == 1 else replace(body, args=tuple(own))
            return node("product", node("big", own, bound, high or node("nothing"), value=value), after, value="")
        return node("big", body, bound, high or node("nothing"), value=value)


GREEK = set(
    "alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu xi rho sigma tau phi chi psi omega ell".split()
)


def is_word(name):
    return (
        name not in GREEK
        and not name.endswith("'")
        and not name.startswith(("bold ", "hat ", "dot ", "check ", "Delta ", "nabla "))
    )


def renamed(base, word):
    """W_new, or W^l_new: the word belongs to the letter."""
    if base.op == "name":
        return replace(base, value=f"{base.value}_{word}")
    if base.args:
        return replace(base, args=(renamed(base.args[0], word), *base.args[1:]))
    raise Unreadable(f"the subscript {word}")


def with_layer(base, layer):
    if base.op == "name":
        return node("layer", base, layer)
    return replace(base, args=(with_layer(base.args[0], layer), *base.args[1:]))


def kind_of(tree):
    return next(n.value for n in tree.walk() if n.op == "differential")


# And back to TeX, to show a formula and its mutants -----------------------------------------------------------------

SIGNS = {
    "·": r"\cdot", "×": r"\times", "⊙": r"\odot", "⊗": r"\otimes", "≈": r"\approx", "≤": r"\le", "≥": r"\ge",
    "≠": r"\ne", "∈": r"\in", "∉": r"\notin", "→": r"\to", "∑": r"\sum", "∏": r"\prod", "maximum": r"\max",
    "minimum": r"\min", "lim": r"\lim", "∂": r"\partial ", "ⅆ": "d",
}  # fmt: skip


def _name(name):
    stem, _, word = name.partition("_")
    stem = (
        rf"\{stem}"
        if stem in GREEK | {"ln", "tanh", "max", "min", "exp"}
        else stem.replace("Delta ", r"\Delta ").replace("bold ", "")
    )
    stem = rf"\text{{{stem}}}" if len(stem) > 1 and stem[0] != "\\" and " " not in stem[:6] else stem
    return stem + (rf"_{{\text{{{word}}}}}" if word else "")


def tex(tree):
    """The TeX of a tree, without colours."""
    a = [tex(arg) for arg in tree.args]
    match tree.op:
        case "name":
            return _name(tree.value)
        case "number":
            return tree.value
        case "dots":
            return r"\dots"
        case "nothing":
            return ""
        case "sum":
            return " ".join([a[0], *(t if t.startswith("-") else f"+ {t}" for t in a[1:])])
        case "negative":
            return f"-({a[0]})" if tree.args[0].op == "sum" else f"-{a[0]}"
        case "product":
            return f" {SIGNS.get(tree.value, '')} ".join(_grouped(t, s) for t, s in zip(tree.args, a)).replace(
                "  ", " "
            )
        case "hadamard":
            return r" \odot ".join(_grouped(t, s) for t, s in zip(tree.args, a))
        case "outer":
            return r" \otimes ".join(_grouped(t, s) for t, s in zip(tree.args, a))
        case "quotient":
            return rf"\frac{{{a[0]}}}{{{a[1]}}}"
        case "derivative":
            d = SIGNS[tree.value]
            return rf"\frac{{{d}{a[0]}}}{{{d}{a[1]}}}"
        case "differential":
            return SIGNS[tree.value] + "".join(a)
        case "layer":
            return f"{a[0]}^{{{a[1]}}}"
        case "index":
            return f"{a[0]}_{{{', '.join(a[1:]) if any(len(s) > 1 for s in a[1:]) else ''.join(a[1:])}}}"
        case "transpose":
            return f"{a[0]}^T" if tree.args[0].op != "layer" else f"{a[0][:-1]}T}}"
        case "power":
            return f"{a[0]}^{{{a[1]}}}"
        case "prime":
            return a[0] + "'" * tree.value
        case "call":
            return f"{a[0]} {a[1]}" if tree.value == "prefix" else f"{a[0]}({', '.join(a[1:])})"
        case "round":
            return f"[{a[0]}]" if tree.value == "[" else f"({a[0]})"
        case "tuple":
            return f"({', '.join(a)})"
        case "bracket":
            return f"[{a[0]} {SIGNS.get(tree.value, tree.value)} {a[1]}]"
        case "absolute":
            return f"|{a[0]}|"
        case "ceiling":
            return rf"\lceil {a[0]} \rceil"
        case "inner":
            return rf"\langle {a[0]}, {a[1]} \rangle"
        case "root":
            return rf"\sqrt{{{a[0]}}}"
        case "shape":
            return rf"\shape{{{a[0]}}}{{{a[1]}}}"
        case "matrix":
            cells = [" & ".join(a[k : k + tree.value]) for k in range(0, len(a), tree.value)]
            return r"\begin{pmatrix} " + r" \\ ".join(cells) + r" \end{pmatrix}"
        case "big":
            sign, names, relation = tree.value
            low = " ".join(map(_name, names)) + (f" {SIGNS.get(relation, relation)} {a[1]}" if relation else "")
            return rf"{SIGNS[sign]}_{{{low}}}{f'^{{{a[2]}}}' if a[2] else ''} {a[0]}"
    raise ValueError(tree.op)


def _grouped(tree, text):
    return f"({text})" if tree.op in {"sum", "negative"} else text
