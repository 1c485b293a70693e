"""Other people's conventions: what their function is handed, and their gradients brought into nnlib's shapes."""

import re
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
        return [(turn(dW), straight(db, b)) for (dW, db), (_, b) in zip(grads, params)]

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


def by_layer(grads, n):
    """Pairs (dW, db) out of what people return: pairs, matrices alone, or a dictionary of names such as dW1."""
    if isinstance(grads, dict):
        found = {}
        for key, X in grads.items():
            if match := re.fullmatch(r"(?:d|grad|delta|nabla|g)?_?([wb])_?(\d+)", str(key), re.IGNORECASE):
                found[match[1].lower(), int(match[2])] = X
        first = min((k for _, k in found), default=1)
        if all(("w", k) in found for k in range(first, first + n)):
            return [(found["w", k], found.get(("b", k))) for k in range(first, first + n)]
    if (
        isinstance(grads, (list, tuple))
        and len(grads) == n
        and all(isinstance(X, np.ndarray) and X.ndim == 2 for X in grads)
    ):
        return [(dW, None) for dW in grads]
    return grads
