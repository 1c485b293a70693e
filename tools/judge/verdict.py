"""The judge: is what a formula says so, in a legend's worlds?"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from judge import tree as trees
from judge.legend import key_of
from judge.tex import CLOSE, OPEN, Unreadable, pieces, plain
from judge.value import CONSTANTS, Misfit, MissingLayer, Unevaluated, Unknown, equal, matrix, range_of, scalar, value
from judge.world import World

SEEDS = (1, 2, 3)
MORE_SEEDS = (11, 12, 13, 14, 15)
CLAIMS = {"=", "≈"}
SCALES = (0.2, 0.05)  # how far what is small is shrunk, to see an order


@dataclass(frozen=True)
class Verdict:
    """`kind`: true, false, setting (claims nothing), not evaluated, unreadable."""

    kind: str
    formula: object
    claim: object = None
    why: str = ""
    scope: object = None
    claims: int = 0
    on_purpose: bool = False  # a formula that is marked as false, and is

    def __str__(self):
        return f"{self.formula.place}: {self.formula.text!r}: {self.kind}{', ' + self.why if self.why else ''}"


class Worlds:
    """The worlds of one scope, made once for each seed."""

    def __init__(self, scope):
        self.scope, self.made = scope, {}

    def __getitem__(self, seed):
        if seed not in self.made:
            self.made[seed] = World(self.scope, seed)
        return self.made[seed]


class Judge:
    """Judges the formulas of one page by its legend."""

    def __init__(self, legend):
        self.legend, self.worlds = legend, {}

    def worlds_of(self, scope):
        return self.worlds.setdefault(id(scope), Worlds(scope))

    def judge(self, formula):
        """A verdict for every piece of a formula."""
        try:
            tokens = " ".join(plain(formula.text))
            found = pieces(formula.text)
        except Unreadable as error:
            return [Verdict("unreadable", formula, why=str(error))]
        scope = self.legend.scope(formula.place)
        mark, why = self.legend.marks.get(tokens, (None, ""))
        return [verdict for piece in found if (verdict := self.judge_piece(formula, piece, scope, mark, why))]

    def judge_piece(self, formula, piece, scope, mark, why):
        if all(token[0] == '"' for token in piece.tokens):
            return None  # words beside a formula
        if piece.tokens[0] in set("=≈≤≥<>"):  # what it is equal to stands before it, as code or in words
            piece = replace(piece, tokens=piece.tokens[1:])
        if mark is None:
            mark, why = self.legend.marks.get(str(piece), (None, ""))
        if mark == "not evaluated":
            return Verdict("not evaluated", formula, why=why)
        if not relates(piece.tokens):
            return self.named(formula, piece, scope)
        try:
            claim = trees.read(piece, scope.functions, scope.layered, scope.names, scope.indices)
            for name in names(claim):
                known(name, scope)
            if mark == "settings":
                return Verdict("setting", formula, claim)
            kinds = [kind(pair, self.worlds_of(scope)) for pair in claim.pairs]
            said = [k == "claim" for k in kinds]
            if not any(said):
                return Verdict("setting", formula, claim)
            reason = why_false(claim, said, self.worlds_of(scope))
        except Unreadable as error:
            return Verdict("unreadable", formula, why=str(error))
        except Unknown as error:
            return Verdict("unreadable", formula, why=f"the legend has no symbol {error}")
        except Unevaluated as error:
            return Verdict("not evaluated", formula, claim, str(error))
        if mark == "false on purpose":
            reason = "" if reason else "marked as false on purpose, and true"
        return Verdict(
            "false" if reason else "true", formula, claim, reason or "", scope, sum(said), mark == "false on purpose"
        )

    def named(self, formula, piece, scope):
        """What claims nothing must still use symbols that the page's legend knows somewhere."""
        for token in piece.tokens:
            if token[0] == "'" and token[1:-1] not in self.known_somewhere:
                return Verdict("unreadable", formula, why=f"the legend has no symbol {token[1:-1]}")
        return None

    @cached_property
    def known_somewhere(self):
        known_ = trees.COMMON_FUNCTIONS | {"e", "pi", "circ", "d", "partial"}
        for _, scope in self.legend.scopes:
            known_ |= (
                scope.names
                | scope.layered
                | scope.functions
                | set(scope.indices)
                | {k.partition("_")[0] for k in scope.names}
            )
        return known_


def names(claim):
    return {n.value for side in claim.sides for n in side.walk() if n.op == "name"} | {
        name
        for side in claim.sides
        for n in side.walk()
        if n.op == "big" and n.value[0] != "lim"
        for name in n.value[1]
    }


def known(name, scope):
    key = key_of(name)
    if (
        key in scope.symbols
        or key_of(f"d{name}") in scope.symbols
        or name in scope.indices
        or name in scope.layered
        or name in scope.functions
    ):
        return
    if name in trees.COMMON_FUNCTIONS or name in {"e", "pi"}:
        return
    raise Unknown(name)


def relates(tokens):
    """Is there a relation outside all brackets?"""
    depth = 0
    for token in tokens:
        depth += (token in OPEN) - (token in CLOSE)
        if not depth and token in set("=≈≤≥<>≠∈→↦"):
            return True
    return False


# What claims something ----------------------------------------------------------------------------------------------


def kind(pair, worlds):
    """A claim; or a setting: a symbol is given a number, an index is set equal to another, or nothing is compared."""
    left, relation, right = pair
    if relation not in CLAIMS:
        return "setting"
    scope = worlds.scope
    if any(
        all(index_like(n, scope) for n in side.walk()) and any(n.op == "name" for n in side.walk())
        for side in (left, right)
    ):
        return "setting"
    for one, other in ((left, right), (right, left)):
        if bare(one) and literal(other) and not determined(one, worlds):
            return "setting"
    return "claim"


def index_like(n, scope):
    return (
        n.op in {"number", "sum", "negative", "product"}
        or n.op == "name"
        and n.value in scope.indices
        and key_of(n.value) not in scope.symbols
    )


def bare(tree):
    """A symbol, perhaps with layer and indices, or its gradient."""
    if tree.op == "name":
        return True
    if tree.op in {"layer", "index", "differential", "shape"}:
        return all(bare(arg) or k and literal(arg) for k, arg in enumerate(tree.args))
    return False


def literal(tree):
    return not any(n.op in {"big", "differential"} or n.op == "name" and n.value not in CONSTANTS for n in tree.walk())


def constant(tree, world):
    """A number written out, perhaps by way of functions: 1/3, ln 3, relu(0)."""
    names_ = [n.value for n in tree.walk() if n.op == "name"]
    functions = trees.COMMON_FUNCTIONS | world.scope.functions | set(CONSTANTS)
    return (
        tree.op not in {"tuple", "matrix"}
        and all(n in functions for n in names_)
        and not any(n.op == "big" for n in tree.walk())
        and plain_numbers(tree)
    )


def plain_numbers(tree):
    """Has every function its argument?"""
    if tree.op == "call":
        return all(map(plain_numbers, tree.args[1:]))
    return (tree.op != "name" or tree.value in CONSTANTS) and all(map(plain_numbers, tree.args))


def determined(tree, worlds):
    """Is a symbol the same in all worlds, so that its value can be stated? Sizes are ours, and not stated by the
    book.
    """
    names_ = [n.value for n in tree.walk() if n.op == "name"]
    if any(n in worlds.scope.sizes for n in names_):
        return False
    try:
        free = sorted(free_of(tree, worlds.scope, frozenset(below_of(tree))))
        bound = dict.fromkeys(free, 1)
        values = [value(tree, worlds[seed], bound) for seed in SEEDS]
    except (Misfit, Unevaluated):
        return True
    return all(equal(values[0], v) for v in values[1:])


def below_of(tree):
    """The letters that stand in indices."""
    subs = [n for m in tree.walk() if m.op in {"index", "layer"} for sub in m.args[1:] for n in sub.walk()]
    return {n.value for n in subs if n.op == "name"}


def free_of(tree, scope, counting=frozenset(), bound=frozenset()):
    """The letters that count in a tree and are not bound by a sum. A letter that is a symbol too counts where an
    index shows that it does.
    """
    if tree.op == "name":
        counts = tree.value in scope.indices and (tree.value in counting or key_of(tree.value) not in scope.symbols)
        return {tree.value} if counts and tree.value not in bound else set()
    if tree.op == "index" and tree.args[0].op == "name" and key_of(tree.args[0].value) in scope.symbols:
        return set().union(*(free_of(arg, scope, counting, bound) for arg in tree.args[1:]))
    if tree.op == "big" and tree.value[0] != "lim":
        bound = bound | set(tree.value[1])
    return set().union(*(free_of(arg, scope, counting, bound) for arg in tree.args))


# Is it so? ----------------------------------------------------------------------------------------------------------


def why_false(claim, said, worlds, seeds=SEEDS):
    """Why a claim is false, or nothing: every pair that claims something, for all free indices, in the world of
    every seed.
    """
    for seed in seeds:
        for pair, is_claim in zip(claim.pairs, said):
            if is_claim and (reason := why_pair_false(pair, worlds[seed], claim.sides)):
                return reason
    return ""


def why_pair_false(pair, world, chain):
    left, relation, right = pair
    try:
        for bound in assignments((left, right), world, chain):
            try:
                if reason := compared(left, relation, right, world, bound):
                    at = ", ".join(f"{k} = {v}" for k, v in bound.items())
                    return reason + (f" at {at}" if at else "")
            except MissingLayer:
                if not any(
                    isinstance(world.scope.indices.get(letter), str) and layer_letter(letter, (left, right))
                    for letter in bound
                ):
                    raise
    except Misfit as error:
        return str(error)
    return ""


def layer_letter(letter, sides):
    return any(
        n.op == "name" and n.value == letter
        for side in sides
        for m in side.walk()
        if m.op == "layer"
        for n in m.args[1].walk()
    )


def assignments(sides, world, chain=()):
    """All values of the free indices; those that count layers come first, for the sizes of a layer depend on them.

    What an index runs over may be seen in another part of the chain alone: [j = i] has no size.
    """
    counting = frozenset().union(*(below_of(side) for side in chain or sides))
    free = set().union(*(free_of(side, world.scope, counting) for side in sides))
    letters = sorted(free, key=lambda k: (not layer_letter(k, sides), k))
    seen = False
    for bound in assigned(letters, sides, world, {}, chain or sides):
        seen = True
        yield bound
    if not seen:
        raise Misfit("there is no layer for which this says anything")


def assigned(letters, sides, world, bound, chain):
    if not letters:
        yield bound
        return
    letter, *rest = letters
    for k in range_of(letter, chain, world, bound):
        more = {**bound, letter: k}
        if layer_letter(letter, sides) and not layers_exist(sides, world, more):
            continue
        yield from assigned(rest, sides, world, more, chain)


def layers_exist(sides, world, bound):
    for side in sides:
        for n in side.walk():
            if n.op == "layer":
                try:
                    value(n, world, bound)
                except MissingLayer:
                    return False
                except (Misfit, Unknown):
                    pass
    return True


def compared(left, relation, right, world, bound):
    """Why two sides do not agree, for one value of the free indices; nothing if they do."""
    dotted = world.scope.small and any(dotted_sum(n) for side in (left, right) for n in side.walk())
    if dotted or relation == "≈" and not stated(right) and world.scope.small:
        return by_order(left, right, world, bound)
    a, b = value(left, world, bound), value(right, world, bound)
    for one, other in ((left, b), (right, a)):
        if one.op == "tuple" and np.ndim(other) == 2 and other.shape[1] == 1:  # a list of entries, also of a column
            a, b = np.ravel(a), np.ravel(b)
    for one, other in ((left, b), (right, a)):
        if constant(one, world) and not scalar(other) and not isinstance(other, list):  # every entry is this number
            if scalar(number := matrix(value(one, world, bound))):
                a, b = other, np.full(np.shape(other), number)
    if relation == "=":
        return "" if equal(a, b) else f"{shown(a)} is not {shown(b)}"
    tolerance = stated(right)
    if tolerance is None:
        raise Unevaluated("about equal, without a tolerance")
    return (
        ""
        if np.shape(a) == np.shape(b) and np.all(np.abs(a - b) <= tolerance)
        else f"{shown(a)} is not about {shown(b)}"
    )


def stated(tree):
    """Half of the last printed digit: 1.10 is said to 0.005, and 7 · 10^-6 to half of 10^-6; None where no number
    stands.
    """
    if not literal(tree):
        return None
    parts = [0.5 / 10 ** len(n.value.partition(".")[2]) / float(n.value) for n in mantissas(tree) if float(n.value)]
    return float(np.max(np.abs(value(tree, None, {})))) * max(parts, default=0.5) * (1 + 1e-9)


def mantissas(tree):
    """The numbers that carry digits: not those of a power of ten."""
    if tree.op == "number":
        yield tree
    for arg in tree.args if tree.op != "power" else ():
        yield from mantissas(arg)


def dotted_sum(tree):
    return tree.op == "sum" and tree.args[-1].op == "dots"


def without_dots(tree):
    """A series as far as it is printed."""
    args = tuple(map(without_dots, tree.args[:-1] if dotted_sum(tree) else tree.args))
    return args[0] if dotted_sum(tree) and len(args) == 1 else replace(tree, args=args)


def by_order(left, right, world, bound):
    """Do the sides differ by less and less beside the last term that is printed (or, for ≈, beside the step), as the
    step shrinks?
    """
    ratios = []
    for scale in SCALES:
        moved = world
        for name in world.scope.small:
            key = key_of(name)
            if key in world.scope.symbols:
                moved = moved.moved(key, world.get(key) * scale, None)
        a, last = printed(left, moved, bound)
        b, last_right = printed(right, moved, bound)
        a, b = matrix(a), matrix(b)
        if np.shape(a) != np.shape(b):
            return f"shapes {np.shape(a)} and {np.shape(b)}"
        beside = last if last is not None else last_right
        size = scale if beside is None else np.max(np.abs(beside))
        ratios.append(float(np.max(np.abs(a - b)) / size))
    if ratios[1] < 1e-9 or ratios[0] / ratios[1] > 2.5 and ratios[1] < 1:
        return ""
    return f"the difference is {ratios[0]:.2g}, then {ratios[1]:.2g} of the last term, as the step shrinks"


def printed(side, world, bound):
    """The value of a side without its dots, and of its last printed term."""
    last = next((n.args[-2] for n in side.walk() if dotted_sum(n)), None)
    return value(without_dots(side), world, bound), None if last is None else value(last, world, bound)


def shown(v):
    return (
        np.array2string(np.asarray(v), precision=4, threshold=12, separator=", ").replace("\n", "")
        if not scalar(v)
        else f"{v:.6g}"
    )
