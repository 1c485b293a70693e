"""The mistakes that people make in a backward pass, each as one small edit of one layer of it.

A layer's part of the backward pass has four moments. An edit belongs to one of them: it is given `s`, all that the pass
knows by then, and returns what it would have instead. To add a mistake, append an entry to `MISTAKES`.
"""

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

from .activations import identity, relu, sigmoid, softmax, tanh
from .arguments import FUSED, GRAD, VJP
from .contracts import Array, bare
from .layers import dense_vjp
from .losses import bce, cross_entropy, softmax_cross_entropy

# The backward pass, with room for mistakes --------------------------------------------------------------------------

GIVEN, DELTA, RESULT, AFTER = range(
    4
)  # what a layer is given; its δ; what it returns; the same once more, to scale or turn


class Net(NamedTuple):
    """A network after its forward pass: all that a backward pass may look at."""

    params: list
    acts: list
    trace: list
    t: Array
    loss: Callable
    g: Array  #: the gradient of the loss, which starts the pass


def backward_layer(net: Net, k: int, above: SimpleNamespace, edits=()) -> SimpleNamespace:
    """One turn of the loop in `backward`: nnlib's two rules on layer k, and edits, each at its moment.

    The rules run without their contracts: the shapes are known, and a search runs them thousands of times.
    """
    (W, b), (x, z, a) = net.params[k], net.trace[k]
    s = SimpleNamespace(net=net, k=k, above=above, g=above.dx, act=net.acts[k], W=W, b=b, x=x, z=z, a=a)
    make(edits, GIVEN, s)
    s.delta = bare(VJP[s.act])(s.g, s.a, s.z)
    make(edits, DELTA, s)
    s.dx, s.dW, s.db = bare(dense_vjp)(s.delta, s.z, s.x, s.W, s.b)
    make(edits, RESULT, s)
    make(edits, AFTER, s)
    return s


def make(edits, moment, s):
    for edit in edits:
        if edit.moment == moment:
            vars(s).update(edit.change(s))


# What an entry consists of ------------------------------------------------------------------------------------------


class Edit(NamedTuple):
    """One way to make a mistake."""

    moment: int
    change: Callable  #: from `s` to what is replaced in it; raises where sizes do not fit or there is no such thing
    only: str = ""  #: "W", "b" or "δ", where the mistake touches nothing else
    detail: str = ""  #: for the sentence

    def at(self, constant):
        """The edit with a value for its constant."""
        return self._replace(change=partial(self.change, c=constant))


class Mistake(NamedTuple):
    """A mistake that has a name, and the ways to make it."""

    name: str
    chapter: int  #: to read: it derives the rule which is broken
    rule: str  #: "loss", "activation", or the line of `dense_vjp`: "dx", "dW", "db"
    where: Callable  #: from `s` to whether it concerns this layer
    sentence: str  #: about a {place}, and a {detail} or {constant} if there is one
    edits: tuple
    fitted: bool = False  #: each change takes a constant too, which is fitted


def every(s):
    return True


def hidden(s):
    return s.k < len(s.net.acts) - 1


def last(s):
    return not hidden(s)


def not_first(s):
    return s.k > 0


def curved(s):
    return s.act not in (identity, softmax)


def hidden_curved(s):
    return hidden(s) and curved(s)


def softmaxed(s):
    return s.act is softmax or last(s) and s.net.loss is softmax_cross_entropy


# Edits that take more than a line, or that several mistakes share ---------------------------------------------------


def of_grads(moment, change):
    """A change of dW and db, and of each alone."""
    return (
        Edit(moment, change),
        Edit(moment, lambda s: dict(dW=change(s)["dW"]), "W"),
        Edit(moment, lambda s: dict(db=change(s)["db"]), "b"),
    )


def scaled(factor):
    """A factor in a layer's gradients, or in its δ, which carries it to the layers below."""
    return (
        *of_grads(AFTER, lambda s: dict(dW=factor(s) * s.dW, db=factor(s) * s.db)),
        Edit(DELTA, lambda s: dict(delta=factor(s) * s.delta), "δ"),
    )


def n_examples(s):
    return len(s.net.t)


def n_outputs(s):
    return s.net.t.shape[1]


def outputs_of_layers(s):
    """x, which is layer 0, and the a of every layer."""
    return [s.net.trace[0][0], *(a for _, _, a in s.net.trace)]


def neighbour(s, step):
    if not 0 <= s.k + step < len(s.net.trace):
        raise IndexError("no layer there")
    return s.net.trace[s.k + step]


def slope_of_neighbour(step):
    """f' at a neighbour's z, with the neighbour's a or with the a that belongs to this f."""
    return (
        Edit(GIVEN, lambda s: dict(z=neighbour(s, step)[1], a=neighbour(s, step)[2])),
        Edit(GIVEN, lambda s: dict(z=neighbour(s, step)[1], a=bare(s.act)(neighbour(s, step)[1]))),
    )


def slope_before_weights(s):
    """f' multiplied in above the W that leads to it, not below."""
    return dict(g=bare(VJP[s.act])(s.above.delta, s.a, s.z) @ s.above.W, act=identity)


def other_rules(f):
    """The rule of f where another one belongs, with the a that is there and with the a that f would make."""
    return (
        Edit(GIVEN, lambda s: dict(act=f), detail=f.__name__),
        Edit(GIVEN, lambda s: dict(act=f, a=bare(f)(s.z)), detail=f.__name__),
    )


def output_once_more(s):
    """The slope of the output's activation, which a loss of logits has inside."""
    f = FUSED.get(s.net.loss, s.act)
    return dict(delta=bare(VJP[f])(s.delta, bare(f)(s.z), s.z))


def hidden_once_more(s):
    """The slope of the hidden activation at an output that has none: what a loop over all layers does."""
    f = {identity: s.net.acts[0]}[s.act]
    return dict(delta=bare(VJP[f])(s.delta, bare(f)(s.z), s.z))


def softmax_slope_once_more(s):
    p = bare({softmax: softmax}[FUSED.get(s.net.loss, s.act)])(s.z)
    return dict(delta=s.delta * p * (1 - p))


def unfused(s):
    """A loss of logits taken apart: the probabilities, and its gradient with respect to them."""
    f = FUSED[s.net.loss]
    p = bare(f)(s.a)
    return p, bare(GRAD[{sigmoid: bce, softmax: cross_entropy}[f]])(p, s.net.t)


def elementwise_logits(s):
    p, dp = unfused(s)
    return dict(g=bare(VJP[sigmoid])(dp, p, s.z))


ELEMENTWISE = (sigmoid, tanh, relu)

# The mistakes -------------------------------------------------------------------------------------------------------


def mistake(name, chapter, rule, where, sentence, *edits, fitted=False):
    return Mistake(name, chapter, rule, where, sentence, edits, fitted)


MISTAKES = [  # open: a reader may append an entry
    # The loss, and the numbers that belong in it alone
    mistake(
        "sign", 6, "loss", every,
        "The sign is turned round {place}: a step against this gradient goes uphill.",
        *scaled(lambda s: -1),
    ),
    mistake(
        "missing_1/N", 9, "loss", every,
        "The 1/N of the mean over the batch is missing {place}.",
        *scaled(n_examples),
    ),
    mistake(
        "double_1/N", 9, "loss", every,
        "The batch was averaged twice {place}: 1/N enters once, in the gradient of the loss.",
        *(edit for edit in scaled(lambda s: 1 / n_examples(s)) if edit.only != "b"),  # b alone is bias_mean
    ),
    mistake(
        "factor_2", 6, "loss", every,
        "The gradient is twice too large {place}: a square brings down a 2, and the ½ of the loss takes it away.",
        *scaled(lambda s: 2),
    ),
    mistake(
        "factor_1/2", 6, "loss", every,
        "The gradient is half of the right one {place}: the ½ of the loss meets a 2, and neither is left.",
        *scaled(lambda s: 1 / 2),
    ),
    mistake(
        "mean_over_outputs", 6, "loss", every,
        "The mean was taken over the outputs too {place}: the loss sums over outputs, and averages over examples alone.",
        *scaled(lambda s: 1 / n_outputs(s)),
        Edit(DELTA, lambda s: dict(delta=s.delta / s.delta.shape[1])),
    ),
    # The activation and its slope
    mistake(
        "missing_activation_derivative", 7, "activation", hidden,
        "The slope f'(z) of the activation is missing {place}: the gradient came back through f unchanged.",
        Edit(GIVEN, lambda s: dict(act=identity)),
    ),
    mistake(
        "missing_output_derivative", 6, "activation", last,
        "The slope of the output's activation is missing {place}: the loss was differentiated, and what is inside it was not.",
        Edit(GIVEN, lambda s: dict(act=identity)),
        Edit(GIVEN, lambda s: dict(g=unfused(s)[1])),
    ),
    mistake(
        "extra_output_derivative", 6, "activation", last,
        "A slope of the output was multiplied in once too often {place}: what came from the loss holds it already.",
        Edit(DELTA, output_once_more),
        Edit(DELTA, hidden_once_more),
        Edit(DELTA, softmax_slope_once_more),
    ),
    mistake(
        "derivative_at_a", 3, "activation", curved,
        "The slope was taken at a instead of z {place}: f'(a) is the slope somewhere else on the curve.",
        Edit(GIVEN, lambda s: dict(z=s.a, a=bare(s.act)(s.a))),
    ),
    mistake(
        "a_form_at_z", 1, "activation", curved,
        "A slope that is written with a, such as a (1 - a), was given z {place}.",
        Edit(GIVEN, lambda s: dict(a=s.z)),
    ),
    mistake(
        "wrong_activation_derivative", 3, "activation", curved,
        "The slope {place} is that of another activation, {detail}.",
        *(edit for f in ELEMENTWISE for edit in other_rules(f)),
    ),
    mistake(
        "activation_instead_of_derivative", 3, "activation", hidden_curved,
        "The gradient was multiplied by the activation f(z) instead of its slope f'(z) {place}.",
        Edit(DELTA, lambda s: dict(delta=s.g * s.a)),
    ),
    mistake(
        "derivative_off_by_one", 8, "activation", curved,
        "The slope f'(z) {place} is one layer off: it is due once the gradient has come back through W, at the z just reached.",
        *slope_of_neighbour(+1),
        *slope_of_neighbour(-1),
        Edit(GIVEN, slope_before_weights),
    ),
    mistake(
        "softmax_elementwise", 3, "activation", softmaxed,
        "Softmax was differentiated entry by entry {place}, as p (1 - p): every probability depends on every logit.",
        Edit(GIVEN, lambda s: dict(act={softmax: sigmoid}[s.act])),
        Edit(GIVEN, elementwise_logits),
    ),
    # The gradient of b
    mistake(
        "bias_not_summed", 9, "db", every,
        "db was not summed over the batch {place}: it still has one row per example.",
        Edit(RESULT, lambda s: dict(db=s.delta)),
    ),
    mistake(
        "bias_mean", 9, "db", every,
        "db was averaged over the batch {place}, but δ carries the 1/N already: here it is summed.",
        Edit(RESULT, lambda s: dict(db=s.delta.mean(axis=0))),
    ),
    mistake(
        "bias_wrong_axis", 9, "db", every,
        "db was summed along the wrong axis {place}: over the neurons, where the sum is over the examples.",
        Edit(RESULT, lambda s: dict(db=s.delta.sum(axis=1))),
    ),
    mistake(
        "bias_sum_all", 9, "db", every,
        "db is a single number {place}: the sum ran over the neurons too, and each has its own.",
        Edit(RESULT, lambda s: dict(db=s.delta.sum())),
        Edit(RESULT, lambda s: dict(db=np.full_like(s.b, s.delta.sum()))),
    ),
    # The gradient of W
    mistake(
        "dW_transposed", 5, "dW", every,
        "dW is transposed {place}: row o belongs to neuron o, as in W.",
        Edit(AFTER, lambda s: dict(dW=s.dW.T)),
        Edit(AFTER, lambda s: dict(dW=s.dW.T.reshape(s.dW.shape))),
    ),
    mistake(
        "z_instead_of_a", 5, "dW", not_first,
        "dW {place} was made with the z of the layer below, where its a, the input of this layer, belongs.",
        Edit(GIVEN, lambda s: dict(x=neighbour(s, -1)[1])),
    ),
    mistake(
        "a_off_by_one", 10, "dW", every,
        "dW {place} was made with the activations of the wrong layer: those that entered this one belong there.",
        Edit(GIVEN, lambda s: dict(x=outputs_of_layers(s)[s.k + 1])),
        Edit(GIVEN, lambda s: dict(x=outputs_of_layers(s)[s.k - 1])),  # in layer 1 that is the last, as Python counts
        Edit(GIVEN, lambda s: dict(x=neighbour(s, -1)[0])),
    ),
    mistake(
        "outer_of_sums", 9, "dW", every,
        "dW is an outer product of sums over the batch {place}, where it is the sum of the examples' outer products.",
        Edit(RESULT, lambda s: dict(dW=np.outer(s.delta.sum(axis=0), s.x.sum(axis=0)))),
        Edit(RESULT, lambda s: dict(dW=np.outer(s.delta.sum(axis=0), s.x.mean(axis=0)))),
    ),
    # The way back through W
    mistake(
        "W_transposed", 7, "dx", not_first,
        "The gradient went back through W.T instead of W {place}.",
        Edit(RESULT, lambda s: dict(dx=s.delta @ s.W.T)),
    ),
    mistake(
        "missing_W", 7, "dx", not_first,
        "The gradient went back without being multiplied by W {place}.",
        Edit(RESULT, lambda s: dict(dx=np.broadcast_to(s.delta, s.x.shape))),
    ),
    mistake(
        "stale_W", 7, "dx", not_first,
        "The gradient went back through a W that had been stepped already {place}, at learning rate {constant}: all gradients "
        "come first, then the step.",
        Edit(RESULT, lambda s, c: dict(dx=s.delta @ (s.W - c * s.dW))),
        fitted=True,
    ),
    # Both gradients
    mistake(
        "last_example_only", 9, "dW", every,
        "Only the last example counts {place}: each one overwrote the one before, where they add up.",
        *of_grads(RESULT, lambda s: dict(dW=np.outer(s.delta[-1], s.x[-1]), db=s.delta[-1])),
    ),
    mistake(
        "weight_decay", 8, "dW", every,
        "A weight decay was added {place}, {constant} times the parameter itself: the loss here has no such term.",
        Edit(AFTER, lambda s, c: dict(dW=s.dW + c * s.W)),
        Edit(AFTER, lambda s, c: dict(dW=s.dW + c * s.W, db=s.db + c * s.b)),
        fitted=True,
    ),
    mistake(
        "zero_layer", 10, "dW", every,
        "The gradient is zero {place}: nothing arrived there, or nothing was stored.",
        *scaled(lambda s: 0),
    ),
]  # fmt: skip
