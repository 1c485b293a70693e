"""What people bring, in their own layouts and with their own losses: named, called right, or honestly unknown."""

import sys
import time
from collections import Counter
from itertools import product

import numpy as np
import pytest
from brought import BROUGHT, REGRESSION, classes, course, regression
from networks import network

from nnlib import (
    GRAD,
    VJP,
    bce,
    diagnose,
    diagnose_function,
    grads_of_step,
    half_mse,
    identity,
    relu,
    sigmoid,
    softmax_cross_entropy,
    tanh,
    value_and_grad,
)
from nnlib import search as searching


def said(diagnosis):
    return " ".join(str(diagnosis).split())


def as_it_should_be(diagnosis, says):
    if says == "right":
        return diagnosis.status == "right"
    if isinstance(says, set):
        return [{cause.name for cause in explanation} for explanation in diagnosis.explanations] == [says]
    return diagnosis.status == "unknown" and says in said(diagnosis)


@pytest.mark.parametrize("entry", BROUGHT, ids=lambda entry: entry[0])
def test_what_is_brought_is_told_truly(entry, checked):
    style, function, told, says = entry
    start = time.process_time()
    diagnosis = diagnose_function(function, **told)
    assert as_it_should_be(diagnosis, says), (says, diagnosis)
    assert time.process_time() - start < 4, "2 s each, and twice that where the machine is busy"
    checked(brought_functions=1)


def test_what_is_brought_is_of_every_kind():
    kinds = Counter(
        "right" if says == "right" else "named" if isinstance(says, set) else "unknown" for *_, says in BROUGHT
    )
    assert kinds["right"] >= 18 and kinds["named"] >= 45 and kinds["unknown"] >= 7
    assert not as_it_should_be(diagnose_function(classes(slope=lambda z, a: z), weights="in out"), "right")


# The convention is the owner's -------------------------------------------------------------------------------------------


def in_a_layout(examples, weights, biases, names, slope=lambda h: 1 - h * h):
    """Two layers, written for columns and W as out × in, then turned for everybody else."""

    def backward(params, acts, x, t):
        turn = np.transpose if weights == "in out" else np.asarray
        lay = np.transpose if examples == "rows" else np.asarray
        (W1, b1), (W2, b2) = ((turn(W), np.reshape(b, (-1, 1))) for W, b in params)
        x, t = lay(x), lay(t)
        h = np.tanh(W1 @ x + b1)
        d2 = (W2 @ h + b2 - t) / x.shape[1]
        d1 = W2.T @ d2 * slope(h)
        shape = {"n": (-1,), "1 n": (1, -1), "n 1": (-1, 1)}[biases]
        grads = [(turn(d @ a.T), d.sum(axis=1).reshape(shape)) for d, a in ((d1, x), (d2, h))]
        return (
            {f"{key}{k}": X for k, pair in enumerate(grads, 1) for key, X in zip(("dW", "db"), pair)}
            if names
            else grads
        )

    return backward


LAYOUTS = list(product(("rows", "columns"), ("out in", "in out"), ("n", "1 n", "n 1"), (False, True)))


@pytest.mark.parametrize("layout", LAYOUTS, ids=" ".join if False else str)
def test_right_code_is_right_in_every_layout(layout, checked):
    examples, weights, *_ = layout
    wrong = in_a_layout(*layout, slope=lambda h: 1 + h * h)
    for told in (dict(examples=examples, weights=weights), {}):
        diagnosis = diagnose_function(in_a_layout(*layout), *REGRESSION, **told)
        assert diagnosis.status == "right", diagnosis
        differs = [
            words
            for words, value in (("one example per column", examples), ("W as in × out", weights))
            if value in words_of(value) and not told
        ]
        assert all(words in diagnosis.head for words in differs)
        (cause,) = diagnose_function(wrong, *REGRESSION, **told).causes
        assert cause.name == "slope_sign"
    checked(layouts=1)


def words_of(value):
    return {"columns", "in out"} & {value}


def test_a_convention_that_was_not_told_is_said():
    head = diagnose_function(in_a_layout("columns", "in out", "n 1", True), *REGRESSION).head
    assert (
        head == "Right, with one example per column, W as in × out: every gradient agrees with nnlib's backward pass."
    )
    turned = lambda params, acts, x, t: [
        (dW.T, db) for dW, db in value_and_grad(params, acts, x, t, softmax_cross_entropy)[1]
    ]
    assert "Right, with dW laid out the other way than W as out × in" in str(diagnose_function(turned))
    for shape in ((-1, 1), (1, -1)):
        beside = lambda params, acts, x, t: [
            (dW, db.reshape(shape)) for dW, db in value_and_grad(params, acts, x, t, softmax_cross_entropy)[1]
        ]
        assert diagnose_function(beside).status == "right"


def test_class_numbers():
    problem = network([4, 5, 3], [relu, identity], softmax_cross_entropy)
    with pytest.raises(
        TypeError, match=r"diagnose: t must have one column per class, got class numbers; pass one_hot\("
    ):
        diagnose(*problem[:3], np.arange(7) % 3, problem[4], value_and_grad(*problem)[1])

    def takes_labels(params, acts, x, labels):
        return value_and_grad(params, acts, x, np.eye(3)[labels], softmax_cross_entropy)[1]

    assert "with class numbers for t, where nnlib takes one_hot(t, K)" in diagnose_function(takes_labels).head


@pytest.mark.parametrize(
    "told, message",
    [
        (dict(examples="row"), "examples must be 'rows' or 'columns', got 'row'"),
        (dict(weights=2), "weights must be 'out in' or 'in out'"),
    ],
)
def test_a_convention_that_nobody_has(told, message):
    with pytest.raises(ValueError, match=f"diagnose_function: {message}"):
        diagnose_function(course(), **told)


def steps_in_place(params, x, t, rate, stale=False):
    (W1, b1), (W2, b2) = params
    h = np.tanh(x @ W1.T + b1)
    d2 = (h @ W2.T + b2 - t) / len(x)
    back = d2 @ W2
    W2 -= rate * d2.T @ h
    b2 -= rate * d2.sum(axis=0)
    d1 = (d2 @ W2 if stale else back) * (1 - h * h)
    W1 -= rate * d1.T @ x
    b1 -= rate * d1.sum(axis=0)


def one_in_place(params, x, t, rate):
    """One example, a vector; nothing to divide by."""
    (W1, b1), (W2, b2) = params
    h = np.tanh(W1 @ x + b1)
    d2 = W2 @ h + b2 - t
    d1 = W2.T @ d2 * (1 - h * h)
    for X, dX in ((W2, np.outer(d2, h)), (b2, d2), (W1, np.outer(d1, x)), (b1, d1)):
        X -= rate * dX


def test_gradients_of_code_that_updates_in_place():
    params, acts, x, t, loss = problem = network(*REGRESSION)
    before = [(W.copy(), b.copy()) for W, b in params]
    expected = value_and_grad(*problem)[1]
    for grads in (
        grads_of_step(steps_in_place, params, x, t, 0.1),
        grads_of_step(one_in_place, params, x, t, 0.1, one_by_one=True),
        grads_of_step(
            lambda params, x, t, rate: [(W - rate * dW, b - rate * db) for (W, b), (dW, db) in zip(params, expected)],
            params,
            x,
            t,
            0.01,
        ),
    ):
        assert all(np.allclose(X, Y, 1e-9, 1e-12) for pair, right in zip(grads, expected) for X, Y in zip(pair, right))
        assert diagnose(*problem, grads).status == "right"
    assert all(np.array_equal(X, Y) for pair, old in zip(params, before) for X, Y in zip(pair, old))
    stale = grads_of_step(lambda *a: steps_in_place(*a, stale=True), params, x, t, 0.1)
    (cause,) = diagnose(*problem, stale).causes
    assert cause.name == "stale_W" and "learning rate 0.1:" in cause.sentence


@pytest.mark.parametrize(
    "spoil, message",
    [
        (dict(step=3), "step must be a function"),
        (dict(learning_rate=0), "learning_rate must be a number above 0"),
        (dict(params=3), "params must be a list"),
    ],
)
def test_steps_that_cannot_be_taken(spoil, message):
    params, acts, x, t, loss = network(*REGRESSION)
    with pytest.raises((TypeError, ValueError), match=f"grads_of_step: {message}"):
        grads_of_step(**dict(step=steps_in_place, params=params, x=x, t=t, learning_rate=0.1) | spoil)


CONTAINERS = {
    "one tuple": lambda loss, W1, b1, W2, b2: (W1, b1, W2, b2),
    "W first": lambda loss, W1, b1, W2, b2: [W1, W2, b1, b2],
    "two lists": lambda loss, W1, b1, W2, b2: ([W1, W2], [b1, b2]),
    "two lists, b first": lambda loss, W1, b1, W2, b2: ([b1, b2], [W1, W2]),
    "b first in each": lambda loss, W1, b1, W2, b2: [(b1, W1), (b2, W2)],
    "two lists in a dictionary": lambda loss, W1, b1, W2, b2: {"W": [W1, W2], "b": [b1, b2]},
    "a dictionary for each layer": lambda loss, W1, b1, W2, b2: [dict(db=b1, dW=W1), dict(db=b2, dW=W2)],
    "names of its own": lambda loss, W1, b1, W2, b2: dict(dWh=W1, dbh=b1, dWo=W2, dbo=b2),
    "long names": lambda loss, W1, b1, W2, b2: dict(weights1=W1, biases1=b1, weights2=W2, biases2=b2),
    "the loss before all": lambda loss, W1, b1, W2, b2: (loss, W1, b1, W2, b2),
    "the loss after all": lambda loss, W1, b1, W2, b2: (W1, b1, W2, b2, loss),
    "the loss beside one list": lambda loss, *grads: (loss, grads),
    "the loss last": lambda loss, W1, b1, W2, b2: ([(W1, b1), (W2, b2)], loss),
    "a zip": lambda loss, W1, b1, W2, b2: zip([W1, W2], [b1, b2]),
    "lists": lambda loss, *grads: [X.tolist() for X in grads],
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_gradients_in_whatever_they_are_returned(container, checked):
    def returned(params, acts, x, t, factor=1):
        loss, grads = value_and_grad(params, acts, x, t, half_mse)
        return CONTAINERS[container](factor * loss, *(factor * X for pair in grads for X in pair))

    assert diagnose_function(returned, *REGRESSION).status == "right"
    turned = diagnose_function(lambda *given: returned(*given, factor=-1), *REGRESSION)
    assert (
        turned.status != "right"
        and {"sign", "other_loss"} & {cause.name for cause in turned.causes}
        or ("−1 times half_mse" in str(turned))
    )
    checked(containers=1)


def test_gradients_that_are_too_few_are_not_read_as_something_else():
    few = lambda params, acts, x, t: [X for pair in value_and_grad(params, acts, x, t, half_mse)[1] for X in pair][:3]
    assert diagnose_function(few, *REGRESSION).status == "bad_input"


def test_class_numbers_in_a_step():
    params = network(*REGRESSION)[0]
    still = lambda params, x, t, rate: None if t.dtype.kind == "i" else 1 / 0
    grads = grads_of_step(still, params, np.zeros((7, 4)), np.arange(7), 0.1)
    assert not any(X.any() for pair in grads for X in pair)
    for spoiled in (np.full(7, np.nan), np.zeros(0), 3):
        with pytest.raises((ValueError, TypeError, FloatingPointError), match="grads_of_step: .*t (must|\\()"):
            grads_of_step(still, params, np.zeros((7, 4)), spoiled, 0.1)


# The loss is the owner's --------------------------------------------------------------------------------------------------


def test_a_loss_of_its_own_is_said_in_words():
    mean = lambda y, t: 2 * (y - t) / y.size
    assert "Right, for a loss that is 2/K times half_mse" in diagnose_function(regression(mean), *REGRESSION).head
    slipped = said(diagnose_function(regression(mean, slope=lambda h: h), *REGRESSION))
    assert "Your loss is 2/K times half_mse; that is no mistake." in slipped
    twice = said(diagnose_function(regression(lambda y, t: 2 * (y - t) / len(y)), *REGRESSION))
    assert "If your loss is 2 times half_mse, nothing is wrong." in twice
    other = said(diagnose_function(regression(lambda y, t: (y - t) / len(y), lambda y, t: 1.25), *REGRESSION))
    assert "The loss that is returned is 1.25, where half_mse of this network is" in other


def test_the_evidence_is_beside_the_loss_of_its_own():
    mean = lambda y, t: 2 * (y - t) / y.size
    slipped = said(diagnose_function(regression(mean, slope=lambda h: 1), *REGRESSION))
    assert "Wrong: dW1, db1. Counted from the output, layer 1 is the first wrong one." in slipped
    twice = said(diagnose_function(regression(lambda y, t: 2 * (y - t) / len(y), slope=lambda h: 1), *REGRESSION))
    assert "If your loss is 2 times half_mse, that is no mistake." in twice


def test_another_value_of_the_loss_beside_a_mistake_that_is_named():
    def decayed(params, acts, x, t):
        loss, grads = value_and_grad(params, acts, x, t, softmax_cross_entropy)
        return loss + 1, [(dW + 0.01 * W, db) for (W, _), (dW, db) in zip(params, grads)]

    diagnosis = diagnose_function(decayed)
    assert as_it_should_be(diagnosis, {"weight_decay"}) and "The loss that is returned is" in str(diagnosis)


def test_two_mistakes_beside_a_loss_of_its_own():
    slips = regression(lambda y, t: 2 * (y - t) / y.size, slope=lambda h: 1)

    def three(params, acts, x, t):
        (dW1, db1), (dW2, db2) = slips(params, acts, x, t)
        return [(dW1, db1.sum()), (dW2, db2.sum())]

    diagnosis = diagnose_function(three, *REGRESSION)
    assert as_it_should_be(diagnosis, {"missing_activation_derivative", "bias_sum_all"}) and "2/K" in str(diagnosis)


@pytest.mark.parametrize(
    "penalty, message",
    [
        ("l2", "penalty must be a list"),
        (("l3", 0.1), "penalty must be such as"),
        (("l2",), "penalty must be such as"),
        (("l1", -1), r"penalty\[1\] must be a number"),
        (("l2", 1, "b"), "penalty must be such as"),
    ],
)
def test_a_penalty_that_is_none(penalty, message):
    with pytest.raises(ValueError, match=f"diagnose_function: {message}"):
        diagnose_function(classes(), penalty=penalty)


@pytest.mark.parametrize("kind", ["l1", "l2"])
def test_the_penalty_is_the_gradient_of_what_it_adds(kind):
    def penalised(params, acts, x, t):
        loss, grads = value_and_grad(params, acts, x, t, softmax_cross_entropy)
        loss += sum(0.3 * abs(X).sum() if kind == "l1" else 0.15 * (X**2).sum() for pair in params for X in pair)
        pull = np.sign if kind == "l1" else np.asarray
        return loss, [(dW + 0.3 * pull(W), db + 0.3 * pull(b)) for (W, b), (dW, db) in zip(params, grads)]

    assert diagnose_function(penalised, penalty=(kind, 0.3, "W and b")).status == "right"
    assert diagnose_function(penalised, penalty=(kind, 0.3)).status != "right"


# Rules that nnlib does not have -------------------------------------------------------------------------------------------


def leaky(z):
    return np.where(z > 0, z, 0.3 * z)


def elu(z):
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))


def softplus(z):
    return np.logaddexp(0, z)


def silu(z):
    return z / (1 + np.exp(-z))


def gelu(z):
    return 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))


def logistic(z):
    return 1 / (1 + np.exp(-z))


def gelu_slope(z):
    u = np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))
    return 0.5 * (1 + u) + 0.5 * z * (1 - u**2) * np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * z**2)


SLOPES = {  # in z, and in a where that is possible
    leaky: lambda z: np.where(z > 0, 1, 0.3),
    elu: lambda z: np.where(z > 0, 1, np.exp(np.minimum(z, 0))),
    softplus: logistic,
    silu: lambda z: logistic(z) * (1 + z * (1 - logistic(z))),
    gelu: gelu_slope,
}


def two_layers(f, slope):
    def backward(params, acts, x, t):
        (W1, b1), (W2, b2) = params
        z = x @ W1.T + b1
        e = np.exp(f(z) @ W2.T + b2)
        d2 = (e / e.sum(axis=1, keepdims=True) - t) / len(x)
        d1 = d2 @ W2 * slope(z)
        return [(d1.T @ x, d1.sum(axis=0)), (d2.T @ f(z), d2.sum(axis=0))]

    return backward


@pytest.mark.parametrize("f", SLOPES)
def test_activations_that_nnlib_does_not_have(f, monkeypatch):
    slope = SLOPES[f]
    monkeypatch.setitem(VJP, f, lambda g, a, z: g * slope(z))
    told = [4, 5, 3], [f, identity], softmax_cross_entropy
    assert diagnose_function(two_layers(f, slope), *told).status == "right"
    for wrong, name in (
        (lambda z: slope(f(z)), "derivative_at_a"),
        (lambda z: z > 0, "wrong_activation_derivative"),
        (lambda z: z * slope(z), "slope_times_z"),
        (lambda z: f(z), "activation_instead_of_derivative"),
    ):
        if not np.allclose(wrong(np.linspace(-2, 2, 9)), slope(np.linspace(-2, 2, 9))):
            found = diagnose_function(two_layers(f, wrong), *told)
            assert name in {cause.name for cause in found.causes}, found
            assert "<lambda>" not in str(found)


@pytest.mark.parametrize("rule", [lambda g, a, z: g * SLOPES[elu](z), lambda g, a, z: g * np.where(a > 0, 1, a + 1)])
def test_the_form_in_a_is_found_however_the_rule_is_written(rule, monkeypatch):
    monkeypatch.setitem(VJP, elu, rule)
    wrong = two_layers(elu, lambda z: np.where(z > 0, 1, z + 1))
    (cause,) = diagnose_function(wrong, [4, 5, 3], [elu, identity], softmax_cross_entropy).causes
    assert cause.name == "a_form_at_z" and cause.rule == "VJP[elu]"


def hinge(y, t):
    return np.maximum(0, 1 - y * t).sum() / len(y)


def absolute(y, t):
    return np.abs(y - t).sum() / len(y)


def huber(y, t):
    e = np.abs(y - t)
    return np.where(e < 0.5, e**2 / 2, 0.5 * e - 0.125).sum() / len(y)


LOSSES = {
    hinge: lambda y, t: np.where(y * t < 1, -t, 0) / len(y),
    absolute: lambda y, t: np.sign(y - t) / len(y),
    huber: lambda y, t: np.clip(y - t, -0.5, 0.5) / len(y),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_losses_that_nnlib_does_not_have(loss, monkeypatch):
    monkeypatch.setitem(GRAD, loss, LOSSES[loss])
    told = [4, 5, 3], [tanh, identity], loss
    assert diagnose_function(regression(LOSSES[loss]), *told).status == "right"
    found = diagnose_function(regression(lambda y, t: -LOSSES[loss](y, t)), *told)
    assert found.status == "named" and found.causes[0].rule == f"GRAD[{loss.__name__}]"


def test_a_rule_that_was_added_wrong_is_the_diagnosis(monkeypatch):
    monkeypatch.setitem(VJP, gelu, lambda g, a, z: 2 * g * gelu_slope(z))
    found = diagnose_function(two_layers(gelu, gelu_slope), [4, 5, 3], [gelu, identity], softmax_cross_entropy)
    assert [cause.name for cause in found.causes] == ["wrong_rule"] and "VJP[gelu]" in str(found)
    monkeypatch.setitem(GRAD, huber, LOSSES[absolute])
    found = diagnose_function(regression(LOSSES[huber]), [4, 5, 3], [tanh, identity], huber)
    assert [cause.name for cause in found.causes] == ["wrong_rule"] and "GRAD[huber]" in str(found)


@pytest.mark.parametrize(
    "rule, words",
    [
        (lambda g, a, z: (g * gelu_slope(z),), "returns a tuple, where an array of the shape of z belongs"),
        (lambda g, a, z: (g * gelu_slope(z))[0], "returns an array (5,), where z is (7, 5)"),
    ],
)
def test_a_rule_that_returns_something_else_is_the_diagnosis(monkeypatch, rule, words):
    monkeypatch.setitem(VJP, gelu, rule)
    found = diagnose_function(two_layers(gelu, gelu_slope), [4, 5, 3], [gelu, identity], softmax_cross_entropy)
    assert [cause.name for cause in found.causes] == ["wrong_rule"] and words in said(found)


def test_an_activation_without_a_rule_is_told_how_to_get_one():
    with pytest.raises(ValueError, match=r"nnlib\.VJP\[gelu\] = a function of g, a and z that returns dz adds one"):
        diagnose_function(two_layers(gelu, gelu_slope), [4, 5, 3], [gelu, identity], softmax_cross_entropy)


# What a function does beside its mathematics ------------------------------------------------------------------------------


def honest(params, acts, x, t):
    return value_and_grad(params, acts, x, t, softmax_cross_entropy)[1]


class Grown:
    """Gradients that are added up and never set back to zero, in arrays of its own or in new ones."""

    def __init__(self, in_place):
        self.in_place, self.held = in_place, {}

    def __call__(self, params, acts, x, t):
        grads, key = honest(params, acts, x, t), str([W.shape for W, _ in params])
        held = self.held.setdefault(key, [[np.zeros_like(X) for X in pair] for pair in grads])
        for pair, more in zip(held, grads):
            for k, X in enumerate(more):
                pair[k] = np.add(pair[k], X, out=pair[k] if self.in_place else None)
        return held


@pytest.mark.parametrize("in_place", [True, False])
def test_gradients_that_are_never_set_back_are_said_to_grow(in_place):
    found = diagnose_function(Grown(in_place))
    assert found.status == "bad_input" and "added up, and never set back to zero" in said(found)


def test_two_answers_to_one_question_are_no_gradient():
    rng = np.random.default_rng(0)

    def dropped(params, acts, x, t):
        kept = rng.random(x.shape) < 0.8
        return honest(params, acts, x * kept / 0.8, t)

    found = diagnose_function(dropped)
    assert found.status == "bad_input" and "draws random numbers, as dropout does" in said(found)


def with_epsilon(epsilon, off=1.0):
    """A sigmoid layer and its cross-entropy as quotients that a small constant keeps finite."""

    def my_backward(params, acts, x, t):
        ((W, b),) = params
        p = 1 / (1 + np.exp(-(x @ W.T + b)))
        dp = -(t / (p + epsilon) - off * (1 - t) / (1 - p + epsilon)) / len(x)
        delta = dp * p * (1 - p)
        return [(delta.T @ x, delta.sum(axis=0))]

    return my_backward


def test_a_small_constant_in_a_quotient_is_right_to_so_many_digits():
    told = [4, 3], [sigmoid], bce
    assert diagnose_function(with_epsilon(0), *told).head.startswith("Right: ")
    for epsilon in (1e-7, 3e-7):
        found = diagnose_function(with_epsilon(epsilon), *told)
        assert found and "digits, as where a small ε" in found.head, found
        assert "count" not in said(found) and all(entry.ok for entry in found.entries)
    assert diagnose_function(with_epsilon(1e-2), *told).status == "unknown"
    assert not diagnose_function(with_epsilon(1e-8, off=-1), *told)


def scaled_by_norm(grads):
    size = np.sqrt(sum((X**2).sum() for pair in grads for X in pair))
    return [(dW / size, db / size) for dW, db in grads]


@pytest.mark.parametrize(
    "change, words",
    [
        (scaled_by_norm, "all together have the norm 1: they were scaled by their norm"),
        (
            lambda grads: [tuple(0.1 * np.sign(X) for X in pair) for pair in grads],
            "Every entry is ±0.1, with the right",
        ),
    ],
)
def test_what_an_optimiser_makes_of_gradients(change, words):
    found = diagnose_function(lambda *given: change(honest(*given)), [4, 5, 3])
    assert found.status == "unknown" and words in said(found)


@pytest.mark.parametrize(
    "slope, words",
    [
        (
            lambda z: np.where(z > 0, 1, 0.01),
            "0.01 where z < 0 and 1 where z > 0, where 0 where z < 0 and 1 where z > 0",
        ),
        (np.sign, "−1 where z < 0 and 1 where z > 0"),
        (lambda z: np.where(z > 0, 1, 0.01 * z), "0.01 z where z < 0 and 1 where z > 0"),
    ],
)
def test_the_slope_on_each_side_of_the_kink(slope, words):
    def my_backward(params, acts, x, t):
        (W1, b1), (W2, b2) = params
        z1 = x @ W1.T + b1
        a1 = np.maximum(z1, 0)
        p = np.exp(a1 @ W2.T + b2)
        delta = (p / p.sum(axis=1, keepdims=True) - t) / len(x)
        below = delta @ W2 * slope(z1)
        return [(below.T @ x, below.sum(axis=0)), (delta.T @ a1, delta.sum(axis=0))]

    found = diagnose_function(my_backward, [4, 5, 3], [relu, identity])
    assert f"was multiplied by {words}" in said(found), found


def test_the_loss_is_looked_at_where_both_gradients_of_the_last_layer_are_wrong():
    found = diagnose_function(with_epsilon(0, off=-1), [4, 3], [sigmoid], bce)
    assert "look at bce_grad: " in said(found) and "and at sigmoid_vjp: " in said(found)


def test_an_entry_stands_where_its_owner_has_it():
    """dW of one wrong entry, as in × out: the place is the owner's, and so is a shape."""

    def spoiled(params, acts, x, t):
        turned = [(W.T, b) for W, b in params]
        (dW, db), *rest = honest(turned, acts, x, t)
        mine = dW.T.copy()
        mine[3, 1] += 1
        return [(mine, db), *((dW.T, db) for dW, db in rest)]

    found = diagnose_function(spoiled, [4, 5, 3], weights="in out")
    assert "dW1[3, 1] is" in said(found) and found.entries[0].at == (3, 1)


@pytest.mark.parametrize(
    "change, words",
    [
        (
            lambda grads: {f"d{name}2": X for name, X in zip("Wb", grads[1])},
            "grads has no dW1 and no db1, only dW2, db2.",
        ),
        (lambda grads: [(dW, None) for dW, _ in grads], "db is None in every layer, and without b my_backward raised"),
    ],
)
def test_gradients_that_were_not_made_are_named(change, words):
    def my_backward(params, acts, x, t):
        params[0][1] + 1  # it has a b
        return change(honest(params, acts, x, t))

    found = diagnose_function(my_backward, [4, 5, 3])
    assert found.status == "bad_input" and words in said(found)


# Bounded ------------------------------------------------------------------------------------------------------------------


def seconds(problem, grads):
    start = time.process_time()
    assert diagnose(*problem, grads).status == "unknown"
    return time.process_time() - start


def spoiled(grads):
    """Layer 1 wrong, in dW alone, in db alone, in both."""
    (dW, db), *rest = grads
    return [[(dW + 0.01, db), *rest], [(dW, db + 0.01), *rest], [(dW + 0.01, db + 0.01), *rest]]


def test_how_long_an_unknown_takes(checked):
    small = []
    for told in (
        ([4, 5, 6, 3], [tanh, tanh, identity], softmax_cross_entropy),
        ([8, 4, 3, 2], [sigmoid] * 3, half_mse),
    ):
        problem = network(*told)
        small += [seconds(problem, grads) for grads in spoiled(value_and_grad(*problem)[1])]
    large = network([784, 10, 10], [relu, identity], softmax_cross_entropy, 512)
    slow = [seconds(large, grads) for grads in spoiled(value_and_grad(*large)[1])[:1]]
    print(f"\nunknown: {max(small):.2f} s at the book's sizes, {max(slow):.1f} s at 784-10-10 with 512 examples")
    assert max(small) < 2 and max(slow) < 10
    checked(milliseconds_to_unknown=round(1000 * max(small)))


def test_a_search_that_is_interrupted_says_what_it_has(monkeypatch):
    problem = network([4, 5, 6, 3], [tanh, tanh, identity], softmax_cross_entropy)
    grads = [(2 * dW, 2 * db) for dW, db in value_and_grad(*problem)[1]]

    def interrupted(*_):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(searching, "fit", interrupted)
    unknown = diagnose(*problem, [(dW + 0.01, db) for dW, db in grads])
    assert unknown.status == "unknown" and "The search was interrupted: there may be other explanations." in str(
        unknown
    )
    explain = searching.explain

    def soon(case, groups, *rest):
        yield from explain(case, groups, *rest)
        if len(groups) == 1 and not rest:
            raise KeyboardInterrupt

    monkeypatch.setattr(searching, "explain", soon)
    found = diagnose(*problem, grads)
    assert found.status == "named" and "The search was interrupted" in str(found)


def test_progress_is_shown_past_a_second(monkeypatch):
    bars = []

    class Bar:
        def tqdm(items, **options):
            bars.append(options)
            return items

    monkeypatch.setitem(sys.modules, "tqdm", Bar)
    problem = network([4, 5, 3], [relu, identity], softmax_cross_entropy)
    diagnose(*problem, [(dW + 0.01, db) for dW, db in value_and_grad(*problem)[1]])
    assert bars and all(bar["delay"] == 1 for bar in bars)
