"""What every argument of nnlib promises, said once, by its name; and the tables in which a function has its partner.

A name means one thing throughout nnlib, so `PROMISED` says for each what it must be, and a public function says only
that its arguments keep their promises: ``@promises()``. An error names the function, the argument, what it got and what
it expected; it is

- a TypeError for the wrong kind of thing: a list for an array, whole or complex numbers, mixed float widths;
- a ValueError for the wrong shape, size or value;
- a FloatingPointError for NaN and infinity, in an argument or in a result.
"""

import cmath
import inspect
import operator
import sys
import types
from functools import lru_cache, partial

import numpy as np

from .contracts import (
    FLOAT32,
    FLOAT64,
    all_finite,
    bare,
    bind,
    brief,
    check_array,
    check_arrays,
    check_flag,
    check_shapes,
    guarded,
    is_plain_and_finite,
    ordinary,
    original,
)

MOST = 2**31  # numbers in an array that is to be made: 16 gigabytes


class Table(dict):
    """A dictionary from a function to its partner, open to readers; an unknown function gets an error."""

    def __init__(self, entry):
        self.entry = entry  # what a reader writes to add one

    def __missing__(self, function):
        known = getattr(function, "__original__", None)
        if known is not None:  # a twin's partner is a twin
            rule = self[known]
            return rule.__bare__ if is_ours(rule) else held(rule, f"what {name_of(rule)} returns")
        names, name = list(map(name_of, self)), name_of(function)
        twice = f" (that is another function called {name}: was it defined a second time?)" if name in names else ""
        known = f"no derivative is known for {name}, only for {', '.join(names)}{twice}"
        raise ValueError(f"{known}; {self.entry.format(name)} adds one")


# {sigmoid: sigmoid_vjp, ...}: the rule of every activation
VJP = Table("nnlib.VJP[{}] = a function of g, a and z that returns dz")
# {half_mse: half_mse_grad, ...}: the gradient of every loss
GRAD = Table("nnlib.GRAD[{}] = a function of y and t that returns dy")
FUSED = {}  # {sigmoid_bce: sigmoid, ...}: the activation that a loss of logits contains
FOLLOWS = {}  # {bce: sigmoid, ...}: the activation whose outputs a loss expects, so that nobody need look at them


# The decorator ------------------------------------------------------------------------------------------------------


def promises(*, real=False, as_given=False, before=None, leave=None, hint="it overflowed", **instead):
    """Hold a function to what the names of its arguments promise, and its result to finite numbers.

    Parameters
    ----------
    real : bool
        Whether complex numbers are refused.
    as_given : bool
        Whether the function is run itself, not its bare twin, since it asks which functions it was given.
    before : function, optional
        ``before(arguments)`` fills in what was left out.
    leave : function, optional
        ``leave(result)``, instead of the look at the result.
    hint : str
        Why a result may not be finite; of a list it may name the {layer}.
    **instead
        By argument name, dimensions other than those of a network, or another promise.
    """

    def decorate(function):
        name, signature = function.__name__, inspect.signature(function)
        parameters = list(signature.parameters.values())
        keys = [p.name for p in parameters if p.kind == p.POSITIONAL_OR_KEYWORD]
        others = [p.name for p in parameters if p.kind == p.KEYWORD_ONLY]
        rest = next((p.name for p in parameters if p.kind == p.VAR_POSITIONAL), None)
        dims = {key: value for key, value in instead.items() if isinstance(value, tuple)}
        promised = PROMISED | {key: value for key, value in instead.items() if callable(value)}
        checks = [(p.name, promised[p.name], p.default is None) for p in parameters if p.name in promised]
        network = not others and keys in (["params", "acts", "x"], ["params", "acts", "x", "t", "loss"])
        apart = {key for key, value in instead.items() if callable(value)}
        out = as_it_is if leave is None and inspect.isgeneratorfunction(function) else leave

        def enter(args, kwargs):
            if kwargs or rest or others or len(args) != len(keys):
                given = dict(bind(name, signature, args, kwargs).arguments)
            else:
                given = dict(zip(keys, args))
            if network and is_ordinary(*given.values()):
                acts, loss, check = prepared(name, tuple(given["acts"]), *args[4:])
                if check is not None:
                    check(name, "t", given["t"])
                return (args[0], acts, *args[2:4], *loss), {}, partial(again, given)
            if before is not None:
                before(given)
            for key, check, optional in checks:
                if given[key] is not None or not optional:
                    value = check(name, key, given[key], given)
                    given[key] = given[key] if value is None else value
            named = list(arrays_of({key: value for key, value in given.items() if key not in apart}, dims))
            if named and not ordinary(named, {}):
                check_arrays(name, list(in_words(named, given)), "f" if real else "fc")
            check_together(name, given)
            if as_given:
                return *spread(given), None
            return *spread(functions_inside(name, given, bare)), partial(again, given)

        def spread(given):
            return (*map(given.get, keys), *given.get(rest, ())), {key: given[key] for key in others}

        def again(given, all_the_way):
            """Raise what names the numbers that are not finite: an argument, or the function that overflowed."""
            check_arrays(name, list(in_words(arrays_of(given, dims), given)), "f" if real else "fc")
            if not all_the_way:
                return
            args, kwargs = spread(functions_inside(name, given, original))
            function(*args, **kwargs)

        def finite(result, again):
            if out is not None:
                return out(result)
            if not cmath.isfinite(square(result)) and not all(map(all_finite, leaves(result))):
                if again is not None:
                    again(all_the_way=True)
                layer = next((k for k, part in enumerate(result, 1) if not cmath.isfinite(square(part))), 1)
                raise FloatingPointError(f"{name}: {hint.format(layer=layer)}, expected finite numbers")
            return result

        return guarded(function, enter, finite, function if as_given else None)

    return decorate


def square(nested):
    """The sum of the squares of all numbers in tuples and lists of arrays: finite only if they are."""
    if isinstance(nested, (tuple, list)):
        total = 0.0
        for part in nested:
            total += np.vdot(part, part) if type(part) is np.ndarray else square(part)
        return total
    return np.vdot(nested, nested) if isinstance(nested, (np.ndarray, float, complex, np.inexact)) else 0.0


def leaves(nested):
    """The arrays and numbers in tuples and lists of them."""
    if isinstance(nested, (tuple, list)):
        for part in nested:
            yield from leaves(part)
    elif nested is not None:
        yield nested


def as_it_is(result):
    """A verdict, which may tell of numbers that are not finite."""
    return result


def apart(result):
    """Output and input of a network in arrays of their own: who writes into theirs does not change the trace."""
    y, [(x, z, a), *later] = result
    return +y, [(+x, z, a), *later]


# The arrays of a network, and their dimensions ----------------------------------------------------------------------

PARTS = {"params": "W b", "grads": "dW db", "trace": "x z a"}


def arrays_of(given, dims):
    """Every array among the arguments as `check_arrays` takes them, but for words: widths and layers are numbers."""
    depth = len(given.get("params", ()))
    for key, value in given.items():
        if key in dims:
            yield key, dims[key], value
        elif key == "x":
            yield key, ("N", 0), value
        elif key in ("t", "g"):
            yield key, ("N", depth), value
        elif key in ("params", "grads"):
            for k, (W, b) in enumerate(value or ()):
                yield (key, k, 0), (k + 1, k), W
                yield (key, k, 1), (k + 1,), b
        elif key == "trace":
            for k, (x, z, a) in enumerate(value):
                yield (key, k, 0), ("N", k), x
                yield (key, k, 1), ("N", k + 1), z
                yield (key, k, 2), ("N", k + 1), a


def in_words(named, given):
    """The same with names: params[0] W is (n1, n0), and the width of the output is K."""
    depth = len(given.get("params", ()))
    for key, dims, array in named:
        if isinstance(key, tuple):
            key = f"{key[0]}[{key[1]}] {PARTS[key[0]].split()[key[2]]}"
        yield key, tuple("K" if dim == depth else f"n{dim}" if isinstance(dim, int) else dim for dim in dims), array


def is_ordinary(params, acts, x, t=None, loss=None):
    """Whether nothing is to be said of a network and its batch: plain real arrays of one width, in shapes that fit.

    Quick and wordless, as `contracts.ordinary` is. That params and x are finite need not be asked: what is not makes
    `dense` return what is not, and is then looked for.
    """
    try:
        (N, n), width = x.shape, x.dtype
        if type(x) is not np.ndarray or not x.size or width is not FLOAT64 and width is not FLOAT32:
            return False
        for layer in params:
            if type(layer) is not tuple:
                return False
            W, b = layer
            (m,) = b.shape
            if type(W) is not np.ndarray or type(b) is not np.ndarray or W.shape != (m, n) or m == 0:
                return False
            if W.dtype is not width or b.dtype is not width:
                return False
            n = m
        if loss is not None:
            if type(t) is not np.ndarray or t.dtype is not width or t.shape != (N, n) or not is_plain_and_finite(t):
                return False
        hash((*acts, loss))
        return type(params) is list and type(acts) is list and len(params) == len(acts)
    except (TypeError, ValueError, AttributeError):
        return False


@lru_cache(maxsize=256)
def prepared(name, acts, *loss):
    """Functions that keep their promises, as they run inside; and what is to be asked of the targets."""
    given = {"params": acts, "acts": list(acts), **dict(zip(["loss"], loss))}
    check_acts(name, "acts", given["acts"], given)
    if loss:
        check_loss(name, "loss", *loss, given)
    inner = functions_inside(name, given, bare)
    return inner["acts"], [inner["loss"]] if loss else [], getattr(given.get("loss"), "__values__", {}).get("t")


# Functions among the arguments --------------------------------------------------------------------------------------


def functions_inside(name, given, form):
    """The same arguments, nnlib's functions in a form, bare or original, a reader's own held to their results."""
    inner = dict(given)
    if "acts" in given:
        inner["acts"] = [
            form(f) if is_ours(f) else held(f, f"{name}: what acts[{k}], {name_of(f)}, returns")
            for k, f in enumerate(given["acts"])
        ]
    if "loss" in given:
        inner["loss"] = loss_inside(name, given["loss"], given["acts"][-1], form)
    return inner


def is_ours(function):
    return type(function) is types.FunctionType and hasattr(function, "__bare__")


def held(function, label, number=False):
    """A reader's function, given copies, and held to a finite result: like its first argument, or a real number."""

    def checked(*args):
        result = function(*map(own_copy, args))
        like = args[0]
        check_arrays(label, [("it", () if number else ("...",), result)], "f" if number else "fc")
        if not number and np.shape(result) != np.shape(like):
            raise ValueError(
                f"{label} must have the shape of its argument, expected {like.shape}, got {np.shape(result)}"
            )
        if not number and result.dtype.char.lower() != like.dtype.char.lower():
            raise TypeError(f"{label} must have the width of its argument, expected {like.dtype}, got {result.dtype}")
        return result

    checked.__original__ = function
    return checked


def own_copy(array):
    return array.copy() if isinstance(array, np.ndarray) else array


def loss_inside(name, loss, last, form):
    """The loss; it looks at the values of predictions where the last activation does not see to them."""
    if not is_ours(loss):
        return held(loss, f"{name}: what {name_of(loss)} returns", number=True)
    values = [check for key, check in loss.__values__.items() if key != "t"]
    if not values or FOLLOWS.get(loss) is last or form is original:
        return form(loss)

    def looking(y, t):
        for check in values:
            if isinstance(y, np.ndarray):
                check(loss.__name__, "p" if "p" in loss.__values__ else "z", y)
        return form(loss)(y, t)

    looking.__original__ = loss
    return looking


def name_of(function):
    return getattr(function, "__name__", None) or brief(function)


# What a name promises: check(function, argument, value, all arguments) raises, or returns what to use instead -------


def check_params(name, key, params, given):
    check_layers(name, key, params, ("W", "b"))


def check_trace(name, key, trace, given):
    check_layers(name, key, trace, ("x", "z", "a"), len(given["params"]))


def check_gradients(name, key, grads, given):
    check_layers(name, key, grads, ("dW", "db"), len(given["params"]))


def check_acts(name, key, acts, given):
    n_layers = len(given["params"]) if "params" in given else given["sizes"] and len(given["sizes"]) - 1
    check_list(name, key, acts, "functions, one per layer", n_layers)
    for k, act in enumerate(acts):
        check_function(name, f"{key}[{k}]", act)
        if "g" in given or "loss" in given:  # the way back needs rules
            check_known(name, f"{key}[{k}]", act, VJP)


def check_loss(name, key, loss, given):
    check_known(name, key, loss, GRAD)
    check_last(name, loss, given["acts"])


def check_last(name, loss, acts):
    if FUSED.get(loss) is acts[-1]:
        act = acts[-1].__name__
        fused = f"{loss.__name__} takes logits and applies {act} itself"
        raise ValueError(f"{name}: acts[-1] must be identity, got {act}: {fused}")


def check_together(name, given):
    """What holds between arguments, once each of them is what it must be."""
    if "t" in given and "loss" in given and isinstance(given["t"], np.ndarray):
        check = getattr(given["loss"], "__values__", {}).get(
            "t"
        )  # what the loss expects, looked at where a caller enters
        if check:
            check(name, "t", given["t"])
    if "batch_size" in given and given["batch_size"] > len(given["x"]):
        n, got = len(given["x"]), given["batch_size"]
        raise ValueError(f"{name}: batch_size must be at most the number of examples, {n}, got {got}")
    if "h" in given:
        h, x = given["h"], np.asarray(given["x"], dtype=float)
        step = h * np.maximum(1, abs(x))
        if (x + step == x - step).any():
            good = "x + h is x; 1e-5 is a good step"
            raise ValueError(f"{name}: h must be large enough to change x, got {h:g}: {good}")


def check_sizes(name, key, sizes, given):
    check_list(name, key, sizes, "whole numbers, from the input to the output")
    if len(sizes) < 2:
        raise ValueError(f"{name}: {key} must list an input and an output at least, got {brief(sizes)}")
    sizes = [check_count(name, f"{key}[{k}]", size) for k, size in enumerate(sizes)]
    for k, (n_in, n_out) in enumerate(zip(sizes, sizes[1:])):
        check_amount(name, f"the product of {key}[{k}] and {key}[{k + 1}]", n_in * n_out)
    return sizes


def check_rng(name, key, rng, given):
    if not isinstance(rng, np.random.Generator):
        advice = "pass np.random.default_rng(seed)"
        raise TypeError(f"{name}: {key} must be a numpy.random.Generator, got {brief(rng)}; {advice}")


def check_dtype(name, key, dtype, given):
    try:
        known = np.dtype(dtype) in (FLOAT64, FLOAT32)
    except Exception:  # NumPy raises whatever its parser ran into
        known = False
    if not known or dtype is None:
        raise TypeError(f"{name}: {key} must be float64 or float32, got {brief(dtype)}")


def check_labels(name, key, labels, given):
    check_array(name, key, labels, dtype="int")
    if labels.dtype.kind not in "iu":
        raise TypeError(f"{name}: {key} must be whole numbers, got {labels.dtype}")
    check_shapes(name, [(key, ("N",), labels)])


def check_n_classes(name, key, n_classes, given):
    n_classes, labels = check_count(name, key, n_classes, least=2), given["labels"]
    if isinstance(labels, np.ndarray) and not (0 <= labels.min() and labels.max() < n_classes):
        wrong = labels[(labels < 0) | (labels >= n_classes)][0]
        span = f"0 and n_classes - 1 = {n_classes - 1}"
        raise ValueError(f"{name}: labels must lie between {span}, got {wrong}")
    check_amount(name, "the number of labels times n_classes", n_classes * len(labels))
    return n_classes


def check_n(name, key, n, given):
    n = check_count(name, key, n)
    check_amount(name, key, n)
    return n


def check_size(name, key, size, given):
    size = check_count(name, key, size)
    if size > given["n"]:
        raise ValueError(f"{name}: {key} must be at most n = {given['n']}, got {brief(size)}")
    return size


# What several of them are made of -----------------------------------------------------------------------------------


def check_list(name, key, things, what, n=None):
    """A list of n things, or of any number but none."""
    is_list = isinstance(things, (list, tuple))
    if not is_list or not things or n not in (None, len(things)):
        expected, kind = what if n is None else f"{n} {what}", type(things).__name__
        got = f"a {kind} of {len(things)}" if is_list else kind
        raise ValueError(f"{name}: {key} must be a list of {expected}, got {got}")


def check_layers(name, key, layers, parts, n=None):
    """A list with a tuple of arrays per layer, such as params with W and b."""
    check_list(name, key, layers, f"tuples ({', '.join(parts)}), one per layer", n)
    for k, layer in enumerate(layers):
        check_list(name, f"{key}[{k}]", layer, f"arrays ({', '.join(parts)})", len(parts))


def check_function(name, key, function, given=None):
    if not callable(function):
        raise TypeError(f"{name}: {key} must be a function, got {brief(function)}")


def check_known(name, key, function, table):
    """A function with a partner in the table."""
    check_function(name, key, function)
    try:
        table[function]
    except ValueError as error:
        raise ValueError(f"{name}: {key}: {error}") from None
    except TypeError:
        advice = "it cannot be hashed, so no table can hold it; pass a plain function"
        raise TypeError(
            f"{name}: {key} must be a function that a table knows, got {name_of(function)}: {advice}"
        ) from None


def check_count(name, key, count, given=None, least=1):
    """A whole number, of whatever width; returns it as Python's, which cannot overflow."""
    whole = isinstance(count, (int, np.integer)) and not isinstance(count, (bool, np.timedelta64))
    if not whole or count < least:
        raise ValueError(f"{name}: {key} must be a whole number from {least} on, got {brief(count)}")
    return operator.index(count)


def check_amount(name, what, amount):
    if amount > MOST:
        raise ValueError(f"{name}: {what} must be at most {MOST}, which is 16 gigabytes, got {brief(amount)}")


def check_number(name, key, number, given=None, below=np.inf):
    """A positive number; returns it as a plain float, since a NumPy float64 would widen float32 arrays."""
    real = isinstance(number, (int, float, np.integer, np.floating)) and not isinstance(number, (bool, np.timedelta64))
    if not real or not 0 < number < below or number > sys.float_info.max or float(number) == 0:
        raise ValueError(f"{name}: {key} must be a number above 0 and below {below}, got {brief(number)}")
    return float(number)


# The table ----------------------------------------------------------------------------------------------------------

PROMISED = {
    "params": check_params,
    "acts": check_acts,
    "loss": check_loss,
    "trace": check_trace,
    "grads": check_gradients,
    "input_grad": check_flag,
    "sizes": check_sizes,
    "labels": check_labels,
    "n_classes": check_n_classes,
    "n": check_n,
    "size": check_size,
    "epochs": check_count,
    "batch_size": check_count,
    "learning_rate": check_number,
    "h": partial(check_number, below=1),
    "rng": check_rng,
    "dtype": check_dtype,
}
