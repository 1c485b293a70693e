"""The search for the mistakes that explain gradients, down to their last entry.

Every mistake of the table is made in the backward pass, everywhere, in the hidden layers and in one layer, and is kept if
what comes out is what is on trial. Two mistakes are made together where no single one is enough. A few mistakes have a
constant, such as the strength of a weight decay, which least squares finds first.
"""

from collections import defaultdict
from itertools import combinations_with_replacement, product
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

from .mistakes import MISTAKES, Edit, Mistake, Net, backward_layer

IMPOSSIBLE = (
    ValueError,
    LookupError,
    AttributeError,
)  # what an edit raises: sizes do not fit, or there is no such thing


class Case(NamedTuple):
    """Gradients on trial, beside nnlib's own."""

    net: Net
    right: list  # what `backward_layer` returns for each layer when no mistake is made
    grads: list
    tolerance: float
    slack: list  # for the rounding of each of `grads`
    slack_right: list  # and of each that is right

    @classmethod
    def of(cls, net, grads, tolerance):
        right = run(net)
        slack, slack_right = ([rounding(pair, tolerance) for pair in pairs] for pairs in (grads, map(grads_of, right)))
        return cls(net, right, grads, tolerance, slack, slack_right)


class Made(NamedTuple):
    """A mistake, in one of its ways, in some layers."""

    mistake: Mistake
    edit: Edit
    layers: tuple
    constant: float = 0.0

    def at(self, constant):
        """The same with a value for its constant."""
        return self._replace(edit=self.edit.at(constant), constant=constant)


def walk(net, made=()):
    """The backward pass with these mistakes: what `backward_layer` returns, from the last layer to the first."""
    s = SimpleNamespace(dx=net.g)
    for k in reversed(range(len(net.acts))):
        s = backward_layer(net, k, s, [m.edit for m in made if k in m.layers])
        yield s


def run(net, made=()):
    """The same from the first layer on, as gradients are listed."""
    return list(walk(net, made))[::-1]


def grads_of(s):
    return s.dW, s.db


def rounding(pair, tolerance):
    """How far rounding may take dW and db: it is relative to the numbers that were summed, which may cancel in one of them."""
    sizes = [np.abs(X).max() for X in pair]
    return [tolerance * max(size, max(sizes) / 10) for size in sizes]


def agree(got, want, slack, judged=(1, 0)):
    """Whether two pairs (dW, db), or what is `judged` of them, are equal but for rounding."""
    return all(np.shape(got[j]) == np.shape(want[j]) and np.abs(got[j] - want[j]).max() <= slack[j] for j in judged)


# Where a mistake can be made ----------------------------------------------------------------------------------------


def effect(case, k, edit):
    """What an edit does to layer k: it "changes" it, or "nothing"; or the sizes make it "unfit", or it is "absent"."""
    right = case.right[k]
    try:
        s = backward_layer(case.net, k, right.above, [edit])
    except ValueError:
        return "unfit"
    except IMPOSSIBLE:
        return "absent"
    same = agree(grads_of(s), grads_of(right), case.slack_right[k]) and (
        k == 0 or np.allclose(s.dx, right.dx, case.tolerance, 0)
    )
    return "nothing" if same else "changes"


def effects(case, mistake):
    """For each edit of a mistake, what it does to the layers that it concerns."""
    for edit in mistake.edits:
        tried = edit.at(1.0) if mistake.fitted else edit
        yield edit, {k: effect(case, k, tried) for k, s in enumerate(case.right) if mistake.where(s)}


def places(case):
    """Every mistake wherever it changes anything: everywhere, in the hidden layers, in one; those with a constant apart."""
    certain, fitted = [], []
    for mistake in MISTAKES:
        for edit, found in effects(case, mistake):
            everywhere = tuple(k for k, what in found.items() if what == "changes")
            hidden = tuple(k for k in everywhere if k < len(case.right) - 1)
            for layers in filter(None, dict.fromkeys([everywhere, hidden, *((k,) for k in everywhere)])):
                (fitted if mistake.fitted else certain).append(Made(mistake, edit, layers))
    return certain, fitted


def touched(case, made):
    """Which gradients of each layer a mistake makes wrong: 0 for dW, 1 for db."""
    layers = zip(run(case.net, [made]), case.right, case.slack_right)
    return [[j for j in (0, 1) if not agree(grads_of(s), grads_of(right), slack, [j])] for s, right, slack in layers]


# Which of them explain the gradients --------------------------------------------------------------------------------


def search(case):
    """The explanations by the fewest mistakes. Those of the same names differ in the place alone: the widest is kept."""
    certain, fitted = places(case)
    for groups in [certain], [certain, certain]:
        found = [*explain(case, groups), *fit(case, groups[1:], fitted)]
        found.sort(key=lambda made: (-sum(len(m.layers) for m in made), sum(bool(m.edit.only) for m in made)))
        distinct = {}
        for made in found:
            names = tuple(sorted(m.mistake.name for m in made))
            if len(set(names)) == len(made) or not set(made[0].layers) & set(
                made[-1].layers
            ):  # nobody errs twice in one place
                distinct.setdefault(names, made)
        if distinct:
            return list(distinct.values())
    return []


def explain(case, groups, judged=None, k=None, above=None):
    """Every choice of one mistake from each group that makes the gradients on trial, or what is `judged` of each layer.

    The walk goes back through the layers as the gradient does. Mistakes that do the same in a layer take the step
    together, and are dropped together where it does not lead to the gradients on trial.
    """
    if k is None:
        k, above = len(case.right) - 1, case.right[-1].above
    if k < 0:
        yield from choose(groups)
        return
    parts = {id(group): by_edit(group, k) for group in groups}
    choices = list(choose([parts[id(group)] for group in groups]))
    for choice in progress(choices, "pairs of mistakes") if len(choices) > 1000 else choices:
        try:
            s = backward_layer(case.net, k, above, [edit for edit, _ in choice if edit])
        except IMPOSSIBLE:
            continue
        if agree(case.grads[k], grads_of(s), case.slack[k], judged[k] if judged else (1, 0)):
            yield from explain(case, [group for _, group in choice], judged, k - 1, s)


def by_edit(group, k):
    """The mistakes of a group, by what they do in layer k."""
    parts = defaultdict(list)
    for made in group:
        parts[made.edit if k in made.layers else None].append(made)
    return list(parts.items())


def choose(groups):
    """One from each group; two from the same group in one order only."""
    if len(groups) == 2 and groups[0] is groups[1]:
        return combinations_with_replacement(groups[0], 2)
    return product(*groups)


def progress(items, label):
    """A progress bar for what takes more than a second; only in a terminal, and where tqdm is installed."""
    try:
        from tqdm import tqdm
    except ImportError:
        return items
    return tqdm(items, desc=label, disable=None, leave=False, delay=1)


# Mistakes with a constant -------------------------------------------------------------------------------------------


def fit(case, groups, fitted):
    """The same choices, each with one of the mistakes that have a constant."""
    for made in fitted:
        judged = [[j for j in (1, 0) if j not in wrong] for wrong in touched(case, made.at(1.0))]
        for others in explain(case, groups, judged):  # they must make alone what the constant does not touch
            together = (*others, made.at(constant(case, others, made)))
            if any(explain(case, [[m] for m in together])):
                yield together


def constant(case, others, made):
    """Least squares in the first layer that the constant reaches, whose gradients are straight lines in it; or NaN."""
    try:
        for got, *ends in zip(case.grads[::-1], *(walk(case.net, [*others, made.at(c)]) for c in (0.0, 1.0))):
            got, start, end = (np.concatenate([np.ravel(X) for X in pair]) for pair in (got, *map(grads_of, ends)))
            slope = end - start
            if np.count_nonzero(slope) > 1:  # a single number would agree with any constant
                return (got - start) @ slope / (slope @ slope)
    except IMPOSSIBLE:
        pass
    return np.nan
