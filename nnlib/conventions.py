"""Other people's conventions: what their function is handed, and their gradients brought into nnlib's shapes."""

import re
from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import numpy as np

from .losses import cross_entropy, softmax_cross_entropy

EXAMPLES = {"rows": "one example per row", "columns": "one example per column"}
WEIGHTS = {"out in": "W as out × in", "in out": "W as in × out"}
BIASES = {"n": "b as (n,)", "1 n": "b as (1, n)", "n 1": "b as (n, 1)"}
TARGETS = {
    "N K": "t as nnlib has it",
    "labels": "class numbers for t, where nnlib takes one_hot(t, K)",
    "N": "t as (N,)",
}


class Convention(NamedTuple):
    """How arrays lie in somebody's code."""

    examples: str = "rows"
    weights: str = "out in"
    biases: str = "n"
    targets: str = "N K"
    turned: bool = False  #: whether dW lies the other way than W

    def hand(self, params, x, t):
        """A network and its batch as this code takes them; copies, which it may change."""
        shape = {"n": (-1,), "1 n": (1, -1), "n 1": (-1, 1)}[self.biases]
        turn = np.transpose if self.weights == "in out" else np.asarray
        layers = [(np.array(turn(W)), None if b is None else np.array(b).reshape(shape)) for W, b in params]
        lay = np.transpose if self.examples == "columns" else np.asarray
        t = t.argmax(axis=1) if self.targets == "labels" else t[:, 0] if self.targets == "N" else lay(t)
        return layers, np.array(lay(x)), np.array(t)

    def take(self, grads, params):
        """Its gradients in nnlib's shapes, as far as they fit."""
        turn = np.transpose if (self.weights == "in out") != self.turned else np.asarray
        return [(upright(turn(dW), W), straight(db, b)) for (dW, db), (W, b) in zip(grads, params)]

    def beside(self, told):
        """In words, how it differs from the one that was told."""
        tables = (EXAMPLES, WEIGHTS, BIASES, TARGETS)
        words = [table[mine] for table, mine, theirs in zip(tables, self, told) if mine != theirs]
        return words + [f"dW laid out the other way than {WEIGHTS[self.weights]}"] * self.turned


def conventions(told, loss, n_outputs):
    """All of them, the likeliest first: what was told, with every shape of b and of t, then the others."""
    targets = ["N K"] + ["labels"] * (loss in (cross_entropy, softmax_cross_entropy)) + ["N"] * (n_outputs == 1)
    found = [Convention(*choice) for choice in product(EXAMPLES, WEIGHTS, BIASES, targets)]
    return sorted(found, key=lambda c: (c[:2] != told[:2], c[0] != told[0], c[3] != told[3]))


def straight(db, b):
    """A bias gradient without an axis of length 1 that its b has not."""
    fits = db is not None and b is not None and np.size(db) == np.size(b) and 1 >= sum(n > 1 for n in np.shape(db))
    return np.reshape(db, np.shape(b)) if fits else db


def upright(dW, W):
    """A weight gradient as a matrix where it is a vector, for a W that has one row or one column."""
    return np.reshape(dW, W.shape) if np.ndim(dW) == 1 and np.size(dW) == W.size else dW


NAME = re.compile(
    r"(?:d|grad|delta|nabla|g)?_?(w|b|weights?|bias(?:es)?)_?(\d+)(?:[_.]?grad)?", re.IGNORECASE
)  # dW1, W1, grad_b_2, weights1


def by_layer(grads, params):
    """Pairs (dW, db) out of what people return; of the ways to read it, the one in which most sizes fit."""
    if isinstance(grads, Iterator) or isinstance(grads, np.ndarray) and grads.dtype == object:
        grads = list(grads)
    as_it_is, *others = readings(grads, len(params))
    best = max(others, key=lambda reading: how_many_fit(reading, params), default=as_it_is)
    if is_pairs(as_it_is, len(params)):  # another way must leave no doubt, and this one must
        all_fit = 2 * len(params)
        return best if how_many_fit(as_it_is, params) < all_fit == how_many_fit(best, params) else as_it_is
    return best


def missing(grads, params):
    """Which gradients a dictionary of names does not have, in words."""
    there = {(m[1][0].lower(), int(m[2])) for key in grads if (m := NAME.fullmatch(str(key)))}
    first = 0 if any(k == 0 for _, k in there) else 1
    wanted = [(letter, k) for k in range(first, first + len(params)) for letter in "wb"]
    absent = [f"d{letter.upper() if letter == 'w' else letter}{k}" for letter, k in wanted if (letter, k) not in there]
    return f"grads has no {' and no '.join(absent)}, only {', '.join(map(str, grads))}." if there and absent else ""


def readings(grads, n):
    """What people return, as it is, and then as pairs: from names, from one list, from a list of dW and one of db."""
    if isinstance(grads, dict):
        found = {(m[1][0].lower(), int(m[2])): X for key, X in grads.items() if (m := NAME.fullmatch(str(key)))}
        first = min((k for _, k in found), default=1)
        if all(("w", k) in found for k in range(first, first + n)):
            yield [(found["w", k], found.get(("b", k))) for k in range(first, first + n)]
            return
        yield grads
        grads = list(grads.values())
        if is_pairs(grads, n):
            yield grads
    elif is_list(grads, n) and all(isinstance(X, np.ndarray) and X.ndim == 2 for X in grads):
        yield [(dW, None) for dW in grads]
        return
    else:
        yield grads
    if is_pairs(grads, n):
        yield [(W, b) for b, W in grads]
    if is_list(grads, n) and all(isinstance(layer, dict) and len(layer) == 2 for layer in grads):
        yield [tuple(sorted_by_letter(layer)) for layer in grads]
    if is_list(grads, 2 * n):
        yield list(zip(grads[::2], grads[1::2]))
        yield list(zip(grads[:n], grads[n:]))
    if is_list(grads, 2) and all(is_list(part, n) for part in grads):
        yield list(zip(*grads))
        yield list(zip(*grads[::-1]))


def is_list(value, n):
    return isinstance(value, (list, tuple)) and len(value) == n


def is_pairs(grads, n):
    return is_list(grads, n) and all(is_list(pair, 2) for pair in grads)


def sorted_by_letter(layer):
    """The gradients of a layer that is a dictionary: that of W before that of b."""
    return [X for _, X in sorted(layer.items(), key=lambda item: "w" not in str(item[0]).lower())]


def how_many_fit(grads, params):
    """How many of the gradients have as many entries as their parameter; None has those of every b."""
    if not is_pairs(grads, len(params)):
        return 0
    layers = list(zip(grads, params))
    weights = sum(size(dW) == W.size for (dW, _), (W, _) in layers)
    return weights + sum(db is None or b is None or size(db) == b.size for (_, db), (_, b) in layers)


def size(X):
    """How many entries there are; none in what is no array."""
    try:
        return X.size if isinstance(X, np.ndarray) else np.size(np.asarray(X, dtype=float))
    except (ValueError, TypeError, OverflowError):
        return 0
