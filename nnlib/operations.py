"""What is wrong with the rule of one operation, in words: from its gradients, the right ones, and the operation itself.

Nothing is known of the operation but its values, so what is named is a relation between numbers: a factor, a gradient
taken entry by entry, statistics held constant, a mask or a sum that was left out, an index that was overwritten.
"""

from collections.abc import Callable
from itertools import combinations
from typing import NamedTuple

import numpy as np

ACCURACY = 1e-6  # of a numerical derivative, relative to the largest entry
MOST = 40_000  # derivatives of single entries by single entries, where they are needed


class Finding(NamedTuple):
    """Something that is known of a wrong gradient."""

    argument: str  #: whose gradient it is
    name: str  #: of the mistake; empty where it is only a description
    sentence: str


class Trial(NamedTuple):
    """The gradient of one argument, on trial."""

    f: Callable
    args: tuple
    g: np.ndarray
    k: int  #: which argument
    got: np.ndarray
    want: np.ndarray
    names: list

    @property
    def x(self):
        return self.args[self.k]

    @property
    def name(self):
        return self.names[self.k]

    def of(self, x):
        """f with another value for this argument."""
        return np.asarray(self.f(*self.args[: self.k], x, *self.args[self.k + 1 :]))


def findings(f: Callable, args: tuple, g, got: list, expected: list, names: list) -> list:
    """What is known of each wrong gradient: its name where it has one, and how much of it is wrong.

    Parameters
    ----------
    f : function
        The operation, from `args` to an array.
    args : tuple of arrays
        Where its rule was tried.
    g : array, shape of f(*args)
        What the rule was given.
    got, expected : lists of arrays
        The gradients on trial, and the numerical ones; those with another shape than expected are passed over.
    names : list of str
        What the arguments are called.

    Returns
    -------
    findings : list of Finding
    """
    args = tuple(np.asarray(a, dtype=float) for a in args)
    g, found = np.asarray(g, dtype=float), []
    for k, (mine, right) in enumerate(zip(got, expected)):
        mine, right = np.asarray(mine, dtype=float), np.asarray(right, dtype=float)
        if mine.shape != right.shape:
            continue
        trial = Trial(f, args, g, k, mine, right, names)
        if alike(mine, right):
            continue
        named = next(filter(None, (look(trial, expected) for look in LOOKS)), None)
        found += [named] if named else []
        found += [Finding(trial.name, "", words) for words in [how_many(trial)] if words]
    return found


def alike(one, other):
    """Whether two arrays are equal, as far as a numerical derivative can say."""
    return np.shape(one) == np.shape(other) and bool(
        np.abs(one - other).max() <= ACCURACY * max(np.abs(one).max(), np.abs(other).max())
    )


def number(value):
    nearest = float(f"{value:.6g}")
    return f"{nearest:g}".replace("-", "−")


def broadcasts(shape, to):
    """Whether an array of this shape fits in one of that shape, entry by entry."""
    return len(shape) <= len(to) and all(n in (1, m) for n, m in zip(shape[::-1], to[::-1]))


def say(trial, name, words):
    return Finding(trial.name, name, f"d{trial.name} {words}")


# What can be recognised -----------------------------------------------------------------------------------------------


def factor(trial, expected):
    """A common factor, or one of the arguments left out or there once too often."""
    got, want = trial.got, trial.want
    if got.size > 1 and (want * want).sum() > 0:
        c = (got * want).sum() / (want * want).sum()
        if abs(c) > ACCURACY and alike(got, c * want):
            return say(trial, "factor", f"is {number(c)} times the right one.")
    for arg, name in zip(trial.args, trial.names):
        if np.ptp(arg) == 0 or not broadcasts(arg.shape, want.shape):
            continue  # a single number would be a common factor
        with np.errstate(all="ignore"):
            for words, product in (("lacks the factor", got * arg), ("has once too often the factor", got / arg)):
                if np.isfinite(product).all() and np.any(want) and alike(product, want):
                    return say(trial, "factor", f"{words} {name}.")
    return None


def of_another(trial, expected):
    """The gradient of another argument."""
    for name, other in zip(trial.names, expected):
        if (
            name != trial.name
            and trial.got.size > 1
            and np.any(other)
            and alike(trial.got, np.asarray(other, dtype=float))
        ):
            return say(trial, "", f"is the gradient of {name}.")
    return None


def summed_too_much(trial, expected):
    """One number for many: a sum or a mean over axes that the argument has."""
    got, want = trial.got, trial.want
    for axes in subsets(got.ndim):
        if np.ptp(got, axis=axes).max() > ACCURACY * np.abs(got).max() or np.prod([got.shape[a] for a in axes]) < 2:
            continue
        for word, total in (("sum", want.sum(axes, keepdims=True)), ("mean", want.mean(axes, keepdims=True))):
            if np.any(total) and alike(got, np.broadcast_to(total, got.shape)):
                return say(
                    trial,
                    "summed_too_much",
                    f"has the {word} of the right one, along {in_words(axes, got.ndim)}, in every entry.",
                )
    return None


def mask_missing(trial, expected):
    """Right wherever f lets something pass, and not 0 where it does not."""
    shut = np.abs(trial.want) <= ACCURACY * np.abs(trial.want).max()
    if (
        shut.any()
        and not shut.all()
        and (np.abs(trial.got[shut]) > 0).any()
        and alike(trial.got[~shut], trial.want[~shut])
    ):
        return say(
            trial,
            "mask_missing",
            f"is not 0 where {trial.name} has no influence, in {shut.sum()} of {shut.size} entries; "
            "elsewhere it is right.",
        )
    return None


def elementwise(trial, expected):
    """g times the diagonal of the Jacobian, where entries influence one another."""
    if trial.g.shape != trial.x.shape or trial.x.size**2 > MOST:
        return None
    diagonal = np.array([derivative(trial, i)[i] for i in np.ndindex(trial.x.shape)]).reshape(trial.x.shape)
    if alike(trial.got, trial.g * diagonal):
        return say(
            trial,
            "elementwise",
            "was taken entry by entry, g times ∂out[i]/∂x[i]: here every entry of the result depends on several.",
        )
    return None


def statistics_constant(trial, expected):
    """The mean, the variance or the length over some axes held constant: what is left out lies in their direction."""
    x, rest = trial.x, trial.got - trial.want
    if trial.g.shape != x.shape:
        return None
    out = trial.of(x)
    for axes in subsets(x.ndim):
        n = np.prod([x.shape[a] for a in axes])
        if n < 4:
            continue
        shift = alike(trial.of(x + 1.0), out)
        scale = np.abs(trial.of(3.0 * x) - out).max() <= 1e-3 * np.abs(out).max()  # but for a small ε in it
        if not (shift or scale):
            return None
        centred = x - x.mean(axes, keepdims=True)
        directions = {
            "the mean": np.ones_like(x) * shift,
            "the variance" if shift else "the length": (centred if shift else x) * scale,
        }
        parts = {what: project(rest, d, axes) for what, d in directions.items() if np.any(d)}
        if not alike(sum(parts.values()), rest):
            continue
        held = [what for what, part in parts.items() if np.abs(part).max() > 1e-5 * np.abs(rest).max()]
        return say(
            trial,
            "statistics_constant",
            f"treats {' and '.join(held)} along {in_words(axes, x.ndim)} as constant: "
            f"{'they depend' if len(held) > 1 else 'it depends'} on {trial.name} too.",
        )
    return None


def overwritten_index(trial, expected):
    """Slices that are used several times have the contribution of one use alone."""
    x, g, out = trial.x, trial.g, trial.of(trial.x)
    if not x.ndim or not g.ndim or x.size * out.size > MOST:
        return None
    J = np.stack([derivative(trial, i) for i in np.ndindex(x.shape)], axis=-1).reshape(*out.shape, *x.shape)
    uses = np.stack([np.tensordot(g[j], J[j], g.ndim - 1) for j in range(len(g))])  # the share of each g[j]
    size = ACCURACY * np.abs(trial.want).max()
    used = (np.abs(uses) > size).reshape(len(g), len(x), -1).any(axis=-1)  # (use, slice)
    several = np.flatnonzero(used.sum(axis=0) > 1)
    wrong = [r for r in range(len(x)) if np.abs(trial.got[r] - trial.want[r]).max() > size]
    if not wrong or not set(wrong) <= set(several):
        return None
    if all(any(np.abs(trial.got[r] - uses[j, r]).max() <= size for j in np.flatnonzero(used[:, r])) for r in wrong):
        which = f"{trial.name}[{wrong[0]}] is" if len(wrong) == 1 else f"{len(wrong)} slices of {trial.name} are"
        return say(
            trial,
            "overwritten_index",
            f"counts one use alone where {which} used several times: they add up (np.add.at).",
        )
    return None


def remainder(trial, expected):
    """g minus the right one, as of x - f(x) for f(x)."""
    if trial.g.shape == trial.want.shape and alike(trial.got, trial.g - trial.want):
        return say(trial, "", "and the right one add up to g: it is 1 − f' for f'.")
    return None


LOOKS = (
    factor,
    of_another,
    summed_too_much,
    statistics_constant,
    elementwise,
    overwritten_index,
    mask_missing,
    remainder,
)

# How much is wrong ----------------------------------------------------------------------------------------------------


def how_many(trial):
    """How many entries are wrong, and whether these are whole slices."""
    size = ACCURACY * max(np.abs(trial.got).max(), np.abs(trial.want).max())
    wrong = np.abs(trial.got - trial.want) > size
    if wrong.all() or wrong.ndim == 0:
        return "" if wrong.size < 2 else f"All {wrong.size} entries of d{trial.name} are wrong."
    for axis in range(wrong.ndim):
        others = tuple(a for a in range(wrong.ndim) if a != axis)
        whole = wrong.all(axis=others)
        if wrong.ndim > 1 and np.array_equal(whole, wrong.any(axis=others)):
            which = ", ".join(map(str, np.flatnonzero(whole)[:8]))
            kind = (
                f"the whole {('row', 'column')[axis]}{'s' * int(whole.sum() > 1)}"
                if wrong.ndim == 2
                else f"along axis {axis} all of"
            )
            return f"Wrong in d{trial.name}: {kind} {which}."
    return f"{wrong.sum()} of {wrong.size} entries of d{trial.name} are wrong."


def in_words(axes, ndim):
    if len(axes) == ndim:
        return "all axes" if ndim > 1 else "its axis"
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"


def subsets(n):
    """All choices of axes, the smallest first."""
    return [axes for r in range(1, n + 1) for axes in combinations(range(n), r)]


def derivative(trial, i, h=1e-5):
    """The derivative of every entry of f by entry i of the argument."""
    up, down = trial.x.copy(), trial.x.copy()
    step = h * max(1, abs(trial.x[i]))
    up[i] += step
    down[i] -= step
    return (trial.of(up) - trial.of(down)) / (up[i] - down[i])


def project(values, direction, axes):
    """The part of values that lies along a direction, group by group."""
    length = (direction**2).sum(axes, keepdims=True)
    along = (values * direction).sum(axes, keepdims=True)
    return np.divide(along, length, out=np.zeros_like(along), where=length > 0) * direction
