"""The value of a tree in a world. A single example is a row, 1 x n; a number is a number; shapes that do not fit are
a misfit, which is false.
"""

import math
from functools import reduce
from itertools import product as every

import numpy as np
from judge.legend import key_of
from judge.tree import name_of, undifferentiated
from judge.world import STEP, NoArgument


class Misfit(Exception):
    """No value, so no truth: shapes that do not fit, an index out of range, a layer that is not there."""


class MissingLayer(Misfit):
    """A layer that is not there; a free layer number passes over it."""


class Unknown(Exception):
    """A symbol that the legend lacks."""


class Unevaluated(Exception):
    """What has no value by its nature: an ellipsis."""


ELEMENTWISE = {
    "ln": lambda z: np.log(z), "log": lambda z: np.log(z), "exp": lambda z: np.exp(z), "tanh": lambda z: np.tanh(z),
    "sin": lambda z: np.sin(z),
    "cos": lambda z: np.cos(z), "sign": lambda z: np.sign(np.real(z)), "Im": lambda z: np.imag(z),
    "Re": lambda z: np.real(z),
}  # fmt: skip
CONSTANTS = {"e": math.e, "pi": math.pi}


def matrix(value):
    """One example is a row; an array of one entry is a number."""
    if isinstance(value, np.ndarray):
        if value.size == 1:
            return value.reshape(())[()]
        return value[None] if value.ndim == 1 else value
    return value


def value(tree, world, bound):
    """Evaluate: `bound` gives the indices their numbers."""
    with np.errstate(all="ignore"):
        return matrix(RULES[tree.op](tree, world, bound))


def scalar(v):
    return np.ndim(v) == 0


def _number(tree, world, bound):
    return float(tree.value)


def _name(tree, world, bound):
    name = tree.value
    if name in bound:
        return (
            value(tree.__class__("name", (), bound[name]), world, {}) if isinstance(bound[name], str) else bound[name]
        )
    key = key_of(name)
    symbol = world.scope.symbols.get(key)
    if name in CONSTANTS and (symbol is None or symbol.family):  # e is a number, although e_i may be a unit vector
        return CONSTANTS[name]
    if symbol is not None:
        try:
            return world.get(key)
        except NoArgument:
            raise Misfit(f"{name} is a function, and stands here without its argument") from None
    if name in world.scope.layered:
        raise Misfit(f"{name} stands here without its layer")
    raise Unknown(name)


def _layer(tree, world, bound):
    key = layer_key(tree, world, bound)
    return world.get(key)


def layer_key(tree, world, bound):
    letter = name_of(tree)
    layer = value(tree.args[1], world, with_last(world, bound))
    if not scalar(layer) or layer != int(np.real(layer)):
        raise Misfit(f"{layer} is no layer")
    key = key_of(letter, int(np.real(layer)))
    if key not in world.scope.symbols:
        raise MissingLayer(f"{letter} has no layer {int(np.real(layer))}")
    return key


def with_last(world, bound):
    """As an index, L is the last layer."""
    return {**bound, "L": world.get("last")} if "last" in world.scope.symbols else bound


def key_of_tree(tree, world, bound):
    """The symbol that a bare name stands for, or None. A letter may count and be a symbol too: n_l are sizes,
    counted n are examples.
    """
    if tree.op == "name":
        name = bound.get(tree.value)
        key = key_of(name if isinstance(name, str) else tree.value)
        return key if key in world.scope.symbols else None
    return layer_key(tree, world, bound) if tree.op == "layer" else None


def _index(tree, world, bound):
    base = tree.args[0]
    subs = [value(sub, world, with_last(world, bound)) for sub in tree.args[1:]]
    key = key_of_tree(base, world, bound)
    v = matrix(world.get(key)) if base.op == "name" and gettable(key, world) else value(base, world, bound)
    symbol = world.scope.symbols.get(key or "")
    return entry(v, subs, symbol.start if symbol else 1, bool(symbol and symbol.family))


def gettable(key, world):
    return key is not None and world.scope.symbols[key].kind != "function"


def entry(v, subs, start=1, family=False):
    numbers = []
    for sub in subs:
        if not scalar(sub) or np.real(sub) != int(np.real(sub)):
            raise Misfit(f"{sub} is no index")
        numbers.append(int(np.real(sub)) - start)
    if isinstance(v, list):
        (k,) = numbers
        if not 0 <= k < len(v):
            raise Misfit("an index out of range")
        return v[k]
    axes = index_axes(v, len(numbers), family)
    where = [0] * np.ndim(v) if not family else [slice(None)] * np.ndim(v)
    for axis, k in zip(axes, numbers):
        if not 0 <= k < v.shape[axis]:
            raise Misfit("an index out of range")
        where[axis] = k
    return v[tuple(where)]


def index_axes(v, count, family):
    """The axes that indices count: of a row its columns, of a column its rows."""
    if isinstance(v, list) and count == 1:
        return [0]
    if family and count == 1 and np.ndim(v) == 2:
        return [0]
    if np.ndim(v) == count and count:
        return list(range(count))
    if np.ndim(v) == 2 and count == 1 and 1 in v.shape:
        return [v.shape.index(max(v.shape))]
    raise Misfit(f"{count} indices on an array of shape {np.shape(v)}")


def _sum(tree, world, bound):
    return reduce(added, (value(arg, world, bound) for arg in tree.args))


def added(a, b):
    if scalar(a) or scalar(b) or a.shape == b.shape or rows(a, b) or rows(b, a):
        return a + b
    raise Misfit(f"a sum of shapes {np.shape(a)} and {np.shape(b)}")


def rows(one, many):
    return one.ndim == many.ndim == 2 and one.shape == (1, many.shape[1])


def _negative(tree, world, bound):
    return -value(tree.args[0], world, bound)


def _product(tree, world, bound):
    means = world.scope.products if world else {}  # numbers need no world
    times = PRODUCTS[means.get(tree.value or "juxtaposed")]
    return reduce(times, (value(arg, world, bound) for arg in tree.args))


def entrywise(a, b):
    if scalar(a) or scalar(b) or np.shape(a) == np.shape(b):
        return a * b
    raise Misfit(f"entry by entry, shapes {np.shape(a)} and {np.shape(b)}")


def frobenius(a, b):
    return a * b if scalar(a) or scalar(b) else np.sum(entrywise(a, b))


def multiplied(a, b):
    a, b = matrix(a), matrix(b)
    if isinstance(a, list) or isinstance(b, list):
        raise Misfit("a product of sets")
    if scalar(a) or scalar(b):
        return a * b
    if a.ndim == b.ndim == 2 and a.shape[1] == b.shape[0]:
        return a @ b
    raise Misfit(f"a product of shapes {a.shape} and {b.shape}")


PRODUCTS = {None: multiplied, "entry by entry": entrywise, "sum of entries": frobenius}


def _hadamard(tree, world, bound):
    a, b = (value(arg, world, bound) for arg in tree.args)
    if np.shape(a) != np.shape(b):
        raise Misfit(f"entry by entry, shapes {np.shape(a)} and {np.shape(b)}")
    return a * b


def _outer(tree, world, bound):
    a, b = (value(arg, world, bound) for arg in tree.args)
    if min(np.shape(a) or (1,)) != 1 or min(np.shape(b) or (1,)) != 1:
        raise Misfit(f"an outer product of shapes {np.shape(a)} and {np.shape(b)}")
    return np.outer(a, b)


def _inner(tree, world, bound):
    return np.sum(_hadamard(tree, world, bound))


def _quotient(tree, world, bound):
    a, b = (value(arg, world, bound) for arg in tree.args)
    if not scalar(b) and np.shape(a) != np.shape(b) and not scalar(a):
        raise Misfit(f"a quotient of shapes {np.shape(a)} and {np.shape(b)}")
    return np.divide(a, b)


def _power(tree, world, bound):
    a, b = (value(arg, world, bound) for arg in tree.args)
    if not scalar(a) and not scalar(b):
        raise Misfit("a power of an array by an array")
    return np.power(
        complex(a) if scalar(a) and np.real(a) < 0 and scalar(b) and b != int(np.real(b)) else a, real_int(b)
    )


def real_int(b):
    """A whole exponent as a whole number, so that negative bases stay real."""
    return int(b) if scalar(b) and not np.iscomplexobj(b) and b == int(b) and abs(b) < 64 and b >= 0 else b


def _transpose(tree, world, bound):
    v = value(tree.args[0], world, bound)
    return v if scalar(v) else np.transpose(v)


def _absolute(tree, world, bound):
    v = value(tree.args[0], world, bound)
    return v * np.sign(np.real(v))


def _ceiling(tree, world, bound):
    return np.ceil(np.round(np.real(value(tree.args[0], world, bound)), 9))


def _root(tree, world, bound):
    return np.sqrt(value(tree.args[0], world, bound))


def _round(tree, world, bound):
    return value(tree.args[0], world, bound)


def _tuple(tree, world, bound):
    parts = [value(arg, world, bound) for arg in tree.args]
    if all(map(scalar, parts)):
        return np.array([parts])
    if len({np.shape(p) for p in parts}) == 1 and parts[0].shape[0] == 1:
        return np.concatenate(parts)
    raise Misfit("a list of unequal parts")


def _matrix(tree, world, bound):
    parts = [value(arg, world, bound) for arg in tree.args]
    if not all(map(scalar, parts)):
        raise Misfit("a matrix of arrays")
    return np.array(parts).reshape(-1, tree.value)


COMPARE = {"=": np.equal, "≠": np.not_equal, "<": np.less, ">": np.greater, "≤": np.less_equal, "≥": np.greater_equal}


def _bracket(tree, world, bound):
    a, b = (np.real(value(arg, world, bound)) for arg in tree.args)
    if not (scalar(a) or scalar(b) or np.shape(a) == np.shape(b)):
        raise Misfit("a comparison of unequal shapes")
    return np.where(COMPARE[tree.value](a, b), 1.0, 0.0)


def _shape(tree, world, bound):
    inner, said = value(tree.args[0], world, bound), tree.args[1]
    dims = [value(d, world, bound) for d in dimensions(said)]
    if len(dims) == 1 and not (scalar(dims[0]) and is_size(said, world)):  # under a brace stands another name of it
        if not equal(inner, dims[0]):
            raise Misfit(f"what stands over the brace is not {said}")
        return inner
    shape = np.shape(inner) or (1, 1)
    if shape != tuple(np.real(dims)) and not (len(dims) == 1 and shape in {(1, dims[0]), (dims[0], 1)}):
        raise Misfit(f"the shape is {shape}, not {tuple(map(int, np.real(dims)))}")
    return inner


def is_size(tree, world):
    return all(
        n.op in {"number", "name", "layer", "index", "product", "sum"} and (n.op != "name" or is_count(n.value, world))
        for n in tree.walk()
    )


def is_count(name, world):
    key = key_of(name)
    symbol = world.scope.symbols.get(key)
    return name in world.scope.indices or key in world.scope.sizes or symbol is not None and symbol.kind == "value"


def dimensions(tree):
    if tree.op == "product" and tree.value == "×":
        return [*dimensions(tree.args[0]), *dimensions(tree.args[1])]
    return [tree]


def _dots(tree, world, bound):
    raise Unevaluated("an ellipsis")


# Functions ----------------------------------------------------------------------------------------------------------


def _call(tree, world, bound):
    function, order = tree.args[0], 0
    while function.op == "prime":
        function, order = function.args[0], order + function.value
    name = name_of(function)
    args = [value(arg, world, bound) for arg in tree.args[1:]]
    key = key_of_tree(function, world, bound) if function.op == "layer" else key_of(name)
    symbol = world.scope.symbols.get(key)
    if symbol is not None and symbol.kind == "function":
        f = world.function(key)
        if symbol.parameters and len(args) != len(symbol.parameters):
            raise Misfit(f"{name} takes {len(symbol.parameters)} arguments")
    elif name in ELEMENTWISE:
        f = ELEMENTWISE[name]
    elif name == "diag":
        f = lambda v: np.diag(np.ravel(v))
    elif name in {"max", "min"}:
        f = extreme(name)
    else:
        raise Unknown(name)
    try:
        return derived(f, order)(*args) if order else f(*args)
    except (TypeError, ValueError, IndexError, KeyError) as error:
        raise Misfit(f"{name} does not take this: {str(error)[:80]}") from None


def extreme(name):
    def choose(*args):
        pick = (
            (lambda a, b: np.where(np.real(a) >= np.real(b), a, b))
            if name == "max"
            else (lambda a, b: np.where(np.real(a) <= np.real(b), a, b))
        )
        total = (
            args[0]
            if len(args) > 1
            else np.ravel(args[0])[
                np.argmax(np.real(np.ravel(args[0]))) if name == "max" else np.argmin(np.real(np.ravel(args[0])))
            ]
        )
        for arg in args[1:]:
            total = pick(total, arg)
        return total

    return choose


def derived(f, order):
    """The derivative of a function of one number, entry by entry: by complex step, and of higher order on a circle
    around it.
    """

    def slope(z):
        z = np.asarray(z)
        if order == 1 and not np.iscomplexobj(z):
            moved = np.asarray(f(z + 1j * STEP))
            if np.iscomplexobj(moved):
                return np.imag(moved) / STEP
            return (np.asarray(f(z + 1e-6)) - np.asarray(f(z - 1e-6))) / 2e-6
        turns = np.exp(2j * np.pi * np.arange(32) / 32)
        radius = 0.5
        around = [np.asarray(f(z + radius * turn)) * turn**-order for turn in turns]
        total = sum(around) / 32 * math.factorial(order) / radius**order
        return total if np.iscomplexobj(z) else np.real(total)

    return slope


def _prime(tree, world, bound):
    """f' alone: at the place where f alone is taken."""
    function, order = tree, 0
    while function.op == "prime":
        function, order = function.args[0], order + function.value
    key = key_of_tree(function, world, bound)
    symbol = world.scope.symbols.get(key or "")
    if (
        symbol is None
        or symbol.kind != "function"
        or len(symbol.parameters) != 1
        or symbol.parameters[0] not in world.scope.symbols
    ):
        if key is None:
            raise Unknown(name_of(function))
        raise Misfit(f"a prime on {name_of(function)}")
    return derived(world.function(key), order)(world.get(symbol.parameters[0]))


# Derivatives --------------------------------------------------------------------------------------------------------


def target(tree, world, bound):
    """The symbol below a derivative's line, and which entry of it."""
    subs = ()
    if tree.op == "index" and not (bound and isinstance(bound.get(name_of(tree.args[0])), str)):
        subs = tuple(value(s, world, bound) for s in tree.args[1:])
        tree = tree.args[0]
    key = key_of_tree(tree, world, bound)
    if key is None:
        if name_of(tree) is None:
            raise Misfit("a derivative by what is no symbol")
        raise Unknown(name_of(tree))
    return key, subs


def _derivative(tree, world, bound):
    above, below = tree.args
    key, subs = target(below, world, bound)
    base = matrix(world.get(key))
    if isinstance(base, list):
        raise Misfit("a derivative by a set")
    own = key_of_tree(above.args[0] if above.op == "index" else above, world, bound)
    if own is not None and own != key and not isinstance(matrix(world.get(own)), list):
        table = jacobian(own, key, tree.value, world)
        out = np.shape(matrix(world.get(own)))
        upper = tuple(value(s, world, bound) for s in above.args[1:]) if above.op == "index" else ()
        symbol = world.scope.symbols[own]
        return cut(table, out, np.shape(base), upper, subs, symbol.family)
    entries = [position(base, subs)] if subs else list(np.ndindex(np.shape(base)))
    slopes = [step(lambda w: value(above, w, bound), world, key, e, None) for e in entries]
    if subs or scalar(base):
        return slopes[0]
    if all(map(scalar, slopes)):
        return np.reshape(slopes, np.shape(base))
    if own == key:
        return np.eye(base.size)
    return np.stack([np.ravel(s) for s in slopes], axis=-1)


def position(base, subs):
    if scalar(base):
        raise Misfit("an index on a number")
    where = [0] * base.ndim
    for axis, sub in zip(index_axes(base, len(subs), False), subs):
        if not 1 <= sub <= base.shape[axis]:
            raise Misfit("an index out of range")
        where[axis] = int(sub) - 1
    return tuple(where)


def jacobian(own, key, kind, world):
    """All derivatives of one symbol by another: ∂ with the other arguments of its definition held still, d along all
    paths.
    """
    if (own, key, kind) not in world.jacobians:
        symbol = world.scope.symbols[own]
        direct = kind == "∂" and key in symbol.uses and not symbol.all_paths
        base, out = matrix(world.get(key)), matrix(world.get(own))
        table = np.zeros(np.shape(out) + np.shape(base))
        for where in np.ndindex(np.shape(base)):
            table[(..., *where)] = step(lambda w: matrix(w.get(own)), world, key, where, own if direct else None)
        world.jacobians[own, key, kind] = table
    return world.jacobians[own, key, kind]


def step(f, world, key, where, only):
    """The slope of f as one entry of a symbol moves: by complex step, or by central differences where complex
    numbers do not go.
    """
    raw = np.asarray(world.get(key))
    shape = raw.shape
    full = raw.reshape(np.shape(matrix(raw)))
    moved = lambda by: world.moved(key, with_entry(full, where, by).reshape(shape)[()], only)
    try:
        return np.imag(f(moved(1j * STEP))) / STEP
    except (TypeError, ValueError):
        h = 1e-6
        return (f(moved(h)) - f(moved(-h))) / (2 * h)


def with_entry(array, where, by):
    out = np.array(array, dtype=complex if isinstance(by, complex) else float)
    out[where] += by
    return out


def cut(table, out, inner, upper, lower, family):
    """The part of a table of derivatives that a formula means, as a matrix: outputs down, inputs across."""
    if upper:
        where = position(np.empty(out), upper)
        table, out = table[where], ()
    if lower:
        where = position(np.empty(inner), lower)
        table, inner = table[(..., *where)], ()
    if out == () or inner == ():
        flat = np.asarray(table)
        return flat.T if out and out[0] == 1 and inner == () else flat
    if len(out) == len(inner) == 2 and out[0] == inner[0] == 1:
        return table[0, :, 0, :]
    if len(out) == len(inner) == 2 and out[1] == inner[1] == 1:  # columns
        return table[:, 0, :, 0]
    raise Misfit("a derivative of a matrix by a matrix, without indices")


def _differential(tree, world, bound):
    """dW is the gradient of the loss, in the shape of W."""
    if not tree.args or tree.value != "ⅆ":
        raise Misfit("a ∂ alone")
    inner = tree.args[0]
    named = f"d{name_of(inner)}"
    own = key_of(named) if inner.op == "name" else None
    if own in world.scope.symbols:
        return world.get(own)
    key, _ = target(inner, world, bound)
    if f"d{key}" in world.scope.symbols:
        return world.get(f"d{key}")
    loss = key_of(world.scope.loss)
    if loss not in world.scope.symbols:
        raise Unknown(named)
    return jacobian(loss, key, "ⅆ", world)


# Sums over indices --------------------------------------------------------------------------------------------------


def _big(tree, world, bound):
    sign, names, relation = tree.value
    body, low, high = tree.args
    if sign == "lim":
        return limit(body, names, low, world, bound)
    total = None
    for more in bindings(tree, world, bound):
        v = value(body, world, {**bound, **more})
        total = v if total is None else combined(sign, total, v)
    if total is None:
        return {"∑": 0.0, "∏": 1.0}[sign]
    return total


def combined(sign, a, b):
    if sign == "∑":
        return added(matrix(a), matrix(b))
    if sign == "∏":
        return multiplied(a, b)
    return extreme(sign[:3])(a, b)


def bindings(tree, world, bound):
    """What the bound letters of a sum run over."""
    sign, names, relation = tree.value
    body, low, high = tree.args
    if relation == "=":
        first, last = (value(t, world, bound) for t in (low, high))
        return [{names[0]: k} for k in range(int(first), int(last) + 1)]
    if relation in {"∈", "∉"}:
        members = [int(k) for k in np.ravel(value(low, world, bound))]
        if relation == "∈":
            return [{names[0]: k} for k in members]
        return [{names[0]: k} for k in range_of(names[0], [body], world, bound) if k not in members]
    found = [dict(zip(names, ks)) for ks in every(*(range_of(n, [body], world, bound) for n in names))]
    if relation:
        found = [b for b in found if COMPARE[relation](b[names[0]], np.real(value(low, world, {**bound, **b})))]
    return found


def range_of(letter, trees, world, bound):
    """All values of a free index: as many as the axes have that it counts; they must agree, also with the legend."""
    declared = world.scope.indices.get(letter)
    if declared is None:
        raise Unknown(letter)
    if isinstance(declared, list):
        return declared
    if isinstance(declared, str) and " to " in declared:
        first, last = declared.split(" to ")
        return range(int(first), int(last if last.isdigit() else world.get(last)) + 1)
    if (
        declared in world.scope.symbols
        and world.scope.symbols[declared].kind == "is"
        and isinstance(world.get(declared), list)
    ):
        return world.get(declared)
    sizes = {n for tree in trees for n in counted(letter, tree, world, bound)}
    if declared not in {"any", None}:
        sizes.add((int(world.get(declared)), 1))
    if len(sizes) != 1:
        raise Misfit(f"{letter} runs over {sorted(s for s, _ in sizes)}" if sizes else f"{letter} counts nothing")
    ((size, start),) = sizes
    return range(start, start + size)


def counted(letter, tree, world, bound):
    """The lengths of the axes that a letter counts in a tree, where it is free."""
    if tree.op == "big" and letter in tree.value[1]:
        return
    if tree.op == "index":
        base = tree.args[0]
        inner = undifferentiated(base)
        for k, sub in enumerate(tree.args[1:]):
            if sub.op == "name" and sub.value == letter:
                try:
                    key = key_of_tree(inner or base, world, bound)
                    v = matrix(world.get(key)) if gettable(key, world) else value(inner or base, world, bound)
                except (Misfit, Unknown, Unevaluated):
                    continue
                symbol = world.scope.symbols.get(key_of_tree(inner or base, world, bound) or "")
                axes = index_axes(v, len(tree.args) - 1, bool(symbol and symbol.family))
                yield (len(v) if isinstance(v, list) else v.shape[axes[k]]), symbol.start if symbol else 1
    for arg in tree.args:
        yield from counted(letter, arg, world, bound)


def limit(body, names, low, world, bound):
    """The limit as a symbol goes to a value, from four steps that halve it."""
    key = key_of(names[0])
    to = value(low, world, bound)
    table = [value(body, world.moved(key, to + 0.02 / 2**k), bound) for k in range(7)]
    order = 1
    while len(table) > 1:
        table = [(2**order * b - a) / (2**order - 1) for a, b in zip(table, table[1:])]
        order += 1
    return table[0]


def equal(a, b, tolerance=1e-9):
    a, b = matrix(a), matrix(b)
    if isinstance(a, list) or isinstance(b, list):
        return isinstance(a, list) and isinstance(b, list) and a == b
    if np.shape(a) != np.shape(b):
        return False
    a, b = np.asarray(a), np.asarray(b)
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return bool(np.array_equal(a, b))
    size = max(np.max(np.abs(a), initial=0), np.max(np.abs(b), initial=0))
    exact = np.array_equal(a, np.zeros_like(a)) or np.array_equal(b, np.zeros_like(b))
    return bool(np.max(np.abs(a - b), initial=0) <= max(tolerance * size, 1e-12 if exact else 0))


RULES = {
    "number": _number, "name": _name, "layer": _layer, "index": _index, "sum": _sum, "negative": _negative,
    "product": _product,
    "hadamard": _hadamard, "outer": _outer, "inner": _inner, "quotient": _quotient, "power": _power,
    "transpose": _transpose, "absolute": _absolute,
    "ceiling": _ceiling, "root": _root, "round": _round, "tuple": _tuple, "matrix": _matrix, "bracket": _bracket,
    "shape": _shape,
    "dots": _dots, "call": _call, "prime": _prime, "derivative": _derivative, "differential": _differential,
    "big": _big,
}  # fmt: skip
