"""Numerical derivatives, and the comparison of a hand-derived rule with them.

Every check perturbs in float64, divides by the step really taken, and compares relative to the size of the gradient, so
that a loss scaled by a millionth is judged the same.
"""

import functools
import inspect
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .contracts import (
    Array,
    all_finite,
    as_float,
    check_arrays,
    check_function,
    check_kind,
    check_number,
    check_rng,
    contract,
    requires,
)

TOLERANCE = {np.dtype(np.float64): 1e-7, np.dtype(np.float32): 1e-4}  # by the kind of number of the gradient on trial
ROUNDING = 1e-10  # of a central difference, relative to the value differentiated: the spacing of floats over the step
STEPS = (
    2e-5,
    1e-5,
    0.5e-5,
)  # tried for bends: two steps alone agree on a kink at a third of the larger, as if f were smooth
KINK = 1e-9  # of a bend: ten times that rounding, for a kink may weigh little beside the largest entry

# What the functions below require ---------------------------------------------------------------------------------------


def held(name, f, shape=None):
    """f, held to finite real numbers in one shape: the given one, or that of the first call."""

    @functools.wraps(f)
    def checked(*args):
        nonlocal shape
        value = f(*args)
        check_arrays(name, [("the value of f", ("...",), value)], kinds="f")
        shape = np.shape(value) if shape is None else shape
        if np.shape(value) != shape:
            expected = f"shape {shape} again" if shape else "one number (for arrays there is numerical_jacobian)"
            raise ValueError(f"{name}: f must return {expected}, got shape {np.shape(value)}")
        return as_float(value)

    return checked


def check_numerical(name, f, x, h):
    check_function(name, "f", f)
    check_arrays(name, [("x", ("...",), x)], kinds="f")
    return {"f": held(name, f), "h": check_number(name, "h", h, below=1)}


def check_numerical_scalar(name, f, x, h):
    return {**check_numerical(name, f, x, h), "f": held(name, f, shape=())}


def check_rule(name, f, f_vjp, args, rng):
    check_function(name, "f", f)
    check_function(name, "f_vjp", f_vjp)
    if not args:
        raise TypeError(f"{name}: expected the arguments of f after f_vjp, got none")
    for key, arg in zip(argument_names(f, len(args)), args):
        check_arrays(name, [(key, ("...",), arg)], kinds="f")
    check_rng(name, rng)

    def rule(g, out, *args):
        """f_vjp, held to one real gradient per argument."""
        grads = as_tuple(f_vjp(g, out, *args))
        if len(grads) != len(args):
            raise ValueError(
                f"{name}: f_vjp must return one gradient per argument, expected {len(args)}, got {len(grads)}"
            )
        for key, grad in zip(argument_names(f, len(args)), grads):
            check_kind(name, f"the d{key} of f_vjp", grad, kinds="f")
        return grads

    return {"f": held(name, f), "f_vjp": rule, "args": tuple(map(as_float, args))}


def check_rule_shapes(name, f, f_vjp, args, rng):
    checked = check_rule(name, f, f_vjp, args, rng)

    def rule(g, out, *args):
        """f_vjp, held to gradients in the shapes of the arguments."""
        grads = checked["f_vjp"](g, out, *args)
        for key, arg, grad in zip(argument_names(f, len(args)), args, grads):
            check_arrays(name, [(key, ("...",), arg), (f"the d{key} of f_vjp", ("...",), grad)], kinds="f")
        return grads

    return {**checked, "f_vjp": rule}


# Numerical derivatives --------------------------------------------------------------------------------------------------


def nudge(x: Array, i: tuple, h: float) -> tuple:
    """Two float64 copies of x, whose entry i is h * max(1, |x_i|) more and less (chapter 2)."""
    up, down = np.array(x, dtype=float), np.array(x, dtype=float)
    step = h * max(1, abs(up[i]))
    up[i] += step
    down[i] -= step
    return up, down


@requires(check_numerical_scalar)
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

    Raises
    ------
    ValueError, TypeError, FloatingPointError
        If `f` does not return one finite real number, `x` is no array of finite reals, or `h` no small step.

    Notes
    -----
    Built in chapter 2; its error in chapter 4.
    """
    grad = np.empty(np.shape(x))
    for i in np.ndindex(grad.shape):
        up, down = nudge(x, i, h)
        grad[i] = (f(up) - f(down)) / (up[i] - down[i])
    return grad


@requires(check_numerical)
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

    Raises
    ------
    ValueError, TypeError, FloatingPointError
        If `f` does not return finite reals, `x` is no array of finite reals, or `h` no small step.

    Notes
    -----
    Built in chapter 3.
    """
    columns = []
    for i in np.ndindex(np.shape(x)):
        up, down = nudge(x, i, h)
        columns.append((f(up) - f(down)) / (up[i] - down[i]))
    return np.stack(columns, axis=-1).reshape(np.shape(columns[0]) + np.shape(x))


# The comparison ---------------------------------------------------------------------------------------------------------


@contract("..., ... ->")
def relative_error(got: Array, expected: Array) -> float:
    """The largest difference of two gradients, relative to the largest entry of both; 0 if both are 0 (chapter 4)."""
    size = max(np.abs(got).max(), np.abs(expected).max())
    return np.abs(got - expected).max() / size if size > 0 else 0.0


def as_tuple(grads) -> tuple:
    """What a rule returns, with a single gradient as a tuple of one (chapter 4)."""
    return grads if isinstance(grads, tuple) else (grads,)


@requires(check_rule_shapes)
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

    Raises
    ------
    ValueError, TypeError, FloatingPointError
        If the rule returns another number of gradients or other shapes, or an argument is no array of finite reals.

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
        """Whether the worst error is within the tolerance."""
        return self.worst <= self.tolerance

    def __str__(self):
        lines = f"{self.name} {self.shape}: relative error {self.worst:.1e}, {'right' if self.ok else 'WRONG'}"
        if not self.ok and self.at is not None:
            lines += f" at {list(self.at)}: got {self.got:.9g}, expected {self.expected:.9g}"
        return lines + (f"; {self.note}" if self.note else "")


class CheckResult(NamedTuple):
    """The verdict of a gradient check; true when no entry is wrong."""

    entries: tuple  #: of CheckEntry, one per argument or parameter

    @property
    def ok(self) -> bool:
        """Whether every entry is right."""
        return all(entry.ok for entry in self.entries)

    def __bool__(self):
        return self.ok

    def __str__(self):
        wrong = [entry.name for entry in self.entries if not entry.ok]
        head = f"wrong: {', '.join(wrong)}" if wrong else "right: every gradient agrees with the numerical derivative"
        return "\n  ".join([head, *map(str, self.entries)])


def compare(name: str, got: Array, expected: Array, kinks: Array, size_of_f: float, note: str = "") -> CheckEntry:
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
    worst = error[at] / max(sizes.max(), ROUNDING * size_of_f / tolerance, np.finfo(float).tiny)
    return CheckEntry(
        name,
        shape,
        float(worst),
        tuple(map(int, at)),
        float(got[at]),
        float(expected[at]),
        int(kinks.sum()),
        tolerance,
        note,
    )


@requires(check_rule)
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

    Raises
    ------
    ValueError, TypeError, FloatingPointError
        If the rule returns another number of gradients, or an argument is no array of finite reals.

    Notes
    -----
    Shown in chapter 4.
    """
    out = f(*args)
    g = rng.standard_normal(np.shape(out)).astype(np.result_type(out))
    exact = [np.array(a, dtype=float) for a in args]
    size_of_f = abs(g * out).sum()
    names = argument_names(f, len(args))
    entries = []
    for k, got in enumerate(f_vjp(g, out, *args)):

        def along(x):
            return (g * f(*exact[:k], x, *exact[k + 1 :])).sum()

        sides = [one_sided_slopes(along, exact[k], h) for h in STEPS]
        bends = [(right - left) * STEPS[1] / h for h, (left, right) in zip(STEPS, sides)]  # all alike where f is smooth
        kinks = np.ptp(bends, axis=0) > KINK * size_of_f
        note = kink_note(kinks, *sides[0]) if kinks.any() else ""
        left, right = sides[1]
        expected = (left + right) / 2
        entries.append(compare(names[k], got, expected, kinks, size_of_f, note))
    return CheckResult(tuple(entries))


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


def argument_names(f: Callable, n: int) -> list:
    try:
        names = [name for name, p in inspect.signature(f).parameters.items() if p.kind != p.VAR_POSITIONAL]
    except (TypeError, ValueError):  # some functions written in C have no signature
        names = []
    return (names + [f"argument {k + 1}" for k in range(len(names), n)])[:n]
