"""What every function promises about its arguments, checked before the mathematics runs.

A shape contract is a line such as ``"N I, O I, O -> N O"``: one group of dimension names per argument, then one per
result. Equal names are equal sizes, wherever they stand. ``...`` stands for any dimensions, the same ones everywhere,
so ``"... -> ..."`` is an elementwise function, and plain numbers are welcome there. Shape and kind of number are checked
on anything that behaves like a NumPy array; values only in a plain array, not in one that is still to be computed.
"""

import functools
import inspect
import sys
import warnings

import numpy as np

Array = np.ndarray  # in annotations: this, or anything else with NumPy's protocols, a Dask array for one

DTYPES = (np.float32, np.float64, np.complex64, np.complex128)
PROTOCOLS = ("__array_ufunc__", "__array_function__", "shape", "dtype")
ADVICE = {  # how to turn what people have into what nnlib takes
    "list": "np.array({}, dtype=float)",
    "tuple": "np.array({}, dtype=float)",
    "DataFrame": "{}.to_numpy(dtype=float)",
    "Series": "{}.to_numpy(dtype=float)",
    "MaskedArray": "{}.filled(value): its mask would be ignored",
    "matrix": "np.asarray({}): its * is not elementwise",
}


class SuspiciousInput(UserWarning):
    """Legal input that is nearly always a mistake, such as probabilities where logits are expected."""


class Table(dict):
    """A dictionary from a function to its partner; asking for an unknown function lists the known ones."""

    def __missing__(self, function):
        known = [f.__name__ for f in self]
        name = getattr(function, "__name__", repr(function))
        twice = f" (that is another function called {name}: was it defined a second time?)" if name in known else ""
        raise ValueError(f"no derivative is known for {name}, only for {', '.join(known)}{twice}; table[function] = rule adds one")


# The two decorators ---------------------------------------------------------------------------------------------------


def contract(shapes, hint="it overflowed", **values):
    """Hold a function to a line of shapes, to one kind of number, and to finite values.

    Parameters
    ----------
    shapes : str
        Such as ``"N I, O I, O -> N O"``; arguments beyond those named are passed on unchecked.
    hint : str
        Why a result may not be finite, and what to do then.
    **values
        By argument name, a function from a plain array to a complaint or None.
    """
    inputs, outputs = ([tuple(group.split()) for group in side.split(",")] for side in shapes.split("->"))

    def decorate(function):
        name, signature = function.__name__, inspect.signature(function)

        @functools.wraps(function)
        def checked(*args, **kwargs):
            bound = bind(name, signature, args, kwargs)
            named = [(key, dims, array) for (key, array), dims in zip(bound.arguments.items(), inputs)]
            sizes = check_arrays(name, named)
            for key, complaint_about in values.items():
                array = bound.arguments[key]
                if isinstance(array, np.ndarray) and (complaint := complaint_about(array)):
                    raise ValueError(f"{name}: {key} {complaint}")
            with np.errstate(all="ignore"):  # an overflow shows in the result, and is then said once
                out = function(*bound.args)
            results = [("the result", *r) for r in zip(outputs, out if isinstance(out, tuple) else (out,)) if r[1] is not None]
            check_shapes(name, results, sizes)
            if not all(all_finite(array) for _, _, array in results):
                raise FloatingPointError(f"{name}: the result is not finite: {hint}")
            return out

        return checked

    return decorate


def requires(check, ensure=None):
    """Run ``check(name, **arguments)`` before a function, and ``ensure(name, result)`` after it.

    A check raises, or returns arguments to use instead of those given.
    """

    def decorate(function):
        name, signature = function.__name__, inspect.signature(function)

        @functools.wraps(function)
        def checked(*args, **kwargs):
            bound = bind(name, signature, args, kwargs)
            bound.arguments.update(check(name, **bound.arguments) or {})
            with np.errstate(all="ignore"):
                result = function(*bound.args, **bound.kwargs)
            if ensure is not None:
                ensure(name, result)
            return result

        return checked

    return decorate


def bind(name, signature, args, kwargs):
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"{name}: {error}; expected {name}({', '.join(signature.parameters)})") from None
    bound.apply_defaults()
    return bound


# What is checked of arrays; `named` is [(argument, its dimensions, the array), ...] --------------------------------------


def check_arrays(name, named, kinds="fc"):
    """Arrays, of one kind of number, of shapes that fit, of finite values; returns the sizes by name."""
    for key, _, array in named:
        check_kind(name, key, array, kinds)
    check_width(name, named)
    sizes = check_shapes(name, named)
    for key, _, array in named:
        if not all_finite(array):
            at = np.argwhere(~np.isfinite(array))[0].tolist() if np.ndim(array) else []
            raise FloatingPointError(f"{name}: {key} must be finite, got {array[tuple(at)] if at else array}{f' at {at}' if at else ''}")
    return sizes


def check_kind(name, key, array, kinds="fc"):
    """A plain number, or an array of float32, float64 or their complex partners."""
    plain = isinstance(array, (int, float, complex, np.number)) and not isinstance(array, bool)
    if not plain and type(array) is not np.ndarray:
        check_array(name, key, array)
    dtype = np.dtype(getattr(array, "dtype", type(array)))
    if dtype not in DTYPES and not (plain and dtype.kind in "iuO"):
        raise TypeError(f"{name}: {key} must hold float64 or float32, got {dtype}; pass {key}.astype(float)")
    if dtype.kind == "c" and "c" not in kinds:
        raise TypeError(f"{name}: {key} must be real, got {dtype}")


def check_array(name, key, array):
    if not all(hasattr(array, p) for p in PROTOCOLS) or isinstance(array, (np.ma.MaskedArray, np.matrix)):
        kind = type(array).__name__
        raise TypeError(f"{name}: {key} must be a NumPy array, got {kind}; pass {ADVICE.get(kind, 'an array').format(key)}")


def check_width(name, named):
    """One width in a call: NumPy would turn float32 into float64 without a word."""
    dtypes = {key: array.dtype for key, _, array in named if hasattr(array, "dtype")}
    if len({dtype.itemsize // (1 + (dtype.kind == "c")) for dtype in dtypes.values() if dtype.kind in "fc"}) > 1:
        got = ", ".join(f"{key} {dtype}" for key, dtype in dtypes.items())
        raise TypeError(f"{name}: expected arrays of one float width, got {got}; convert with .astype")


def check_shapes(name, named, sizes=None):
    """Equal names are equal sizes, and none is zero; a size that is not known yet (NaN) fits every other."""
    sizes = {} if sizes is None else sizes
    for key, dims, array in named:
        shape = getattr(array, "shape", ())
        axes = zip(dims, shape)
        if dims[:1] == ("...",):
            dims = (*(f"axis {i}" for i in range(len(shape) - len(dims) + 1)), *dims[1:])
            axes = (("the number of axes", len(shape)), *zip(dims, shape))
        if len(shape) != len(dims):
            advice = f"; {key}[None, :] is one example, {key}[:, None] one column" if (len(shape), len(dims)) == (1, 2) else ""
            raise misfit(name, named, f"{key} has {len(shape)} axes, not {len(dims)}{advice}")
        if 0 in shape:
            raise misfit(name, named, f"{key} is empty")
        for dim, size in axes:
            first, other = sizes.setdefault(dim, (key, size))
            if size != other and size == size and other == other:
                raise misfit(name, named, f"{dim} is {other} in {first} and {size} in {key}")
    return sizes


def misfit(name, named, why):
    expected = ", ".join(f"{key} ({', '.join(dims)})" for key, dims, _ in named)
    got = ", ".join(f"{key} {getattr(array, 'shape', ())}" for key, _, array in named)
    return ValueError(f"{name}: expected {expected}; got {got}: {why}")


def all_finite(array):
    if isinstance(array, (np.ndarray, np.number)):
        return bool(np.isfinite(array).all())
    return not isinstance(array, (int, float, complex)) or abs(array) <= sys.float_info.max


# What is checked of other arguments ------------------------------------------------------------------------------------


def check_count(name, key, count, least=1):
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < least:
        raise ValueError(f"{name}: {key} must be a whole number from {least} on, got {count!r}")


def check_rng(name, rng):
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"{name}: rng must be a numpy.random.Generator, got {rng!r}; pass np.random.default_rng(seed)")


# Complaints about values: what is wrong, or None ------------------------------------------------------------------------


def unit_interval(array):
    if not ((array.real >= 0) & (array.real <= 1)).all():
        return f"must lie between 0 and 1, got values from {array.real.min():.6g} to {array.real.max():.6g}"


def distributions(array):
    """Rows of probabilities; the tolerance leaves room for a numerical derivative, which nudges one of them."""
    sums = array.real.sum(axis=-1)
    if complaint := unit_interval(array):
        return complaint
    if not (abs(sums - 1) < 1e-3).all():
        row = int(abs(sums - 1).argmax())
        return f"must have rows that sum to 1, got the sum {sums[row]:.6g} in row {row}"


def logits(array):
    """Never complains; warns, because every row of numbers is a row of logits."""
    if array.shape[-1] > 1 and not unit_interval(array) and (abs(array.real.sum(axis=-1) - 1) < 1e-6).all():
        warnings.warn("the logits lie between 0 and 1 and their rows sum to 1: are they probabilities?", SuspiciousInput, stacklevel=4)
