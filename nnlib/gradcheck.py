"""Numerical derivatives, and the comparison of a hand-derived rule with them.

Every check perturbs in float64, divides by the step really taken, and compares relative to the size of the gradient, so
that a loss scaled by a millionth is judged the same.
"""

import inspect
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .arguments import as_it_is, check_function, own_copy, promises
from .contracts import Array, all_finite, as_float, bare, check_arrays, check_kind, contract, original
from .operations import findings

TOLERANCE = {np.dtype(np.float64): 1e-7, np.dtype(np.float32): 1e-4}  # by the kind of number of the gradient on trial
ROUNDING = 1e-10  # of a central difference, relative to the value differentiated: the spacing of floats over the step
NARROW = 1e-2  # the same where f computes in float32
HIDDEN = 1e-3  # a gradient of which rounding leaves fewer than three digits is not judged
STEPS = (
    2e-5,
    1e-5,
    0.5e-5,
)  # tried for bends: two steps alone agree on a kink at a third of the larger, as if f were smooth

# Functions on trial -------------------------------------------------------------------------------------------------


def on_trial(name, f, shape=None):
    """f, given copies, and held to finite real numbers in one shape: the given one, or that of the first call.

    Of nnlib's own functions the first call is checked, the others, on nudged arguments, run bare.
    """
    run = f

    def trial(*args):
        nonlocal run, shape
        copies = [own_copy(arg) for arg in args]
        value = own_copy(run(*copies))
        check_arrays(name, [("the value of f", ("...",), value)], "f")
        run, shape = bare(f), np.shape(value) if shape is None else shape
        if np.shape(value) != shape:
            expected = f"shape {shape} again" if shape else "one number (for arrays there is numerical_jacobian)"
            raise ValueError(f"{name}: f must return {expected}, got shape {np.shape(value)}")
        trial.changed |= changes(args, copies)
        return as_float(value)

    trial.changed, trial.__original__ = set(), f
    return trial


def changes(given, copies):
    """The places of the arguments that a function wrote into."""
    return {k for k, (a, b) in enumerate(zip(given, copies)) if isinstance(a, np.ndarray) and (a != b).any()}


def array_function(name, key, f, given):
    check_function(name, key, f)
    return on_trial(name, f)


def number_function(name, key, f, given):
    check_function(name, key, f)
    return on_trial(name, f, shape=())


def rule(name, key, f_vjp, given):
    """A rule, given copies, and held to one real gradient per argument."""
    check_function(name, key, f_vjp)
    names = argument_names(original(given["f"]), len(given["args"]))

    def trial(*given):
        copies = [own_copy(arg) for arg in given]
        returned = f_vjp(*copies)
        if isinstance(returned, list) and len(returned) == len(names):
            returned = tuple(returned)
        grads = tuple(map(own_copy, as_tuple(returned)))
        if len(grads) != len(names):
            expected = f"expected {len(names)}, got {len(grads)}"
            raise ValueError(f"{name}: f_vjp must return one gradient per argument, {expected}")
        for each, grad in zip(names, grads):
            check_kind(name, f"the d{each} of f_vjp", grad, "f")
        trial.changed |= changes(given, copies)
        return grads

    trial.changed = set()
    return trial


def fitting_rule(name, key, f_vjp, given):
    """The same, held to gradients in the shapes of the arguments."""
    trial = rule(name, key, f_vjp, given)
    names = argument_names(original(given["f"]), len(given["args"]))

    def fitting(g, out, *args):
        grads = trial(g, out, *args)
        for each, arg, grad in zip(names, args, grads):
            check_arrays(name, [(each, ("...",), arg), (f"the d{each} of f_vjp", ("...",), grad)], "f")
        return grads

    return fitting


def arrays(name, key, args, given):
    if not args:
        raise TypeError(f"{name}: expected the arguments of f after f_vjp, got none")
    for each, arg in zip(argument_names(original(given["f"]), len(args)), args):
        check_arrays(name, [(each, ("...",), arg)], "f")
    return tuple(map(as_float, args))


def argument_names(f, n):
    try:
        names = [name for name, p in inspect.signature(f).parameters.items() if p.kind != p.VAR_POSITIONAL]
    except (TypeError, ValueError):  # some functions written in C have no signature
        names = []
    return (names + [f"argument {k + 1}" for k in range(len(names), n)])[:n]


# Numerical derivatives ----------------------------------------------------------------------------------------------


def nudge(x: Array, i: tuple, h: float) -> tuple:
    """Two float64 copies of x, whose entry i is h * max(1, |x_i|) more and less (chapter 2)."""
    up, down = np.array(x, dtype=float), np.array(x, dtype=float)
    step = h * max(1, abs(up[i]))
    up[i] += step
    down[i] -= step
    return up, down


@promises(real=True, x=("...",), f=number_function)
def numerical_grad(f: Callable, x: Array, h: float = 1e-5) -> Array:
    r"""The gradient of a scalar function by central differences: nudge one entry, hold the rest.

    Parameters
    ----------
    f : function
        From an array like `x` to one number.
    x : array of any shape, or a number
        Where the gradient is wanted.
    h : float
        The step, relative to an entry larger than 1.

    Returns
    -------
    grad : float64 array, shape of `x`
        :math:`(f(x + s_i e_i) - f(x - s_i e_i)) / 2 s_i` with :math:`s_i = h \max(1, |x_i|)`.

    Notes
    -----
    Built in chapter 2; its error in chapter 4.
    """
    grad = np.empty(np.shape(x))
    for i in np.ndindex(grad.shape):
        up, down = nudge(x, i, h)
        grad[i] = (f(up) - f(down)) / (up[i] - down[i])
    return grad


@promises(real=True, x=("...",), f=array_function)
def numerical_jacobian(f: Callable, x: Array, h: float = 1e-5) -> Array:
    """The Jacobian of an array function by central differences, one column per entry of x.

    Parameters
    ----------
    f : function
        From an array like `x` to an array.
    x : array of any shape, or a number
        Where the Jacobian is wanted.
    h : float
        The step, relative to an entry larger than 1.

    Returns
    -------
    J : float64 array, shape of ``f(x)`` + shape of `x`
        ``J[k, i]`` is the derivative of output k with respect to input i.

    Notes
    -----
    Built in chapter 3.
    """
    columns = []
    for i in np.ndindex(np.shape(x)):
        up, down = nudge(x, i, h)
        columns.append((f(up) - f(down)) / (up[i] - down[i]))
    return np.stack(columns, axis=-1).reshape(np.shape(columns[0]) + np.shape(x))


# The comparison -----------------------------------------------------------------------------------------------------


@contract("..., ... ->")
def relative_error(got: Array, expected: Array) -> float:
    """The largest difference of two gradients, relative to the largest entry of both.

    Parameters
    ----------
    got, expected : arrays of one shape, or numbers
        In either order.

    Returns
    -------
    error : float
        0 where both are 0 throughout; two gradients of opposite sign have 2.

    Notes
    -----
    Built in chapter 4.
    """
    size = max(np.abs(got).max(), np.abs(expected).max())
    return np.abs(got - expected).max() / size if size > 0 else 0.0


def as_tuple(grads) -> tuple:
    """What a rule returns, with a single gradient as a tuple of one (chapter 4)."""
    return grads if isinstance(grads, tuple) else (grads,)


@promises(real=True, f=array_function, f_vjp=fitting_rule, args=arrays)
def vjp_error(f: Callable, f_vjp: Callable, *args: Array, rng: np.random.Generator) -> float:
    r"""How far a rule is from the numerical derivative, for one random g.

    Parameters
    ----------
    f : function
        From `args` to an array.
    f_vjp : function
        Its rule: ``f_vjp(g, out, *args)`` returns one gradient per argument.
    *args : arrays
        Where the rule is tried; best of sizes that are all different.
    rng : numpy.random.Generator
        Where g comes from.

    Returns
    -------
    error : float
        The worst of the arguments' `relative_error`, between the rule's gradient and that of :math:`\sum g \odot f`.

    Notes
    -----
    Built in chapter 4.
    """
    out = f(*args)
    g = rng.standard_normal(np.shape(out)).astype(np.result_type(out))
    exact = [np.array(a, dtype=float) for a in args]
    worst = 0.0
    for k, got in enumerate(as_tuple(f_vjp(g, out, *args))):
        expected = numerical_grad(lambda x: (g * f(*exact[:k], x, *exact[k + 1 :])).sum(), args[k])
        worst = max(worst, relative_error(np.array(got, dtype=float), expected))
    return worst


class CheckEntry(NamedTuple):
    """How one argument or parameter fared."""

    name: str  #: of the argument or parameter
    shape: tuple  #: of its gradient
    worst: float  #: the largest relative error
    at: tuple | None  #: where it is
    got: float | None  #: the gradient on trial there
    expected: float | None  #: the numerical derivative there
    n_kinks: int  #: entries left out, because the function bends within the step
    tolerance: float  #: the largest relative error that is accepted
    note: str = ""  #: what else there is to say

    @property
    def ok(self) -> bool:
        """Whether the worst error is within the tolerance; what cannot be judged is not right."""
        return self.worst <= self.tolerance

    @property
    def judged(self) -> bool:
        """Whether rounding leaves enough of the gradient to judge it."""
        return not np.isnan(self.worst)

    def __str__(self):
        if not self.judged:
            return f"{self.name} {self.shape}: {self.note}"
        lines = f"{self.name} {self.shape}: relative error {self.worst:.1e}, {'right' if self.ok else 'WRONG'}"
        if not self.ok and self.at is not None:
            lines += f" at {list(self.at)}: got {self.got:.9g}, expected {self.expected:.9g}"
        return lines + (f"; {self.note}" if self.note else "")


class CheckResult(NamedTuple):
    """The verdict of a gradient check; true when no entry is wrong."""

    entries: tuple  #: of CheckEntry, one per argument or parameter
    remarks: tuple = ()  #: sentences: what else was seen

    @property
    def ok(self) -> bool:
        """Whether every entry is right."""
        return all(entry.ok for entry in self.entries)

    def __bool__(self):
        return self.ok

    def __str__(self):
        wrong = [entry.name for entry in self.entries if entry.judged and not entry.ok]
        hidden = [entry.name for entry in self.entries if not entry.judged]
        head = "right: every gradient agrees with the numerical derivative"
        if wrong or hidden:
            head = f"wrong: {', '.join(wrong)}" if wrong else f"not checkable: {', '.join(hidden)}"
        return "\n  ".join([head, *map(str, self.entries), *self.remarks])


def compare(name, got, expected, kinks, size_of_f, note="", rounding=ROUNDING) -> CheckEntry:
    """Judge one gradient; `kinks` marks the entries where the numerical derivative means nothing."""
    shape, got = np.shape(expected), np.asarray(got)
    tolerance = TOLERANCE.get(got.dtype, min(TOLERANCE.values()))
    complaint = ""
    if np.shape(got) != shape:
        complaint = f"has shape {np.shape(got)}, expected {shape}"
    elif not all_finite(got):
        complaint = f"is not finite at {np.argwhere(~np.isfinite(got))[0].tolist()}"
    if complaint:
        return CheckEntry(name, shape, np.inf, None, None, None, 0, tolerance, complaint)
    error = np.where(kinks, 0, abs(got.astype(float) - expected))
    sizes = np.where(kinks, 0, np.maximum(abs(got), abs(expected)))
    at = np.unravel_index(error.argmax(), shape)
    worst = float(error[at] / max(sizes.max(), rounding * size_of_f / tolerance, np.finfo(float).tiny))
    place = tuple(map(int, at))
    return CheckEntry(name, shape, worst, place, float(got[at]), float(expected[at]), int(kinks.sum()), tolerance, note)


def unless_hidden(entry, got, expected, noise, why) -> CheckEntry:
    """The entry; not judged where the rounding of f, `noise` in a slope, hides what the gradient is."""
    size = max(abs(np.asarray(got)).max(), abs(expected).max())
    if not entry.ok or size == 0 or noise <= HIDDEN * size:
        return entry
    return entry._replace(worst=np.nan, note=f"not checkable at this size: {why}, which hides slopes of {size:.1g}")


@promises(real=True, leave=as_it_is, f=array_function, f_vjp=rule, args=arrays)
def check_vjp(f: Callable, f_vjp: Callable, *args: Array, rng: np.random.Generator) -> CheckResult:
    """Is this rule right? Compare it, for one random g, with the numerical derivative, argument by argument.

    Parameters
    ----------
    f, f_vjp, *args, rng
        As for `vjp_error`.

    Returns
    -------
    result : CheckResult
        True when the rule is right; printed, it names the argument and the entry that are wrong, and both values.
        Where f has a kink within twice the step, there is no slope to compare; such entries are counted, not judged.
        A gradient that the rounding of f hides is not judged either, and is not right.

    Notes
    -----
    Shown in chapter 4.
    """
    out = f(*args)
    g = rng.standard_normal(np.shape(out)).astype(np.result_type(out))
    exact = [np.array(a, dtype=float) for a in args]
    size_of_f = abs(g * out).sum()
    narrow = np.result_type(f(*exact)) == np.float32
    rounding, why = (NARROW, "f computes in float32") if narrow else (ROUNDING, f"f is of size {size_of_f:.1g}")
    names = argument_names(original(f), len(args))
    entries, mine, wanted = [], list(f_vjp(g, out, *args)), []
    for k, got in enumerate(mine):

        def along(x, k=k):
            return (g * f(*exact[:k], x, *exact[k + 1 :])).sum()

        sides = [one_sided_slopes(along, exact[k], h) for h in STEPS]
        bends = [(right - left) * STEPS[1] / h for h, (left, right) in zip(STEPS, sides)]  # all alike where f is smooth
        kinks = np.ptp(bends, axis=0) > 10 * rounding * size_of_f
        note = kink_note(kinks, *sides[0]) if kinks.any() else ""
        left, right = sides[1]
        expected = (left + right) / 2
        entry = compare(names[k], got, expected, kinks, size_of_f, note, rounding)
        entries.append(unless_hidden(entry, got, expected, rounding * size_of_f, why))
        wanted.append(expected if entries[k].judged and not kinks.any() else got)  # what is not judged is not explained
    said = [finding.sentence for finding in findings(f, tuple(exact), g, mine, wanted, names)]
    return CheckResult(tuple(entries), (*said, *written_into(f, f_vjp, names)))


def written_into(f, f_vjp, names):
    """What a function changed among its arguments; it was given copies, so that the verdict holds all the same."""
    for function, keys in ((f, names), (f_vjp, ["g", "out", *names])):
        if function.changed:
            what = " and ".join(keys[k] for k in sorted(function.changed))
            name = "f" if function is f else "f_vjp"
            yield f"{name} writes into its {what}: where that is used again, it is spoiled."


def kink_note(kinks: Array, left: Array, right: Array) -> str:
    i = tuple(np.argwhere(kinks)[0].tolist())
    return f"{kinks.sum()} not checkable, first {list(i)}: slopes {left[i]:.6g} and {right[i]:.6g} to its sides"


def one_sided_slopes(f: Callable, x: Array, h: float) -> tuple:
    """The difference quotients of f to the left and to the right of x, entry by entry."""
    left, right, here = np.empty(np.shape(x)), np.empty(np.shape(x)), f(x)
    for i in np.ndindex(left.shape):
        up, down = nudge(x, i, h)
        left[i] = (here - f(down)) / (x[i] - down[i])
        right[i] = (f(up) - here) / (up[i] - x[i])
    return left, right
