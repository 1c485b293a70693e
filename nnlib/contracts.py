"""Checked once: what a function promises is looked at where a caller enters nnlib, and not again inside.

A checked function has a *bare twin*: the same code, in a namespace in which nnlib's names mean bare twins too. The
checked one looks at what it was given, lets its twin do the work, and looks at what comes out. There is no flag that
says "inside": which of the two runs is settled by who calls.

A shape contract is a line such as ``"N I, O I, O -> N O"``: one group of dimension names per argument, then one per
result. Equal names are equal sizes, wherever they stand. ``...`` stands for any dimensions, the same ones everywhere,
so ``"... -> ..."`` is an elementwise function, and plain numbers are welcome there. Shape and kind of number are
checked on anything that behaves like a NumPy array; values only in a plain array, not in one still to be computed.
"""

import functools
import inspect
import math
import reprlib
import sys
import traceback
import types
import warnings

import numpy as np

Array = np.ndarray  # in annotations: this, or anything else with NumPy's protocols, a Dask array for one

FLOAT64, FLOAT32 = np.dtype(np.float64), np.dtype(np.float32)
DTYPES = (FLOAT32, FLOAT64, np.dtype(np.complex64), np.dtype(np.complex128))
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


# Checked functions and their bare twins ----------------------------------------------------------------------------

BARE = {}  # of each module of nnlib its names, in which the functions are bare twins; `link` fills it in


def guarded(function, enter, leave, twin=None):
    """A function between two checks.

    ``enter(args, kwargs)`` raises, or returns what the twin is to be given, and a function that looks again at what is
    not finite, to name it; ``leave(result, again)`` raises or returns the result.
    """
    twin = twin or bare_twin(function)

    @functools.wraps(function)
    def checked(*args, **kwargs):
        __tracebackhide__ = True  # IPython and pytest show the caller's line and the message
        with np.errstate(all="ignore"):  # an overflow shows in the result, and is then said once
            try:
                args, kwargs, again = enter(args, kwargs)
                try:
                    result = twin(*args, **kwargs)
                except FloatingPointError:
                    if again is not None:
                        again(all_the_way=False)
                    raise
                return leave(result, again)
            except (ValueError, TypeError, FloatingPointError) as error:
                if raised_here(error):
                    raise error.with_traceback(None) from None
                raise

    twin.__original__, checked.__bare__ = checked, twin
    return checked


def bare_twin(function):
    """The same code where nnlib's names mean bare twins; outside nnlib there is no such place."""
    if not function.__module__.startswith(f"{__package__}."):
        return lambda *args, **kwargs: function(*args, **kwargs)
    names = BARE.setdefault(function.__module__, {})
    twin = types.FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)
    twin.__kwdefaults__ = function.__kwdefaults__
    return twin


def raised_here(error):
    """Whether a check of nnlib raised this, and not a function of the reader's."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return frame.f_globals.get("__package__") == __package__


def link():
    """Give the bare twins their names; done once, when all of nnlib has been imported."""
    for module, names in BARE.items():
        names.update((name, getattr(value, "__bare__", value)) for name, value in vars(sys.modules[module]).items())


def bare(function):
    """The twin of a function of nnlib's; any other function as it is."""
    return getattr(function, "__bare__", function)


def original(function):
    """The function that is known by name: what `bare` was given."""
    return getattr(function, "__original__", function)


# The decorator for what has a line of shapes ------------------------------------------------------------------------


def contract(shapes, hint="it overflowed", *, watch=False, **values):
    """Hold a function to a line of shapes, to one kind of number, and to finite values.

    Parameters
    ----------
    shapes : str
        Such as ``"N I, O I, O -> N O"``; of an argument beyond those only its value is checked.
    hint : str
        Why a result may not be finite, and what to do then.
    watch : bool
        Whether the bare twin looks at its result too: a later function may make an infinite number a finite one.
    **values
        By argument name, a check of values: ``check(name, key, value)`` raises or warns. Of arrays it sees plain ones.
    """
    inputs = [tuple(group.split()) for group in shapes.split("->")[0].split(",")]

    def decorate(function):
        name, signature = function.__name__, inspect.signature(function)
        keys = tuple(signature.parameters)
        places = [(key, keys.index(key), check) for key, check in values.items()]

        def enter(args, kwargs):
            if kwargs or len(args) != len(keys):  # binding takes longer than all the rest
                args = bind(name, signature, args, kwargs).args
            named = list(zip(keys, inputs, args))
            if not ordinary(named, {}):
                check_arrays(name, named)
                args = (*map(as_float, args[: len(inputs)]), *args[len(inputs) :])
            for key, k, check in places:
                if k >= len(inputs) or isinstance(args[k], np.ndarray):
                    check(name, key, args[k])
            return args, {}, None

        def leave(out, again=None):
            if is_plain_and_finite(out):
                return out
            if type(out) is tuple and not all(map(all_finite, out)) or not all_finite(out):
                raise FloatingPointError(f"{name}: the result is not finite: {hint}")
            return out

        twin = bare_twin(function)

        def watched(*args):
            out = twin(*args)
            return out if is_plain_and_finite(out) else leave(out)

        checked = guarded(function, enter, leave, watched if watch else twin)
        checked.__values__ = values
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


# What is checked of arrays; `named` is [(argument, its dimensions, the array), ...] ---------------------------------


def ordinary(named, sizes):
    """Whether nothing is to be said of these arrays: plain, real, finite, of one width, and of shapes that fit.

    Quick and wordless: where the answer is no, `check_arrays` looks again, and finds the words.
    """
    width, total = None, 0.0
    for _, dims, array in named:
        if type(array) not in (np.ndarray, np.float64, np.float32) or not array.size:
            return False
        if array.dtype is not width:
            if width is not None or array.dtype is not FLOAT64 and array.dtype is not FLOAT32:
                return False
            width = array.dtype
        shape = array.shape
        if dims and dims[0] == "...":
            n = len(shape) - len(dims) + 1
            shape = (shape[:n], *shape[n:])
        if len(shape) != len(dims):
            return False
        for dim, size in zip(dims, shape):
            if sizes.setdefault(dim, size) != size:
                return False
        total += np.vdot(array, array)  # NaN or infinite if an entry is, in one pass without a copy
    return math.isfinite(total)


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
    plain = isinstance(array, (int, float, complex, np.number)) and not isinstance(array, (bool, np.timedelta64))
    if not plain and type(array) is not np.ndarray:
        check_array(name, key, array)
    dtype = np.dtype(getattr(array, "dtype", type(array)))
    if dtype not in DTYPES and not (plain and dtype.kind in "iuO"):
        raise TypeError(f"{name}: {key} must hold float64 or float32, got {dtype}; convert with .astype(float)")
    if dtype.kind == "c" and "c" not in kinds:
        raise TypeError(f"{name}: {key} must be real, got {dtype}")
    if isinstance(array, int) and abs(array) > sys.float_info.max:
        bits = array.bit_length()
        raise ValueError(f"{name}: {key} must be a number that a float can hold, got a whole number of {bits} bits")


def check_array(name, key, array, dtype="float"):
    speaks = all(getattr(type(array), protocol, None) is not None for protocol in PROTOCOLS)
    if not speaks or isinstance(array, (np.ma.MaskedArray, np.matrix, np.generic)):
        kind = type(array).__name__
        advice = ADVICE.get(kind, "").format(dtype)
        raise TypeError(f"{name}: {key} must be a NumPy array, got {kind}{advice}")


def check_width(name, named):
    """One width in a call: NumPy would turn float32 into float64 without a word."""
    dtypes = {key: array.dtype for key, _, array in named if hasattr(array, "dtype")}
    if len({dtype.itemsize // (1 + (dtype.kind == "c")) for dtype in dtypes.values() if dtype.kind in "fc"}) > 1:
        got = ", ".join(f"{key} {dtype}" for key, dtype in dtypes.items())
        raise TypeError(f"{name}: expected arrays of one float width, got {got}; convert with .astype")


def check_shapes(name, named):
    """Equal names are equal sizes, and none is zero; a size that is not known yet (NaN) fits every other.

    Returns the sizes: for the name of a dimension its size, and the argument that had it first.
    """
    sizes = {}
    for argument in named:
        key, dims, array = argument
        shape = getattr(array, "shape", ())
        axes = zip(dims, shape)
        if dims[:1] == ("...",):
            dims = (*(f"axis {i}" for i in range(len(shape) - len(dims) + 1)), *dims[1:])
            axes = (("the number of axes", len(shape)), *zip(dims, shape))
        if len(shape) != len(dims):
            axes = "axis" if len(shape) == 1 else "axes"
            flat = (len(shape), len(dims)) == (1, 2)
            advice = f"; {key}[None, :] is one example, {key}[:, None] one column" if flat else ""
            raise misfit(name, [argument], f"it has {len(shape)} {axes}, not {len(dims)}{advice}")
        if 0 in shape:
            raise misfit(name, [argument], "it is empty")
        for dim, size in axes:
            other, first = sizes.setdefault(dim, (size, argument))
            if size != other and size == size and other == other:
                raise misfit(name, [first, argument], f"{dim} is {other} in {first[0]} and {size} in {key}")
    return sizes


def misfit(name, arguments, why):
    def tuple_of(dims):
        return f"({', '.join(dims)}{',' * (len(dims) == 1 and dims != ('...',))})"

    expected = " and ".join(f"{key} {tuple_of(dims)}" for key, dims, _ in arguments)
    got = " and ".join(str(getattr(array, "shape", ())) for _, _, array in arguments)
    return ValueError(f"{name}: expected {expected}, got {got}: {why}")


def is_plain_and_finite(array):
    """A dot product of an array with itself sees in one pass and without a copy whether all is well."""
    return type(array) is np.ndarray and array.dtype.kind == "f" and math.isfinite(np.vdot(array, array))


def all_finite(array):
    """Whether no entry is NaN or infinite; an array still to be computed is given the benefit of the doubt."""
    if not isinstance(array, (np.ndarray, np.number, float, complex)):
        return True
    return is_plain_and_finite(array) or bool(np.isfinite(array).all())


def check_flag(name, key, flag, given=None):
    if not isinstance(flag, (bool, np.bool_)):
        raise TypeError(f"{name}: {key} must be True or False, got {brief(flag)}")
    return bool(flag)


def as_float(number):
    """A whole number as a float, since NumPy computes with its small ones in half precision; anything else as it is."""
    return float(number) if isinstance(number, (int, np.integer)) else number


def brief(value):
    """What was got, in a few words; some things have no repr, a whole number of thousands of digits among them."""
    if isinstance(value, int) and abs(value) > sys.float_info.max:
        return f"a whole number of {value.bit_length()} bits"
    try:
        return reprlib.repr(value) if isinstance(value, (np.ndarray, list, tuple, dict, set, str)) else repr(value)
    except Exception:
        return f"{type(value).__name__}, which cannot be printed"


# What is checked of values ------------------------------------------------------------------------------------------


def unit_interval(name, key, array):
    if not ((array.real >= 0) & (array.real <= 1)).all():
        low, high = array.real.min(), array.real.max()
        raise ValueError(f"{name}: {key} must lie between 0 and 1, got values from {low:.6g} to {high:.6g}")


def sums_to_one(slack):
    """Rows of probabilities, up to `slack` by the width of the numbers."""

    def check(name, key, array):
        if array.dtype.kind == "f" and array.ndim == 2 and np.minimum.reduce(array, axis=None) >= 0:
            off = np.add.reduce(array, axis=-1, initial=-1)
            if np.vdot(off, off) <= slack[array.dtype] ** 2:  # quick, and mostly enough
                return
        unit_interval(name, key, array)
        sums = array.real.sum(axis=-1).ravel()
        row = int(abs(sums - 1).argmax())
        if abs(sums[row] - 1) > slack[array.real.dtype]:
            raise ValueError(f"{name}: {key} must have rows that sum to 1, got the sum {sums[row]:.10g} in row {row}")

    return check


# Of a target, up to rounding: for any other sum p - t is not the gradient. A prediction leaves room for a numerical
# derivative, which nudges one entry of a row.
targets = sums_to_one({FLOAT64: 1e-7, FLOAT32: 1e-5})
distributions = sums_to_one({FLOAT64: 1e-3, FLOAT32: 1e-3})


def logits(name, key, array):
    """Any numbers will do, but rows that look like probabilities get a warning."""
    if array.shape[-1] > 1 and (array.real >= 0).all() and (abs(array.real.sum(axis=-1) - 1) < 1e-6).all():
        message = f"{name}: {key} must be logits, got rows between 0 and 1 that sum to 1: are they probabilities?"
        warnings.warn(message, SuspiciousInput, stacklevel=4)
