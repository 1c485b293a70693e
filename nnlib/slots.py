"""The backward pass of one layer in slots: every choice that is made in it, each of which a mistake makes otherwise.

A slot looks at the slots above it and at nothing else, so mistakes in different slots go together by themselves. A slot
is computed when it is asked for; where an edit fills it, the edit sees in it what would have stood there.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .arguments import GRAD, VJP
from .contracts import Array, bare
from .network import forward

SLOTS = {
    "g": lambda s: s.above.dx,  # the gradient that arrives
    "at_z": lambda s: bare(VJP[s.act])(s.g, s.a, s.z),  # it has passed the activation, by its slope
    "delta": lambda s: s.at_z,  # δ, where a factor or one slope more may have joined it
    "for_W": lambda s: s.delta,  # the δ that meets x
    "into": lambda s: s.x,  # the x that meets δ
    "sum_W": lambda s: s.for_W.T @ s.into,  # gathered over the examples
    "scaled_W": lambda s: s.sum_W,  # with a factor of its own
    "full_W": lambda s: s.net.pulled(s.scaled_W, s.W, "W"),  # with what a penalty adds
    "dW": lambda s: s.full_W,  # as it is laid out
    "for_b": lambda s: s.delta,
    "sum_b": lambda s: s.for_b.sum(axis=0),
    "scaled_b": lambda s: s.sum_b,
    "full_b": lambda s: s.net.pulled(s.scaled_b, s.b, "b"),
    "db": lambda s: s.full_b,
    "for_x": lambda s: s.delta,  # what goes back
    "W_back": lambda s: s.W,  # the weights as they are by then
    "b_back": lambda s: s.b,
    "through": lambda s: s.W_back,  # what it goes back through: a matrix, or one for every example
    "dx": lambda s: s.for_x @ s.through if np.ndim(s.through) < 3 else (s.for_x[:, None] @ s.through)[:, 0],
}  # fmt: skip
ORDER = {slot: place for place, slot in enumerate(SLOTS)}


class Net(NamedTuple):
    """A network after its forward pass: all that a backward pass may look at."""

    params: list
    acts: list
    trace: list
    t: Array
    loss: Callable
    g: Array  #: the gradient of the loss, which starts the pass
    penalty: tuple = ()  #: its kind, its strength, and whose: ("l2", 0.01, "W and b")
    scale: float = 1.0  #: how many times nnlib's loss the owner's is

    @classmethod
    def of(cls, params, acts, x, t, loss, penalty=(), scale=1.0):
        """The network after its forward pass, whose owner's loss is `scale` times nnlib's."""
        y, trace = bare(forward)(params, acts, x)
        return cls(params, acts, trace, t, loss, scale * bare(GRAD[loss])(y, t), penalty, scale)

    def pull(self, X, letter):
        """What the penalty adds to the gradient of X, a W or a b."""
        if not self.penalty or letter not in self.penalty[2]:
            return 0.0
        kind, strength, _ = self.penalty
        return strength * (X if kind == "l2" else np.sign(X))

    def pulled(self, dX, X, letter):
        """A gradient, with that."""
        return dX + self.pull(X, letter) if self.penalty else dX


class Start(NamedTuple):
    """What stands above the last layer: the gradient of the loss."""

    dx: Array


class Layer:
    """The backward pass of layer k, with edits; its slots and what it was given are its attributes.

    What stands above the first edit that `like` has not is taken over from there.
    """

    def __init__(self, net, k, above, edits=(), like=None):
        (W, b), (x, z, a) = net.params[k], net.trace[k]
        given = dict(net=net, k=k, above=above, act=net.acts[k], W=W, b=b, x=x, z=z, a=a, edits=edits)
        vars(self).update(given)
        if like is not None and like.above is above:
            first = min((edit.first for edit in edits if edit not in like.edits), default=len(SLOTS))
            vars(self).update((slot, vars(like)[slot]) for slot in list(SLOTS)[:first] if slot in vars(like))

    def __getattr__(self, slot):
        if slot not in SLOTS:
            raise AttributeError(f"{mentioned(self)}a layer has no {slot!r}, only {', '.join([*vars(self), *SLOTS])}")
        value = SLOTS[slot](self)
        for edit in self.edits:
            if slot in edit.slots:
                vars(self)[slot] = value
                value = edit.slots[slot](self)
        vars(self)[slot] = value
        return value


def mentioned(layer):
    """The mistakes that are being made, for a message."""
    names = [edit.name for edit in vars(layer).get("edits", ()) if edit.name]
    return f"mistake {' and '.join(names)}: " if names else ""


def walk(net, made=()):
    """The backward pass with these mistakes, layer by layer from the last to the first."""
    s = Start(net.g)
    for k in reversed(range(len(net.acts))):
        s = Layer(net, k, s, [m.edit for m in made if k in m.layers])
        yield s


def run(net, made=()):
    """The same from the first layer on, as gradients are listed."""
    return list(walk(net, made))[::-1]


def grads_of(s):
    """The gradients of a layer."""
    return s.dW, s.db
