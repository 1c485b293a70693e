"""The search for the mistakes that explain gradients, down to their last entry.

Every mistake of the table is made in the backward pass, everywhere, in the hidden layers and in one layer, and is
kept if what comes out is what is on trial. Two mistakes are made together where no single one is enough. A few
mistakes have a constant, such as the strength of a weight decay, which least squares finds first.
"""

from collections import defaultdict
from itertools import combinations_with_replacement, product
from typing import NamedTuple

import numpy as np

from .mistakes import MISTAKES, Edit, Mistake
from .slots import SLOTS, Layer, Net, grads_of, run, walk

GRADIENTS = "dW", "db"
TRIED = 2.0  # a constant with which every mistake that has one is a mistake


class Case(NamedTuple):
    """Gradients on trial, beside the right ones."""

    net: Net
    right: list  # the layers of the backward pass without a mistake
    grads: list  # pairs (dW, db); None for one that is not on trial
    tolerance: float
    slack: list  # for the rounding of each of `grads`
    slack_right: list  # and of each that is right
    mistakes: list = MISTAKES
    turned: bool = False  # whether a reader has dW as (n_in, n_out)

    @classmethod
    def of(cls, net, grads=None, tolerance=1e-9, mistakes=MISTAKES):
        """The gradients on trial are the right ones if none are given."""
        right = run(net)
        for s in right:
            for slot in SLOTS:  # all of them: a search begins with what is known
                getattr(s, slot)
        grads = [grads_of(s) for s in right] if grads is None else grads
        slack, slack_right = ([rounding(pair, tolerance) for pair in pairs] for pairs in (grads, map(grads_of, right)))
        return cls(net, right, grads, tolerance, slack, slack_right, mistakes)


class Made(NamedTuple):
    """A mistake, in one of its ways, in some layers."""

    mistake: Mistake
    edit: Edit
    layers: tuple
    constant: float = 0.0

    def at(self, constant):
        """The same with a value for its constant."""
        return self._replace(edit=self.edit.at(constant), constant=constant)


def rounding(pair, tolerance):
    """How far rounding may take dW and db: it is relative to the numbers summed, which may cancel in one of them."""
    sizes = [0.0 if X is None else np.abs(X).max() for X in pair]
    return [tolerance * max(size, max(sizes) / 10) for size in sizes]


def close(got, want, slack):
    """Whether two gradients are equal but for rounding; one that is not on trial is."""
    return got is None or np.shape(got) == np.shape(want) and np.abs(got - want).max() <= slack


def agree(got, want, slack, judged=(1, 0)):
    """Whether two pairs (dW, db), or what is `judged` of them, are equal but for rounding."""
    return all(close(got[j], want[j], slack[j]) for j in judged)


def slot_of(s, slot):
    """What stands in a slot; None where NumPy says that the sizes do not fit."""
    try:
        return getattr(s, slot)
    except ValueError:
        return None


def fits(case, k, s, judged=(1, 0)):
    """Whether this layer makes the gradients on trial, or what is `judged` of them: db first, which costs less."""
    for j in judged:
        made = slot_of(s, GRADIENTS[j])
        if made is None or not close(case.grads[k][j], made, case.slack[k][j]):
            return False
    return True


# Where a mistake can be made ----------------------------------------------------------------------------------------


def effect(case, k, edit):
    """What an edit does to layer k: it "changes" it, or "nothing"; or the sizes make it "unfit", or it is "absent"."""
    right = case.right[k]
    if not edit.when(right):
        return "absent"
    s = Layer(case.net, k, right.above, [edit], right)
    slots = ("db", "dW") if k == 0 else ("db", "dW", "dx")
    made = {slot: slot_of(s, slot) for slot in slots}
    if any(X is None for X in made.values()):
        return "unfit"
    same = agree((made["dW"], made["db"]), grads_of(right), case.slack_right[k]) and (
        k == 0 or np.allclose(made["dx"], right.dx, case.tolerance, 0)
    )
    return "nothing" if same else "changes"


def effects(case, mistake):
    """For each edit of a mistake, what it does to the layers that it concerns."""
    for edit in mistake.edits:
        tried = edit.at(TRIED) if mistake.fitted else edit
        yield edit, {k: effect(case, k, tried) for k, s in enumerate(case.right) if mistake.where(s)}


def places(case):
    """Every mistake wherever it changes anything: everywhere, in the hidden layers, in one; with a constant apart."""
    certain, fitted = [], []
    for mistake in case.mistakes:
        for edit, found in effects(case, mistake):
            everywhere = tuple(k for k, what in found.items() if what == "changes")
            hidden = tuple(k for k in everywhere if k < len(case.right) - 1)
            for layers in filter(None, dict.fromkeys([everywhere, hidden, *((k,) for k in everywhere)])):
                (fitted if mistake.fitted else certain).append(Made(mistake, edit, layers))
    return certain, fitted


def touched(case, made):
    """Which gradients of each layer a mistake makes wrong: 0 for dW, 1 for db."""

    def same(s, right, slack, j):
        X = slot_of(s, GRADIENTS[j])
        return X is not None and close(X, getattr(right, GRADIENTS[j]), slack[j])

    layers = list(zip(run(case.net, [made]), case.right, case.slack_right))
    return [[j for j in (0, 1) if not same(*layer, j)] for layer in layers]


# Which of them explain the gradients --------------------------------------------------------------------------------


def search(case, scales=()):
    """The explanations by the fewest mistakes, one by one: (how many times nnlib's loss it is, the mistakes).

    Those `scales` of the loss that no mistake has a name for are tried with one mistake too, and all of them with
    two, so that a loss of the owner's own does not use one up.
    """
    other = {words: scale for words, scale in scales if scale not in named_scales(case)}
    for n, losses in ((1, {"": 1.0}), (1, other), (2, {"": 1.0}), (2, dict(scales))):
        empty = True
        for words, scale in losses.items():
            scaled = rescaled(case, scale)
            if n == 2 and words and not any(map(any, untouched(scaled))):
                continue  # where nothing at all is right, every factor would be a guess
            tried = condensed(scaled) if n == 2 else scaled
            certain, fitted = places(tried)
            groups = [certain] * n
            for more in explain(tried, groups), fit(tried, groups[1:], fitted):
                for made in filter(apart, more):
                    if tried is scaled or any(explain(scaled, [[m] for m in made])):
                        empty = False
                        yield words, made
                if not empty:
                    break  # where no constant is needed, none is fitted
        if not empty:
            return


def rescaled(case, scale):
    """The same gradients, beside those of a loss that is so many times as large."""
    net = case.net
    factor = scale / net.scale
    if factor == 1:
        return case
    return Case.of(net._replace(g=factor * net.g, scale=scale), case.grads, case.tolerance, case.mistakes)


WIDE = 64


def condensed(case):
    """The same with the inputs of a wide first layer added up in groups, and so its W and dW.

    These are linear in one another. What does not explain the sums explains nothing, and is found out much sooner.
    """
    (W, b), *params = case.net.params
    (x, *made), *trace = case.net.trace
    (dW, db), *grads = case.grads
    if W.shape[1] <= WIDE or case.net.penalty or np.shape(dW) not in (W.shape, W.T.shape):
        return case
    starts = np.linspace(0, W.shape[1], WIDE, endpoint=False).astype(int)
    upright = int(dW.shape == W.shape)
    x, W, dW = (np.add.reduceat(X, starts, axis) for X, axis in ((x, 1), (W, 1), (dW, upright)))
    net = case.net._replace(params=[(W, b), *params], trace=[(x, *made), *trace])
    return Case.of(net, [(dW, db), *grads], case.tolerance, case.mistakes)


def named_scales(case):
    """The common factors that have a name in the table."""
    (N, K), near = case.net.t.shape, (lambda c: float(f"{c:.9g}"))
    return [near(c) for c in (-1, 1, 2, 1 / 2, N, 1 / N, 1 / K)]


def untouched(case):
    """Which gradients on trial are right; an array of one number proves nothing."""
    for pair, s, slack in zip(case.grads, case.right, case.slack):
        yield [X is not None and np.size(X) > 1 and close(X, R, e) for X, R, e in zip(pair, grads_of(s), slack)]


def apart(made):
    """Nobody errs twice in one place in one way."""
    names = {m.mistake.name for m in made}
    return len(names) == len(made) or not set(made[0].layers) & set(made[-1].layers)


def widest(found):
    """Of the explanations by the same names, which differ in the place alone, the one that reaches most layers."""
    distinct = {}
    for words, made in sorted(found, key=lambda one: breadth(one[1])):
        distinct.setdefault((words, *sorted(m.mistake.name for m in made)), (words, made))
    return list(distinct.values())


def breadth(made):
    return -sum(len(m.layers) for m in made), sum(bool(m.edit.only) for m in made)


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
    done = {}  # with one edit or none: a second one below it need not begin anew
    for choice in progress(choices, "pairs of mistakes") if len(choices) > 1000 else choices:
        edits = sorted((edit for edit, _ in choice if edit), key=lambda edit: edit.first)
        like = done.get(tuple(edits[:-1]), case.right[k])
        s = Layer(case.net, k, above, edits, like) if edits or above is not like.above else like
        if len(edits) < 2:
            done[tuple(edits)] = s
        if fits(case, k, s, judged[k] if judged else (1, 0)) and (k == 0 or slot_of(s, "dx") is not None):
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
        judged = [[j for j in (1, 0) if j not in wrong] for wrong in touched(case, made.at(TRIED))]
        for others in explain(case, groups, judged):  # they must make alone what the constant does not touch
            found = made.at(constant(case, others, made))
            if np.isfinite(found.constant) and any(explain(case, [[m] for m in (*others, found)])):
                yield *others, found


def constant(case, others, made):
    """Least squares in the first layer that the constant reaches, whose gradients are straight lines in it; or NaN."""
    for got, *ends in zip(case.grads[::-1], *(walk(case.net, [*others, made.at(c)]) for c in (0.0, 1.0))):
        start, end = ([slot_of(s, slot) for slot in GRADIENTS] for s in ends)
        triples = [three for three in zip(got, start, end) if three[0] is not None]
        if any(X is None or np.shape(X) != np.shape(three[0]) for three in triples for X in three):
            return np.nan
        got, start, end = (np.concatenate([np.ravel(three[j]) for three in triples]) for j in range(3))
        slope = end - start
        if np.count_nonzero(slope) > 1:  # a single number would agree with any constant
            c = (got - start) @ slope / (slope @ slope)
            return c if np.abs(start + c * slope - got).max() <= 10 * case.tolerance * np.abs(got).max() else np.nan
    return np.nan
