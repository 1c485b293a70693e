"""The formulas that a reader types: a small part of NumPy, read and evaluated without ever running them as code.

The same grammar is spoken by the built pages (`_static/ask.js`), where no Python is. Numbers, names, ``+ - * / **
@``, one comparison, brackets, ``x[i]``, ``.T`` and the functions below; arrays have at most two axes. ``np.`` may be
left out.
"""

import ast
import re
import unicodedata
import warnings

import numpy as np

AXES = 2


class Complaint(ValueError):
    """What is wrong with a formula: a sentence, the place in what was typed, and the kind.

    Attributes
    ----------
    at : int
        The character to point at.
    kind : {"syntax", "name", "shape", "value"}
    """

    def __init__(self, sentence, at=0, kind="syntax"):
        super().__init__(sentence)
        self.at, self.kind = at, kind


# The functions --------------------------------------------------------------------------------------------------------


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def relu(z):
    return np.maximum(z, 0)


ELEMENTWISE = dict(
    exp=np.exp, log=np.log, sqrt=np.sqrt, tanh=np.tanh, cosh=np.cosh, abs=np.abs, square=np.square, sign=np.sign,
    negative=np.negative, sigmoid=sigmoid, relu=relu, softmax=softmax, ones_like=np.ones_like, zeros_like=np.zeros_like,
)  # fmt: skip
ONE = ELEMENTWISE | dict(transpose=np.transpose, squeeze=np.squeeze, ravel=np.ravel, array=np.array, len=len)
TWO = dict(
    maximum=np.maximum, minimum=np.minimum, outer=np.outer, dot=np.dot, matmul=np.matmul, multiply=np.multiply,
    heaviside=np.heaviside,
)  # fmt: skip
OPERATORS = dict(add=ast.Add(), subtract=ast.Sub(), divide=ast.Div(), power=ast.Pow())
THREE = dict(where=np.where, clip=lambda x, low, high: np.minimum(np.maximum(x, low), high))
ALONG = dict(sum=np.sum, mean=np.mean, max=np.max)  #: they take an axis, and stand before or after what they work on
FUNCTIONS = [*ONE, *TWO, *OPERATORS, *THREE, *ALONG]
PLAIN = dict(transpose=np.transpose, ravel=np.ravel, flatten=np.ravel, squeeze=np.squeeze, copy=np.array)
METHODS = [*ALONG, "dot", "astype", "reshape", *PLAIN]
FLOATS = ("float", "int", "np.float64", "np.float32", "np.int64")  #: what `astype` may be given

BINARY = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide, ast.MatMult: np.matmul,
    ast.Pow: np.float_power, ast.Lt: np.less, ast.LtE: np.less_equal, ast.Gt: np.greater, ast.GtE: np.greater_equal,
    ast.Eq: np.equal, ast.NotEq: np.not_equal,
}  # fmt: skip
SIGN = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.MatMult: "@", ast.Pow: "**"}

# Reading --------------------------------------------------------------------------------------------------------------


def plain(source):
    """What was typed, letter for letter, but with the signs that NumPy knows."""
    return unicodedata.normalize("NFKC", source.replace("−", "-").replace("δ", "delta").replace("σ", "sigmoid"))


def evaluate(source, names):
    """The value of a formula.

    Parameters
    ----------
    source : str
    names : dict
        The arrays and numbers that it may speak of; names that begin with ``_`` are not told to the reader.

    Returns
    -------
    value : numpy.ndarray

    Raises
    ------
    Complaint
        If it cannot be read, speaks of an unknown name, or the shapes do not fit.
    """
    source = plain(source)
    if not source.strip():
        raise Complaint("Nothing is typed yet.")
    for at, character in enumerate(source):
        if not (character.isalnum() or character.isspace() or character in "_.,()[]+-*/@<>=!:"):
            raise unknown(character, at, source)
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise misread(source, getattr(error, "offset", None)) from None
    reader = Reader(names, len(source) - len(source.lstrip()), source.strip())
    try:
        with np.errstate(all="ignore"):
            return np.asarray(reader.value(tree))
    except RecursionError:
        raise Complaint("That is nested too deeply.") from None


def misread(source, offset):
    """The place where reading stopped."""
    at = min((offset or 1) - 1 + len(source) - len(source.lstrip()), len(source.rstrip()))
    if at >= len(source.rstrip()) or source.rstrip()[-1] in "+-*/@(,.<>=[" or source.count("(") > source.count(")"):
        return Complaint("The formula ends too early: something is missing at its end.", len(source.rstrip()))
    return Complaint(f"Here it cannot be read on: {source[at]!r} does not belong there.", at)


def unknown(character, at, source):
    called = re.search(r"(\w+)\s*\([^()]*$", source[:at])
    if character in "'\"" and called and called[1] not in FUNCTIONS:  # einsum, say
        return not_known(called[1], called.start())
    more = {"^": " A power is **.", "'": " A transpose is .T.", "⊙": " Entry by entry is *."}.get(character, "")
    return Complaint(f"The character {character!r} means nothing here.{more}", at)


def not_known(name, at):
    return Complaint(f"The function {name} is not known here. Known are {', '.join(FUNCTIONS)}.", at, "name")


class Reader:
    """A whitelist over Python's syntax trees: what is not named here is not done."""

    def __init__(self, names, shift, source):
        self.names, self.shift, self.source = names, shift, source

    def at(self, node):
        # ast counts bytes, a reader characters
        return self.shift + len(self.source.encode()[: node.col_offset].decode(errors="ignore"))

    def no(self, node, sentence, kind="syntax"):
        return Complaint(sentence, self.at(node), kind)

    def value(self, node):
        read = getattr(self, type(node).__name__, None)
        if read is None:
            raise self.no(node, "This is Python, but not part of the formulas that are read here.")
        return read(node)

    def Constant(self, node):
        if type(node.value) not in (int, float):
            raise self.no(node, f"{node.value!r} is no number.")
        return float(min(node.value, 1e308))

    def Name(self, node):
        if node.id in self.names:
            return self.names[node.id]
        raise self.stranger(node, node.id)

    def stranger(self, node, name):
        known = ", ".join(known for known in self.names if not known.startswith("_"))
        if name in FUNCTIONS:
            return self.no(node, f"{name} is a function: write {name}(…).", "name")
        return self.no(node, f"{name} is not known here. Known are {known or 'numbers alone'}.", "name")

    def UnaryOp(self, node):
        value = self.value(node.operand)
        if not isinstance(node.op, (ast.USub, ast.UAdd)):
            raise self.no(node, "This is Python, but not part of the formulas that are read here.")
        if np.asarray(value).dtype == bool:
            raise self.no(node, "NumPy gives no sign to what is true or false: write 1.0 * (…).", "value")
        return -value if isinstance(node.op, ast.USub) else value

    def BinOp(self, node):
        if type(node.op) not in BINARY:
            raise self.no(node, "This is Python, but not part of the formulas that are read here.")
        return self.apply(node, node.op, self.value(node.left), self.value(node.right))

    def Compare(self, node):
        if len(node.ops) > 1:
            raise self.no(node, "Only two things can be compared at a time.")
        if type(node.ops[0]) not in BINARY:
            raise self.no(node, "This is Python, but not part of the formulas that are read here.")
        return self.apply(node, node.ops[0], self.value(node.left), self.value(node.comparators[0]))

    def apply(self, node, op, left, right):
        if isinstance(op, ast.Sub) and np.asarray(left).dtype == bool == np.asarray(right).dtype:
            raise self.no(node, "NumPy does not subtract what is true or false: write 1.0 * (…).", "value")
        return self.shaped(node, SIGN.get(type(op), "the comparison"), BINARY[type(op)], left, right)

    def shaped(self, node, sign, f, *values):
        try:
            value = f(*values)
        except ValueError:  # what does not fit: NumPy's own words are for those who know its signatures
            raise self.no(node, misfit(sign, values), "shape") from None
        if np.ndim(value) > AXES:
            raise self.no(node, "That has more than two axes.", "shape")
        return value

    def Attribute(self, node):
        if node.attr == "T":
            return np.transpose(self.value(node.value))
        if node.attr == "size":
            return np.size(self.value(node.value))
        if node.attr in METHODS:
            raise self.no(node, f".{node.attr} needs brackets: .{node.attr}(…).")
        if node.attr == "shape":
            raise self.no(node, "Of a shape take one number: .shape[0].")
        raise self.no(
            node, f".{node.attr} is not known here. Known are .T, .{', .'.join(METHODS)}, .shape, .size.", "name"
        )

    def Subscript(self, node):
        items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
            value, items = np.shape(self.value(node.value.value)), [self.item(item) for item in items]
            if len(items) != 1 or not isinstance(items[0], int):
                raise self.no(node, "Of a shape take one number: .shape[0].")
            value, index = np.array(value), tuple(items)
        else:
            value, index = np.asarray(self.value(node.value)), tuple(self.item(item) for item in items)
        try:
            value = value[index]
        except IndexError:
            raise self.no(node, f"The index is outside the shape {value.shape}.", "shape") from None
        if np.ndim(value) > AXES:
            raise self.no(node, "That has more than two axes.", "shape")
        return value

    def item(self, node):
        if isinstance(node, ast.Slice) and not (node.lower or node.upper or node.step):
            return slice(None)
        if isinstance(node, ast.Constant) and node.value is None or ast.unparse(node) in ("np.newaxis", "newaxis"):
            return None
        return self.integer(node, "An index is a whole number, a : or None.")

    def integer(self, node, otherwise):
        inner = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else node
        if not (isinstance(inner, ast.Constant) and type(inner.value) is int):
            raise self.no(node, otherwise)
        return inner.value if inner is node else -inner.value

    def Call(self, node):
        f = node.func
        if isinstance(f, ast.Attribute) and not (isinstance(f.value, ast.Name) and f.value.id in ("np", "numpy")):
            return self.method(node, f.attr, self.value(f.value))
        name = f.attr if isinstance(f, ast.Attribute) else getattr(f, "id", "")
        if name in ALONG:
            values = [self.value(argument) for argument in self.some(node, name, 1, 2)[:1]]
            return self.along(node, name, values[0], node.args[1:])
        if name not in FUNCTIONS:
            raise not_known(name or "(…)", self.at(node))
        if node.keywords:
            raise self.no(node, f"{name} takes no such argument here.")
        count = 1 if name in ONE else 3 if name in THREE else 2
        values = [self.value(argument) for argument in self.some(node, name, count, count)]
        if name in OPERATORS:
            return self.apply(node, OPERATORS[name], *values)
        if name == "heaviside" or name == "clip":
            values = [np.asarray(value, dtype=float) for value in values]
        if name == "len" and not np.ndim(values[0]):
            raise self.no(node, "A single number has no length.", "shape")
        if name in ELEMENTWISE:
            values = [np.asarray(values[0], dtype=float)]
        return self.shaped(node, name, (ONE | TWO | THREE)[name], *values)

    def some(self, node, name, least, most):
        if not least <= len(node.args) <= most:
            raise self.no(node, f"{name} takes {least} argument{'s' * (least != 1)} here, not {len(node.args)}.")
        return node.args

    def method(self, node, name, value):
        if name in ALONG:
            return self.along(node, name, value, node.args)
        if name == "dot":
            return self.shaped(node, name, np.dot, value, self.value(self.some(node, name, 1, 1)[0]))
        if name == "astype":
            if len(node.args) != 1 or ast.unparse(node.args[0]) not in FLOATS:
                raise self.no(node, "Write .astype(float).")
            return np.asarray(value, dtype=float)
        if name == "reshape":
            sizes = node.args[0].elts if len(node.args) == 1 and isinstance(node.args[0], ast.Tuple) else node.args
            shape = [self.integer(size, "A size is a whole number.") for size in sizes]
            try:
                return self.shaped(node, name, lambda value: np.reshape(value, shape), value)
            except Complaint:
                words = f"The shape {np.shape(value)} cannot become ({', '.join(map(str, shape))})."
                raise self.no(node, words, "shape") from None
        if name in PLAIN:
            self.some(node, name, 0, 0)
            return PLAIN[name](value)
        raise self.no(node, f".{name} is not known here. Known are .T, .{', .'.join(METHODS)}, .shape, .size.", "name")

    def along(self, node, name, value, args):
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        given |= dict(zip(["axis"], args))
        if len(args) > 1 or set(given) - {"axis", "keepdims"}:
            raise self.no(node, f"{name} takes axis and keepdims here.")
        keepdims = given.get("keepdims", ast.Constant(False))
        if not (isinstance(keepdims, ast.Constant) and keepdims.value in (True, False)):
            raise self.no(node, "keepdims is True or False.")
        axis = given.get("axis", ast.Constant(None))
        if not (isinstance(axis, ast.Constant) and axis.value is None):
            axis = self.integer(axis, "An axis is a whole number.")
            axes = max(np.ndim(value), name != "mean")  # as NumPy has it, a single number has a sum over axis 0
            if not -axes <= axis < axes:
                raise self.no(node, f"The shape {np.shape(value)} has no axis {axis}.", "shape")
        else:
            axis = None
        return (ONE | ALONG)[name](np.asarray(value), axis=axis, keepdims=bool(keepdims.value))


def misfit(sign, values):
    shapes = " and ".join(str(np.shape(value)) for value in values)
    return f"The shapes do not fit: {sign} gets {shapes}."
