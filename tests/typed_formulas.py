"""Random formulas of the grammar that pages read, and what NumPy itself makes of them."""

import random
import warnings
from types import SimpleNamespace

import numpy as np

from nnlib import relu, sigmoid, softmax

NAMES = {  # quarters, so that most sums are exact in any order
    "x": np.array([[0.5, -1.25], [2.0, 0.75], [-0.5, 1.5]]),
    "W": np.array([[1.0, -0.5], [0.25, 2.0]]),
    "b": np.array([0.5, -2.0]),
    "v": np.array([1.0, 0.25, -0.75]),
    "c": np.array([[1.0], [-2.0], [0.5]]),
    "r": np.array([[0.25, 3.0]]),
    "N": np.float64(3),
}


class Writer:
    """Writes formulas as people do, with or without ``np.``, spaces and brackets; most fit, some do not."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, *options):
        return self.random.choice(options)

    def formula(self, depth):
        """A formula, and whether NumPy makes truth values of it."""
        if depth == 0 or self.random.random() < 0.1:
            return self.leaf()
        return self.pick(*[self.binary] * 6, self.unary, self.compared, *[self.call] * 3, *[self.trailer] * 4)(
            depth - 1
        )

    def leaf(self):
        number = self.pick("2", "0.5", "3.", ".25", "1e-1", "7")
        return (self.pick(*NAMES) if self.random.random() < 0.8 else number), False

    def inner(self, depth):
        text, truth = self.formula(depth)
        return (text if text in NAMES else f"({text})"), truth

    def binary(self, depth):
        sign = self.pick(*"+-*/@", "**")
        (left, one), (right, other) = self.inner(depth), self.inner(depth)
        if sign == "**":
            return self.pick(
                f"{left} ** 2", f"{left}**3", f"abs{left if left[0] == '(' else f'({left})'} ** 0.5", f"-{left} ** 2"
            ), False
        space = self.pick(" ", "")
        if self.random.random() < 0.3 and not one and left.count("(") == 1:  # precedence decides
            left = left.removeprefix("(").removesuffix(")")
        return f"{left}{space}{sign}{space}{right}", one and other and sign in "+*@"

    def unary(self, depth):
        text, _ = self.inner(depth)
        return self.pick("-", "+", "-") + text, False

    def compared(self, depth):
        left, (right, _) = self.pick(*NAMES), self.inner(depth)  # of plain numbers Python's own truth values would come
        return f"{left} {self.pick('<', '>', '<=', '>=', '==', '!=')} {right}", True

    def call(self, depth):
        name = self.pick(
            "exp",
            "tanh",
            "abs",
            "square",
            "sign",
            "negative",
            "ones_like",
            "ravel",
            "squeeze",
            "add",
            "subtract",
            "divide",
            "heaviside",
            "clip",
            "power",
            "sigmoid",
            "relu",
            "softmax",
            "maximum",
            "minimum",
            "outer",
            "dot",
            "where",
            "sum",
            "mean",
            "max",
            "len",
            "transpose",
        )
        prefix = "" if name in ("sigmoid", "relu", "softmax", "len") else self.pick("np.", "")
        one, truth = self.inner(depth)
        if name in ("maximum", "minimum", "outer", "dot", "add", "subtract", "divide", "heaviside"):
            other, too = self.inner(depth)
            if name == "heaviside":
                one, other = f"1.0 * {one}", f"1.0 * {other}"
            return f"{prefix}{name}({one}, {other})", truth and too and name not in ("subtract", "divide", "heaviside")
        if name == "power":
            return f"{prefix}power({one}, 2.0)", False
        if name == "clip":
            return f"{prefix}clip(1.0 * {one}, -0.5, 0.75)", False
        if name == "where":
            other, _ = self.inner(depth)
            return f"{prefix}where({one} > 0, {other}, 0)", False
        if name in ("sum", "mean", "max"):
            return f"{prefix}{name}({one}{self.axis(', ')})", truth and name == "max"
        if truth and name not in ("len", "transpose", "ravel", "squeeze"):
            one = f"1.0 * {one}"  # NumPy answers with half precision else
        return f"{prefix}{name}({one})", truth and name in ("transpose", "ravel", "squeeze")

    def axis(self, before):
        axis = self.pick(
            "",
            "0",
            "1",
            "axis=0",
            "axis=1",
            "axis=-1",
            "axis=None",
            "axis=0, keepdims=True",
            "axis=1, keepdims=True",
            "keepdims=True",
        )
        return before + axis if axis else ""

    def trailer(self, depth):
        text, truth = self.inner(depth)
        if text in NAMES or text[0] == "(":
            end = self.pick(
                ".T",
                ".T",
                f".sum({self.axis('')})",
                f".mean({self.axis('')})",
                f".max({self.axis('')})",
                "[0]",
                "[-1]",
                ".shape[0]",
                ".size",
                ".dot(W)",
                "[:, None]" if text in ("b", "v") else ".T",
                "[:, np.newaxis]" if text in ("b", "v") else ".transpose()",
                self.pick(".reshape(-1)", ".reshape(-1, 1)", ".reshape((1, -1))", ".reshape(2, -1)"),
                self.pick(".ravel()", ".flatten()", ".copy()", ".squeeze()"),
            )
            return text + end, truth and end.startswith((".T", ".t", ".r", ".f", ".c", ".sq", ".max", "["))
        return text, truth


def formulas(count, seed=0):
    """That many, no two alike."""
    writer, found = Writer(seed), {}
    while len(found) < count:
        found[writer.formula(writer.pick(1, 2, 2, 3))[0]] = None
    return list(found)


def by_numpy(formula):
    """{"shape", "data"} or the kind of error, from Python and NumPy themselves."""
    shown = SimpleNamespace(
        **{
            name: getattr(np, name)
            for name in (
                "exp tanh abs square maximum minimum outer dot where sum mean max transpose sign negative ones_like "
                "ravel squeeze add subtract divide heaviside clip power newaxis"
            ).split()
        }
    )
    functions = {"sigmoid": loose(sigmoid), "relu": loose(relu), "softmax": loose(softmax), "len": len, "abs": np.abs}
    world = vars(shown) | functions | {"np": shown} | NAMES
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
            value = np.asarray(eval(formula, world), dtype=float)
    except (ValueError, IndexError):
        return "shape"
    except TypeError as error:
        return (
            "value" if "boolean" in str(error) or "loop" in str(error) else "shape"
        )  # a plain number has no length, no row, no @
    except (AttributeError, SyntaxError):
        return "attribute"  # of a number that was typed: neither right nor wrong here
    return {"shape": list(value.shape), "data": value.ravel().tolist()}


def loose(f):
    """An activation of nnlib, on any array: without the check that no value overflows."""
    return getattr(f, "__wrapped__", f)


def agree(one, other):
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return (
        one["shape"] == other["shape"]
        and len(one["data"]) == len(other["data"])
        and np.allclose(
            np.array(one["data"], dtype=float),
            np.array(other["data"], dtype=float),
            rtol=1e-9,
            atol=1e-9,
            equal_nan=True,
        )
    )
