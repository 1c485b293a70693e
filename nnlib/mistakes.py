"""The mistakes that people make in a backward pass, each as another choice in one slot of one layer.

An edit is a dictionary: by the name of a slot, what is put into it. To add a mistake, append an entry to `MISTAKES`, or
pass a list of your own to `diagnose`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import NamedTuple

import numpy as np

from .activations import identity, relu, sigmoid, softmax, tanh
from .arguments import FUSED, GRAD, VJP
from .contracts import bare
from .losses import bce, cross_entropy, softmax_cross_entropy
from .slots import ORDER, SLOTS, Layer, Net

__all__ = ["MISTAKES", "Edit", "Layer", "Mistake", "Net", "every", "hidden", "last", "mistake", "not_first"]

# What an entry consists of --------------------------------------------------------------------------------------------


def every(s):
    return True


@dataclass(frozen=True, eq=False)
class Edit:
    """One way to make a mistake."""

    slots: dict  #: by the name of a slot, a function from the layer `s` to what is put there
    when: Callable = every  #: from `s` to whether there is such a thing in this layer
    only: str = ""  #: "W", "b" or "δ", where the mistake touches nothing else of what its name says
    detail: str = ""  #: for the sentence
    name: str = ""  #: of the mistake

    @property
    def first(self):
        """The place of the first slot that it fills."""
        return min(ORDER[slot] for slot in self.slots)

    def at(self, constant):
        """The edit with a value for its constant."""
        return replace(self, slots={slot: partial(change, c=constant) for slot, change in self.slots.items()})


class Mistake(NamedTuple):
    """A mistake that has a name, and the ways to make it."""

    name: str
    chapter: int  #: to read: it derives the rule which is broken
    rule: str  #: "loss", "activation", or the line of `dense_vjp`: "dx", "dW", "db"
    where: Callable  #: from `s` to whether it concerns this layer
    sentence: str  #: about a {place}, and a {detail} or {constant} if there is one
    edits: tuple
    fitted: bool = False  #: each change takes a constant too, which is fitted


def mistake(name, chapter, rule, where, sentence, *ways, fitted=False):
    """An entry for `MISTAKES`; each of the ways is a dictionary of slots, and may hold `when`, `only` and `detail`."""
    edits = []
    for way in ways:
        more = {key: value for key, value in way.items() if key in ("when", "only", "detail")}
        slots = {key: value for key, value in way.items() if key not in more}
        if unknown := [slot for slot in slots if slot not in SLOTS] or [] if slots else ["nothing"]:
            raise ValueError(f"mistake {name}: there is no slot {', '.join(unknown)}; there are {', '.join(SLOTS)}")
        edits.append(Edit(slots, name=name, **more))
    return Mistake(name, chapter, rule, where, sentence, tuple(edits), fitted)


# Where a mistake is made ----------------------------------------------------------------------------------------------


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


def fused(s):
    return last(s) and s.net.loss in FUSED


def penalised(s):
    return bool(s.net.penalty)


def without_penalty(s):
    return not s.net.penalty


# Slopes ---------------------------------------------------------------------------------------------------------------


def passed(s, g, f=None, a=None, z=None):
    """g, having passed an activation at a and z: those of the layer if nothing else is said."""
    return bare(VJP[f or s.act])(g, s.a if a is None else a, s.z if z is None else z)


def at(s, z):
    """g, having passed this layer's activation at another z."""
    return passed(s, s.g, a=bare(s.act)(z), z=z)


@cache
def slope_in_a(act):
    """The slope of an activation as a polynomial in a for z > 0, and one for the rest; None if it is none of degree 2.

    It is found from values, so that it does not depend on whether the rule is written with a or with z.
    """
    found = []
    for z in (np.linspace(0.1, 3, 30), np.linspace(-3, -0.1, 30)):
        a = bare(act)(z)
        slope = bare(VJP[act])(np.ones(30), a, z) + 0 * a
        A = np.stack([a**0, a, a**2], axis=1)
        p = np.linalg.lstsq(A, slope, rcond=1e-9)[0]
        if np.abs(A @ p - slope).max() > 1e-9:
            return None
        nearest = p.round(9)  # 1 - a² has whole numbers in it
        found.append(np.where(np.abs(p - nearest) < 1e-9, nearest, p))
    return found


def formula_at(s, a, signs=(1, 1, 1)):
    """The polynomial slope, evaluated at what is taken for a, with other signs if there are any."""
    above, below = (np.polynomial.polynomial.polyval(a, p * signs) for p in slope_in_a(s.act))
    return s.g * np.where(s.z > 0, above, below).astype(s.g.dtype)


def has_formula(s):
    return slope_in_a(s.act) is not None


def has_terms(s):
    """Whether the slope is a formula of several terms, as 1 - a² is."""
    return has_formula(s) and all(np.count_nonzero(p) > 1 for p in slope_in_a(s.act))


def other_sign(s):
    """a (1 + a) for a (1 - a), 1 + a² for 1 - a²: the sign of the square, or of whatever stands last, turned round."""
    highest = max(np.flatnonzero(slope_in_a(s.act)[0]))
    return formula_at(s, s.a, [-1 if k == highest else 1 for k in range(3)])


def as_matrices(s):
    """The slope of sigmoid or tanh with a matrix product for one entry by entry: over neurons, over examples."""
    a = s.a
    return (1 - a.T @ a, 1 - a @ a.T) if s.act is tanh else (a.T @ (1 - a), a @ (1 - a).T)


def sigmoid_or_tanh(s):
    return s.act in (sigmoid, tanh)


def other_rules(f):
    """The rule of f where another one belongs, with the a that is there and with the a that f would make."""
    return (
        dict(at_z=lambda s: passed(s, s.g, f), detail=f.__name__),
        dict(at_z=lambda s: passed(s, s.g, f, bare(f)(s.z)), detail=f.__name__),
    )


# Neighbours -----------------------------------------------------------------------------------------------------------


def has_above(s):
    return s.k + 1 < len(s.net.trace)


def outputs_of_layers(s):
    """x, which is layer 0, and the a of every layer."""
    return [s.net.trace[0][0], *(a for _, _, a in s.net.trace)]


def slope_of_neighbour(step, when):
    """f' at a neighbour's z, with the neighbour's a or with the a that belongs to this f."""
    return (
        dict(when=when, at_z=lambda s: passed(s, s.g, None, *s.net.trace[s.k + step][:0:-1])),
        dict(when=when, at_z=lambda s: at(s, s.net.trace[s.k + step][1])),
    )


# The output -----------------------------------------------------------------------------------------------------------


def once_more(f):
    """A slope that is multiplied in once more."""
    return lambda s: passed(s, s.delta, f(s), bare(f(s))(s.z))


def inside(s):
    """The output's activation, which a loss of logits has inside."""
    return FUSED.get(s.net.loss, s.act)


def made_of(s):
    """What the layer makes, with the activation that a loss has inside."""
    return bare(inside(s))(s.z) if last(s) else s.a


def softmax_once_more(s):
    p = bare(softmax)(s.z)
    return s.delta * p * (1 - p)


def unfused(s):
    """A loss of logits taken apart: the probabilities, and its gradient with respect to them."""
    f = FUSED[s.net.loss]
    p = bare(f)(s.a)
    return p, s.net.scale * bare(GRAD[{sigmoid: bce, softmax: cross_entropy}[f]])(p, s.net.t)


def elementwise_logits(s):
    p, dp = unfused(s)
    return passed(s, dp, sigmoid, p)


def from_probabilities(p):
    """p - t, for probabilities that were made in another way."""
    return lambda s: s.net.scale * (p(np.exp(s.z - s.z.max())) - s.net.t) / len(s.net.t)


# Sums, factors, ways back ---------------------------------------------------------------------------------------------


def n_examples(s):
    return len(s.net.t)


def n_outputs(s):
    return s.net.t.shape[1]


def scaled(factor):
    """A factor in a layer's gradients, in one of them, or in its δ, which carries it to the layers below."""
    of_W, of_b = (lambda s: factor(s) * s.scaled_W), (lambda s: factor(s) * s.scaled_b)
    return (
        dict(scaled_W=of_W, scaled_b=of_b),
        dict(scaled_W=of_W, only="W"),
        dict(scaled_b=of_b, only="b"),
        dict(delta=lambda s: factor(s) * s.delta, only="δ"),
    )


def of_both(**slots):
    """A change of both gradients, and of each alone."""
    (W, of_W), (b, of_b) = slots.items()
    return {W: of_W, b: of_b}, {W: of_W, "only": "W"}, {b: of_b, "only": "b"}


def few(s):
    """Whether a matrix for every example is no large thing."""
    return len(s.x) * s.W.size < 10**6


def steps(s):
    """The step of each example alone, were it the only one."""
    return len(s.x) * s.for_W[:, :, None] * s.into[:, None, :]


def beside_column(j):
    """W and b in one matrix [W | b], from which column j is taken out and not the last."""
    return dict(
        when=lambda s: j < s.W.shape[1],
        through=lambda s: np.delete(np.concatenate([s.W_back, s.b_back[..., None]], axis=-1), j, axis=-1),
    )


ELEMENTWISE = (sigmoid, tanh, relu)
CLASSES = ((softmax_cross_entropy, identity), (cross_entropy, softmax))  # their gradient at z is p - t

# The mistakes ---------------------------------------------------------------------------------------------------------


class Listed(list):
    """A list that help shows in two words, and not entry by entry."""

    def __repr__(self):
        return f"[{len(self)} mistakes]"


MISTAKES = Listed([  # open: a reader may append an entry
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
        *(way for way in scaled(lambda s: 1 / n_examples(s)) if way.get("only") != "b"),  # b alone is bias_mean
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
        "The mean was taken over the outputs too {place}: the loss sums over outputs, "
        "and averages over examples alone.",
        *scaled(lambda s: 1 / n_outputs(s)),
        dict(delta=lambda s: s.delta / s.delta.shape[1]),
    ),
    mistake(
        "mean_over_inputs", 9, "loss", every,
        "The mean was taken over the inputs instead of the examples {place}: N is how many examples there are.",
        *scaled(lambda s: n_examples(s) / s.W.shape[1]),
        *scaled(lambda s: n_examples(s) / s.net.trace[0][0].shape[1]),
    ),
    mistake(
        "penalty_missing", 8, "loss", penalised,
        "What the penalty adds to the gradient is missing {place}: the loss has it.",
        *of_both(full_W=lambda s: s.scaled_W, full_b=lambda s: s.scaled_b),
    ),
    mistake(
        "penalty_sign", 8, "loss", penalised,
        "The penalty has the wrong sign {place}: it pulls the parameters away from 0.",
        *of_both(full_W=lambda s: 2 * s.scaled_W - s.full_W, full_b=lambda s: 2 * s.scaled_b - s.full_b),
    ),
    mistake(
        "penalty_strength", 8, "loss", penalised,
        "The penalty has another strength {place}: it is {constant} times as strong as it should be.",
        *of_both(
            full_W=lambda s, c: s.full_W + (c - 1) * s.net.pull(s.W, "W"),
            full_b=lambda s, c: s.full_b + (c - 1) * s.net.pull(s.b, "b"),
        ),
        fitted=True,
    ),
    # The activation and its slope
    mistake(
        "missing_activation_derivative", 7, "activation", hidden,
        "The slope f'(z) of the activation is missing {place}: the gradient came back through f unchanged.",
        dict(at_z=lambda s: s.g),
    ),
    mistake(
        "missing_output_derivative", 6, "activation", last,
        "The slope of the output's activation is missing {place}: the loss was differentiated, "
        "and what is inside it was not.",
        dict(at_z=lambda s: s.g),
        dict(when=fused, at_z=lambda s: unfused(s)[1]),
    ),
    mistake(
        "extra_output_derivative", 6, "activation", last,
        "A slope of the output was multiplied in once too often {place}: what came from the loss holds it already.",
        dict(delta=once_more(inside)),
        dict(when=lambda s: s.act is identity, delta=once_more(lambda s: s.net.acts[0])),  # in a loop over all layers
        dict(when=lambda s: inside(s) is softmax, delta=softmax_once_more),
    ),
    mistake(
        "slope_missing_in_part", 7, "dW", curved,
        "The slope f'(z) is missing {place} alone: the rest has it.",
        dict(for_W=lambda s: s.g, only="W"),
        dict(for_b=lambda s: s.g, only="b"),
    ),
    mistake(
        "derivative_at_a", 3, "activation", curved,
        "The slope was taken at a instead of z {place}: f'(a) is the slope somewhere else on the curve.",
        dict(at_z=lambda s: at(s, s.a)),
    ),
    mistake(
        "a_form_at_z", 1, "activation", curved,
        "A slope that is written with a, such as a (1 − a), was given z {place}.",
        dict(when=has_formula, at_z=lambda s: formula_at(s, s.z)),
    ),
    mistake(
        "slope_sign", 1, "activation", curved,
        "The slope has the wrong sign in it {place}: 1 + a² for 1 − a², or a (1 + a) for a (1 − a).",
        dict(when=has_terms, at_z=other_sign),
    ),
    mistake(
        "slope_times_z", 1, "activation", lambda s: curved(s) and s.act is not relu,
        "The slope was multiplied by z once more {place}.",
        dict(delta=lambda s: s.delta * s.z),
    ),
    mistake(
        "wrong_activation_derivative", 3, "activation", curved,
        "The slope {place} is that of another activation, {detail}.",
        *(way for f in ELEMENTWISE for way in other_rules(f)),
    ),
    mistake(
        "activation_instead_of_derivative", 3, "activation", hidden_curved,
        "The gradient was multiplied by the activation f(z) instead of its slope f'(z) {place}.",
        dict(at_z=lambda s: s.g * s.a),
    ),
    mistake(
        "activation_of_gradient", 7, "activation", hidden_curved,
        "The activation was applied to the gradient {place}, as f(g): its slope is multiplied in.",
        dict(at_z=lambda s: bare(s.act)(s.g)),
        dict(at_z=lambda s: passed(s, s.g, a=bare(s.act)(s.g), z=s.g)),
    ),
    mistake(
        "matrix_product_of_slope", 5, "activation", hidden_curved,
        "The slope was multiplied in as a matrix product {place}: it belongs to the numbers one by one.",
        dict(when=sigmoid_or_tanh, at_z=lambda s: s.g @ as_matrices(s)[0]),
        dict(when=sigmoid_or_tanh, at_z=lambda s: as_matrices(s)[1] @ s.g),
    ),
    mistake(
        "derivative_off_by_one", 8, "activation", curved,
        "The slope f'(z) {place} is one layer off: it is due once the gradient has come back through W, "
        "at the z just reached.",
        *slope_of_neighbour(+1, has_above),
        *slope_of_neighbour(-1, not_first),
        dict(when=has_above, at_z=lambda s: passed(s, s.above.delta) @ s.above.W),  # above the W, not below
    ),
    mistake(
        "softmax_elementwise", 3, "activation", softmaxed,
        "Softmax was differentiated entry by entry {place}, as p (1 − p): every probability depends on every logit.",
        dict(when=lambda s: s.act is softmax, at_z=lambda s: passed(s, s.g, sigmoid)),
        dict(when=fused, at_z=elementwise_logits),
    ),
    mistake(
        "softmax_over_batch", 3, "loss", lambda s: last(s) and (s.net.loss, s.act) in CLASSES,
        "The probabilities sum to 1 over the batch {place}, and not over the outputs of each example.",
        dict(at_z=from_probabilities(lambda e: e / e.sum())),
        dict(at_z=from_probabilities(lambda e: e / e.sum(axis=0))),
    ),
    # The gradient of b
    mistake(
        "bias_not_summed", 9, "db", every,
        "db was not summed over the batch {place}: it still has one row per example.",
        dict(sum_b=lambda s: s.for_b),
    ),
    mistake(
        "bias_mean", 9, "db", every,
        "db was averaged over the batch {place}, but δ carries the 1/N already: here it is summed.",
        dict(sum_b=lambda s: s.for_b.mean(axis=0)),
    ),
    mistake(
        "bias_wrong_axis", 9, "db", every,
        "db was summed along the wrong axis {place}: over the neurons, where the sum is over the examples.",
        dict(sum_b=lambda s: s.for_b.sum(axis=1)),
        dict(sum_b=lambda s: s.for_b.mean(axis=1)),
    ),
    mistake(
        "bias_sum_all", 9, "db", every,
        "db is a single number {place}: the sum ran over the neurons too, and each has its own.",
        dict(sum_b=lambda s: s.for_b.sum()),
        dict(sum_b=lambda s: np.full_like(s.b, s.for_b.sum())),
    ),
    mistake(
        "bias_from_dW", 9, "db", every,
        "db is the sum of dW over the inputs {place}: it is the sum of δ over the examples.",
        dict(sum_b=lambda s: s.scaled_W.sum(axis=1)),
    ),
    # The gradient of W
    mistake(
        "dW_transposed", 5, "dW", every,
        "dW is transposed {place}: row o belongs to neuron o, as in W.",
        dict(dW=lambda s: s.dW.T),
        dict(dW=lambda s: s.dW.T.reshape(s.dW.shape)),
    ),
    mistake(
        "z_instead_of_a", 5, "dW", not_first,
        "dW {place} was made with the z of the layer below, where its a, the input of this layer, belongs.",
        dict(into=lambda s: s.net.trace[s.k - 1][1]),
    ),
    mistake(
        "a_off_by_one", 10, "dW", every,
        "dW {place} was made with the activations of the wrong layer: those that entered this one belong there.",
        dict(into=lambda s: s.a),
        dict(when=fused, into=made_of),
        dict(into=lambda s: outputs_of_layers(s)[s.k - 1]),  # in layer 1 that is the last, as Python counts
        dict(when=not_first, into=lambda s: s.net.trace[s.k - 1][0]),
    ),
    mistake(
        "W_instead_of_input", 5, "dW", every,
        "dW {place} was made with W itself, where the input of the layer belongs.",
        dict(sum_W=lambda s: s.for_W.sum(axis=0)[:, None] * s.W),
        dict(into=lambda s: s.W),
    ),
    mistake(
        "outer_of_sums", 9, "dW", every,
        "dW is an outer product of sums over the batch {place}, where it is the sum of the examples' outer products.",
        dict(sum_W=lambda s: np.outer(s.for_W.sum(axis=0), s.into.sum(axis=0))),
        dict(sum_W=lambda s: np.outer(s.for_W.sum(axis=0), s.into.mean(axis=0))),
    ),
    mistake(
        "inner_product", 5, "dW", every,
        "dW is a single number {place}, a dot product of two vectors, where their outer product belongs.",
        dict(sum_W=lambda s: (s.for_W * s.a).sum()),
        dict(sum_W=lambda s: (s.for_W * made_of(s)).sum()),
        dict(sum_W=lambda s: (s.for_W * s.into).sum()),
    ),
    # The way back through W
    mistake(
        "W_transposed", 7, "dx", not_first,
        "The gradient went back through W.T instead of W {place}.",
        dict(through=lambda s: s.through.T),
    ),
    mistake(
        "missing_W", 7, "dx", not_first,
        "The gradient went back without being multiplied by W {place}.",
        dict(dx=lambda s: np.broadcast_to(s.for_x, s.x.shape)),
    ),
    mistake(
        "dW_instead_of_W", 7, "dx", not_first,
        "The gradient went back through dW instead of W {place}.",
        dict(W_back=lambda s: s.full_W),
    ),
    mistake(
        "way_back_without_slope", 7, "activation", lambda s: not_first(s) and curved(s),
        "What went back {place} was the gradient before its slope f'(z), and not δ; dW and db have the slope.",
        dict(for_x=lambda s: s.g),
    ),
    mistake(
        "wrong_column", 7, "dx", not_first,
        "W and b stand in one matrix {place}, and on the way back another column of it was left out than that of b.",
        beside_column(0),
        beside_column(1),
    ),
    mistake(
        "stale_W", 7, "dx", not_first,
        "The gradient went back through a W that had been stepped already {place}, at learning rate {constant}: "
        "all gradients come first, then the step.",
        dict(W_back=lambda s, c: s.W - c * s.full_W, b_back=lambda s, c: s.b - c * s.full_b),
        dict(
            when=lambda s: few(s) and len(s.x) > 1,  # one step for every example
            W_back=lambda s, c: s.W - c * steps(s), b_back=lambda s, c: s.b - c * len(s.x) * s.for_b,
        ),
        fitted=True,
    ),
    # Both gradients
    mistake(
        "last_example_only", 9, "dW", every,
        "Only the last example counts {place}: each one overwrote the one before, where they add up.",
        *of_both(sum_W=lambda s: np.outer(s.for_W[-1], s.into[-1]), sum_b=lambda s: s.for_b[-1]),
    ),
    mistake(
        "weight_decay", 8, "dW", without_penalty,
        "A weight decay was added {place}, {constant} times the parameter itself: the loss here has no such term.",
        dict(full_W=lambda s, c: s.full_W + c * s.W),
        dict(full_W=lambda s, c: s.full_W + c * s.W, full_b=lambda s, c: s.full_b + c * s.b),
        fitted=True,
    ),
    mistake(
        "zero_layer", 10, "dW", every,
        "The gradient is zero {place}: nothing arrived there, or nothing was stored.",
        *scaled(lambda s: 0),
    ),
])  # fmt: skip
