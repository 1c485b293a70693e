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
    "list": "; convert with np.array(..., dtype={})",
    "tuple": "; convert with np.array(..., dtype={})",
    "DataFrame": "; convert with .to_numpy(dtype={})",
    "Series": "; convert with .to_numpy(dtype={})",
    "MaskedArray": "; convert with .filled(value): its mask would be ignored",
    "matrix": "; convert with np.asarray: its * is not elementwise",
}


class SuspiciousInput(UserWarning):
    """Legal input that is nearly always a mistake, such as probabilities where logits are expected."""


class Table(dict):
    """A dictionary from a function to its partner; asking for an unknown function lists the known ones."""

    def __missing__(self, function):
        known = [f.__name__ for f in self]
        name = getattr(function, "__name__", repr(function))
        twice = f" (that is another function called {name}: was it defined a second time?)" if name in known else ""
        raise ValueError(
            f"no derivative is known for {name}, only for {', '.join(known)}{twice}; table[function] = rule adds one"
        )


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
        By argument name, a check of values: ``check(name, key, array)`` raises or warns. It sees plain arrays only.
    """
    inputs, outputs = ([tuple(group.split()) for group in side.split(",")] for side in shapes.split("->"))

    def decorate(function):
        name, signature = function.__name__, inspect.signature(function)
        keys = tuple(signature.parameters)

        @functools.wraps(function)
        def checked(*args, **kwargs):
            if kwargs or len(args) != len(keys):  # binding takes longer than all the rest
                args = bind(name, signature, args, kwargs).args
            named = list(zip(keys, inputs, args))
            sizes = check_arrays(name, named)
            for key, _, array in named:
                if key in values and isinstance(array, np.ndarray):
                    values[key](name, key, array)
            with np.errstate(all="ignore"):  # an overflow shows in the result, and is then said once
                out = function(*map(as_float, args[: len(inputs)]), *args[len(inputs) :])
            results = [
                ("the result", *r) for r in zip(outputs, out if isinstance(out, tuple) else (out,)) if r[1] is not None
            ]
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
        expected = ", ".join(str(p.replace(annotation=p.empty)) for p in signature.parameters.values())
        raise TypeError(f"{name}: {error}; expected {name}({expected})") from None
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
            at = np.argwhere(~np.isfinite(array))[0].tolist()
            got = f"{array[tuple(at)]} at {at}" if at else array
            raise FloatingPointError(f"{name}: {key} must be finite, got {got}")
    return sizes


def check_kind(name, key, array, kinds="fc"):
    """A plain number, or an array of float32, float64 or their complex partners."""
    plain = isinstance(array, (int, float, complex, np.number)) and not isinstance(array, bool)
    if not plain and type(array) is not np.ndarray:
        check_array(name, key, array)
    dtype = np.dtype(getattr(array, "dtype", type(array)))
    if dtype not in DTYPES and not (plain and dtype.kind in "iuO"):
        raise TypeError(f"{name}: {key} must hold float64 or float32, got {dtype}; convert with .astype(float)")
    if dtype.kind == "c" and "c" not in kinds:
        raise TypeError(f"{name}: {key} must be real, got {dtype}")
    if isinstance(array, int) and abs(array) > sys.float_info.max:
        raise ValueError(
            f"{name}: {key} must be a number that a float can hold, got a whole number of {array.bit_length()} bits"
        )


def check_array(name, key, array, dtype="float"):
    if not all(hasattr(array, p) for p in PROTOCOLS) or isinstance(array, (np.ma.MaskedArray, np.matrix)):
        kind = type(array).__name__
        raise TypeError(f"{name}: {key} must be a NumPy array, got {kind}{ADVICE.get(kind, '').format(dtype)}")


def check_width(name, named):
    """One width in a call: NumPy would turn float32 into float64 without a word."""
    dtypes = {key: array.dtype for key, _, array in named if hasattr(array, "dtype")}
    if len({dtype.itemsize // (1 + (dtype.kind == "c")) for dtype in dtypes.values() if dtype.kind in "fc"}) > 1:
        got = ", ".join(f"{key} {dtype}" for key, dtype in dtypes.items())
        raise TypeError(f"{name}: expected arrays of one float width, got {got}; convert with .astype")


def check_shapes(name, named, sizes=None):
    """Equal names are equal sizes, and none is zero; a size that is not known yet (NaN) fits every other.

    `sizes` maps the name of a dimension to its size and to the argument that had it first.
    """
    sizes = {} if sizes is None else sizes
    for argument in named:
        key, dims, array = argument
        shape = getattr(array, "shape", ())
        axes = zip(dims, shape)
        if dims[:1] == ("...",):
            dims = (*(f"axis {i}" for i in range(len(shape) - len(dims) + 1)), *dims[1:])
            axes = (("the number of axes", len(shape)), *zip(dims, shape))
        if len(shape) != len(dims):
            advice = (
                f"; {key}[None, :] is one example, {key}[:, None] one column"
                if (len(shape), len(dims)) == (1, 2)
                else ""
            )
            raise misfit(
                name,
                [argument],
                f"it has {len(shape)} {'axis' if len(shape) == 1 else 'axes'}, not {len(dims)}{advice}",
            )
        if 0 in shape:
            raise misfit(name, [argument], "it is empty")
        for dim, size in axes:
            other, first = sizes.setdefault(dim, (size, argument))
            if size != other and size == size and other == other:
                raise misfit(name, [first, argument], f"{dim} is {other} in {first[0]} and {size} in {key}")
    return sizes


def misfit(name, arguments, why):
    expected = " and ".join(
        f"{key} ({', '.join(dims)}{',' * (len(dims) == 1 and dims != ('...',))})" for key, dims, _ in arguments
    )
    got = " and ".join(str(getattr(array, "shape", ())) for _, _, array in arguments)
    return ValueError(f"{name}: expected {expected}, got {got}: {why}")


def all_finite(array):
    """Whether no entry is NaN or infinite; an array that is still to be computed is given the benefit of the doubt."""
    return not isinstance(array, (np.ndarray, np.number, float, complex)) or bool(np.isfinite(array).all())


def as_float(number):
    """A whole number as a float, since NumPy computes with its small ones in half precision; anything else as it is."""
    return float(number) if isinstance(number, (int, np.integer)) else number


# What is checked of other arguments ------------------------------------------------------------------------------------


def check_count(name, key, count, least=1):
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < least:
        raise ValueError(f"{name}: {key} must be a whole number from {least} on, got {count!r}")


def check_number(name, key, number, below=np.inf):
    """A positive number; returns it as a plain float, since a NumPy float64 would widen float32 arrays."""
    real = isinstance(number, (int, float, np.integer, np.floating)) and not isinstance(number, bool)
    if not real or not 0 < number < below or number > sys.float_info.max:
        raise ValueError(f"{name}: {key} must be a number above 0 and below {below}, got {number!r}")
    return float(number)


def check_dtype(name, dtype):
    try:
        known = np.dtype(dtype) in (np.float32, np.float64)
    except TypeError:
        known = False
    if not known:
        raise TypeError(f"{name}: dtype must be float64 or float32, got {dtype!r}")


def check_function(name, key, function):
    if not callable(function):
        raise TypeError(f"{name}: {key} must be a function, got {function!r}")


def check_known(name, key, function, table):
    """A function with a partner in the table."""
    check_function(name, key, function)
    try:
        table[function]
    except ValueError as error:
        raise ValueError(f"{name}: {key}: {error}") from None


def check_list(name, key, things, what, n=None):
    """A list of n things, or of any number but none."""
    is_list = isinstance(things, (list, tuple))
    if not is_list or not things or n not in (None, len(things)):
        expected, kind = what if n is None else f"{n} {what}", type(things).__name__
        raise ValueError(
            f"{name}: {key} must be a list of {expected}, got {f'a {kind} of {len(things)}' if is_list else kind}"
        )


def check_rng(name, rng):
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"{name}: rng must be a numpy.random.Generator, got {rng!r}; pass np.random.default_rng(seed)")


# What is checked of values ----------------------------------------------------------------------------------------------


def unit_interval(name, key, array):
    if not ((array.real >= 0) & (array.real <= 1)).all():
        raise ValueError(
            f"{name}: {key} must lie between 0 and 1, got values from {array.real.min():.6g} to {array.real.max():.6g}"
        )


def distributions(name, key, array):
    """Rows of probabilities; the tolerance leaves room for a numerical derivative, which nudges one of them."""
    unit_interval(name, key, array)
    sums = array.real.sum(axis=-1)
    row = int(abs(sums - 1).argmax())
    if abs(sums[row] - 1) > 1e-3:
        raise ValueError(f"{name}: {key} must have rows that sum to 1, got the sum {sums[row]:.6g} in row {row}")


def logits(name, key, array):
    """Any numbers will do, but rows that look like probabilities get a warning."""
    if array.shape[-1] > 1 and (array.real >= 0).all() and (abs(array.real.sum(axis=-1) - 1) < 1e-6).all():
        message = f"{name}: {key} must be logits, got rows between 0 and 1 that sum to 1: are they probabilities?"
        warnings.warn(message, SuspiciousInput, stacklevel=3)
