"""Changed formulas: every single change that a slip of the pen makes, and whether the judge notices it."""

from dataclasses import dataclass, replace

import numpy as np
from judge.legend import LegendError
from judge.tree import Claim, Node, node, number
from judge.value import Misfit, Unevaluated, Unknown, matrix, scalar, value
from judge.verdict import MORE_SEEDS, assignments, below_of, equal, free_of, why_false, without_dots


@dataclass(frozen=True)
class Mutant:
    change: str
    claim: Claim


def mutants(claim, said, world):
    """All single changes of the sides that take part in a claim, each once."""
    seen = {claim.sides}
    letters = sorted(set().union(*(letters_of(side, world.scope) for side in claim.sides)))
    for k, side in enumerate(claim.sides):
        neighbours = [s for j, s in enumerate(said) if j in {k - 1, k}]
        if not any(neighbours):
            continue
        for change, new in [*whole(side, world, first=k == 0), *anywhere(side, letters, world)]:
            sides = (*claim.sides[:k], new, *claim.sides[k + 1 :])
            if sides not in seen:
                seen.add(sides)
                yield Mutant(change, replace(claim, sides=sides))


def letters_of(tree, scope):
    bound = {name for n in tree.walk() if n.op == "big" for name in n.value[1] if n.value[0] != "lim"}
    return free_of(tree, scope, frozenset(below_of(tree))) | bound


# Changes of a whole side --------------------------------------------------------------------------------------------


def whole(side, world, first):
    if side.op == "negative":
        yield "sign", side.args[0]
    elif side.op != "sum":
        yield "sign", node("negative", side)
    if not first:  # on the first side it would be the inverse of the same change
        yield "times 2", node("product", number(2), grouped(side), value="")
        yield (
            "times 1/2",
            node("product", node("quotient", number(1), number(2), value="frac"), grouped(side), value=""),
        )
        if "N" in world.scope.symbols and world.get("N") != 1:
            yield (
                "times 1/N",
                node(
                    "product",
                    node("quotient", number(1), node("name", value="N"), value="frac"),
                    grouped(side),
                    value="",
                ),
            )


def grouped(side):
    return node("round", side) if side.op in {"sum", "negative"} else side


# Changes at one place -----------------------------------------------------------------------------------------------


def anywhere(tree, letters, world):
    """Every change of a node below, put back into the tree."""
    yield from here(tree, letters, world)
    for k, arg in enumerate(tree.args):
        if tree.op == "shape" and k == 1 or tree.op == "derivative" and k == 1 and arg.op == "name":
            continue
        for change, new in anywhere(arg, letters, world):
            if tree.op == "derivative" and new.op in {"transpose", "negative"}:
                continue
            yield change, replace(tree, args=(*tree.args[:k], new, *tree.args[k + 1 :]))


def here(tree, letters, world):
    match tree.op:
        case "sum":
            for k, term in enumerate(tree.args):
                if term.op != "dots":
                    other = term.args[0] if term.op == "negative" else node("negative", term)
                    yield "sign", with_arg(tree, k, other)
        case "negative":
            yield "sign", tree.args[0]
        case "transpose":
            yield "transpose dropped", tree.args[0]
        case "prime":
            yield "prime dropped", tree.args[0] if tree.value == 1 else replace(tree, value=tree.value - 1)
        case "call":
            yield from called(tree)
        case "index":
            yield from indexed(tree, letters)
        case "layer":
            yield "layer", with_arg(tree, 1, another(tree.args[1], 1))
            yield "layer", with_arg(tree, 1, another(tree.args[1], -1))
        case "big" if tree.value[0] == "∑":
            yield "sum dropped", tree.args[0]
            sign, names, relation = tree.value
            for k in range(len(names)):
                for letter in letters:
                    if letter not in names:
                        yield (
                            "summed over another",
                            replace(tree, value=(sign, (*names[:k], letter, *names[k + 1 :]), relation)),
                        )
            if len(names) > 1:
                for k in range(len(names)):
                    yield "sum dropped", replace(tree, value=(sign, (*names[:k], *names[k + 1 :]), relation))
        case "hadamard":
            yield "matrix product", node("product", *tree.args, value="")
            yield from dropped(tree)
        case "product":
            yield from products(tree)
        case "quotient":
            if tree.args[0].op != "number" or tree.args[1].op != "number":
                yield "divisor dropped", tree.args[0]
            else:
                yield "upside down", replace(tree, args=tree.args[::-1])
        case "power" if tree.args[1].op == "number":
            yield "power", with_arg(tree, 1, number(int(float(tree.args[1].value)) + 1))
            if tree.args[1].value == "2":
                yield "power", tree.args[0]
        case "bracket":
            yield (
                "bracket turned",
                replace(tree, value={"=": "≠", "≠": "=", "<": ">", ">": "<", "≤": "≥", "≥": "≤"}[tree.value]),
            )
    if tree.op in {"name", "layer"} and is_array(tree, world):
        yield "transpose added", node("transpose", tree)


def with_arg(tree, k, new):
    return replace(tree, args=(*tree.args[:k], new, *tree.args[k + 1 :]))


def called(tree):
    function, *args = tree.args
    if (
        len(args) == 1
        and function.op in {"name", "prime"}
        and (function.value if function.op == "name" else "") not in {"diag", "Im", "mean", "max", "min", "sign"}
    ):
        more = (
            node("prime", function, value=1) if function.op == "name" else replace(function, value=function.value + 1)
        )
        yield "prime added", with_arg(tree, 0, more)
    if len(args) > 1:
        yield "arguments swapped", replace(tree, args=(function, args[1], args[0], *args[2:]))


def indexed(tree, letters):
    base, *subs = tree.args
    for k in range(len(subs) - 1):
        if subs[k] != subs[k + 1]:
            swapped = [*subs[:k], subs[k + 1], subs[k], *subs[k + 2 :]]
            yield "indices swapped", replace(tree, args=(base, *swapped))
    for k, sub in enumerate(subs):
        if sub.op == "name":
            for letter in letters:
                if letter != sub.value:
                    yield "another index", with_arg(tree, k + 1, node("name", value=letter))
        elif sub.op == "number":
            yield "another index", with_arg(tree, k + 1, another(sub, 1 if sub.value == "1" else -1))


def another(layer, by):
    """l + 1 for l, 3 for 2."""
    if layer.op == "number":
        return number(int(float(layer.value)) + by)
    if layer.op == "sum" and len(layer.args) == 2:
        base, step = layer.args
        old = int(float(step.args[0].value)) * -1 if step.op == "negative" and step.args[0].op == "number" else None
        if step.op == "number":
            old = int(float(step.value))
        if old is not None:
            new = old + by
            return base if new == 0 else node("sum", base, number(new) if new > 0 else node("negative", number(-new)))
    return node("sum", layer, number(by) if by > 0 else node("negative", number(-by)))


def products(tree):
    args = tree.args
    for k in range(len(args) - 1):
        swapped = (*args[:k], args[k + 1], args[k], *args[k + 2 :])
        yield "order of factors", replace(tree, args=swapped)
    if len(args) == 2:
        yield "entry by entry", node("hadamard", *args)
    yield from dropped(tree)


def dropped(tree):
    """A factor left out."""
    for k in range(len(tree.args)):
        rest = (*tree.args[:k], *tree.args[k + 1 :])
        yield "factor dropped", rest[0] if len(rest) == 1 else replace(tree, args=rest)


def is_array(tree, world):
    try:
        v = value(tree, world, {})
    except (Misfit, Unknown, Unevaluated, LegendError):
        return tree.op == "layer"
    return isinstance(v, np.ndarray) and not scalar(matrix(v))


# Noticed, or equal by value? ----------------------------------------------------------------------------------------


def fate(mutant, claim, said, worlds):
    """`noticed`; `equal` where each changed side has the value of the original in five more worlds; else `survived`."""
    try:
        if why_false(mutant.claim, said, worlds):
            return "noticed"
    except Unknown:  # a letter that nothing binds any more
        return "noticed"
    except Unevaluated:
        return "survived"
    return (
        "equal"
        if all(same(a, b, worlds, claim.sides) for a, b in zip(claim.sides, mutant.claim.sides) if a != b)
        else "survived"
    )


def same(one, other, worlds, chain):
    """Are two sides the same number for all free indices, in worlds that the judge has not used?"""
    try:
        return all(
            equal(*(value(without_dots(side), worlds[seed], bound) for side in (one, other)))
            for seed in MORE_SEEDS
            for bound in assignments((one, other), worlds[seed], chain)
        )
    except (Misfit, Unevaluated):
        return False


__all__ = ["Mutant", "Node", "fate", "mutants"]
