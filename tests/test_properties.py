"""What holds of every network and every rule, tried on random ones: laws, not examples.

That a gradient equals the derivative is in test_networks.py and test_pairs.py; here is what follows from it, and what a
formula that is right in one place only would break.
"""

import copy
import itertools
from functools import partial

import mpmath
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from networks import LAST, TARGETS, network, networks, repeatable
from oracles import TEXTBOOK, error, leaves, network_gradients, reverse_mode

from nnlib import (
    GRAD,
    VJP,
    bce,
    dense,
    dense_vjp,
    forward,
    half_mse,
    identity,
    numerical_grad,
    one_hot,
    relu,
    sgd_step,
    sigmoid,
    sigmoid_bce,
    sigmoid_bce_grad,
    softmax,
    softmax_cross_entropy,
    softmax_cross_entropy_grad,
    tanh,
    train,
    value_and_grad,
)

seeds = st.integers(0, 10**6)
sizes = st.integers(1, 5)
rules = st.sampled_from([*VJP, dense])
laws = settings(repeatable, phases=[Phase.generate])  # a law that is broken need not be broken in the smallest way
few, some = settings(laws, max_examples=15), settings(laws, max_examples=40)


def operation(f, N, I, O, rng):
    """An operation's arguments, and its rule."""
    if f is dense:
        return (rng.normal(size=(N, I)), rng.normal(size=(O, I)), rng.normal(size=O)), dense_vjp
    return (rng.normal(size=(N, O)),), VJP[f]


def flat(*nested):
    return np.concatenate([np.ravel(leaf) for part in nested for leaf in leaves(part)])


def close(got, expected, tolerance=1e-12):
    """Whether they agree, relative to what is expected or to 1."""
    got, expected = flat(got), flat(expected)
    return got.shape == expected.shape and abs(got - expected).max() <= tolerance * max(1, abs(expected).max())


# Networks against two derivatives that know nothing of them -----------------------------------------------------------


def textbook(net):
    """The loss as a function of the parameters, in the textbook's formulas."""
    _, acts, x, t, loss = net

    def value(params):
        a = x
        for (W, b), act in zip(params, acts):
            a = TEXTBOOK[act.__name__](TEXTBOOK["dense"](a, W, b))
        return TEXTBOOK[loss.__name__](a, t)

    return value


@few
@given(networks(depths=st.integers(1, 4)))
def test_the_gradient_is_autograds(net):
    """HIPS autograd through the textbook's formulas, value and gradient."""
    L, grads = value_and_grad(*net)
    value = textbook(net)
    assert close(L, value(net[0]), 1e-10)
    assert close(grads, network_gradients(reverse_mode, value, net[0]), 1e-10)


@few
@given(networks(depths=st.integers(1, 3), widths=st.integers(1, 3)))
def test_the_gradient_is_the_numerical_one(net):
    """By nnlib's own differences, parameter by parameter; kinks are unlikely, and relu's are told by their size."""
    params, acts, x, t, loss = net
    _, grads = value_and_grad(*net)
    if any(act is relu and abs(z).min() < 1e-3 for act, (_, z, _) in zip(acts, forward(params, acts, x)[1])):
        return
    for k, (W, b) in enumerate(params):
        for part, array in enumerate((W, b)):

            def value(array, k=k, part=part):
                pair = (array, params[k][1]) if part == 0 else (params[k][0], array)
                return loss(forward([*params[:k], pair, *params[k + 1 :]], acts, x)[0], t)

            assert close(grads[k][part], numerical_grad(value, array), 1e-6)


# Rules ----------------------------------------------------------------------------------------------------------------


@some
@given(rules, sizes, sizes, sizes, seeds)
def test_a_rule_is_linear_in_g(f, N, I, O, seed):
    rng = np.random.default_rng(seed)
    args, rule = operation(f, N, I, O, rng)
    out = f(*args)
    g, h = rng.normal(size=(2, *out.shape))
    assert close(rule(2.5 * g - h, out, *args), 2.5 * flat(rule(g, out, *args)) - flat(rule(h, out, *args)))


@some
@given(rules, sizes, sizes, sizes, seeds)
def test_a_rule_is_the_transpose_of_the_derivative(f, N, I, O, seed):
    """g times (the Jacobian times v) is (g times the Jacobian) times v, for any g and any direction v."""
    rng = np.random.default_rng(seed)
    args, rule = operation(f, N, I, O, rng)
    out, h = f(*args), 1e-30
    v, g = [rng.normal(size=arg.shape) for arg in args], rng.normal(size=out.shape)
    along = f(*(arg + 1j * h * step for arg, step in zip(args, v))).imag / h
    assert close((g * along).sum(), flat(rule(g, out, *args)) @ flat(v))


@some
@given(networks())
def test_permuting_the_examples_changes_nothing(net):
    params, acts, x, t, loss = net
    order = np.random.default_rng(len(x)).permutation(len(x))
    L, grads = value_and_grad(*net)
    M, same = value_and_grad(params, acts, x[order], t[order], loss)
    assert close(M, L) and close(same, grads)
    assert close(forward(params, acts, x[order])[0], forward(params, acts, x)[0][order])


@some
@given(networks(depths=st.integers(2, 4)), seeds)
def test_permuting_hidden_units_changes_nothing(net, seed):
    """Rows of one W and columns of the next, whatever comes between; the gradients are permuted alike."""
    params, acts, x, t, loss = net
    order = np.random.default_rng(seed).permutation(len(params[0][1]))
    (W, b), (V, c) = params[:2]
    L, grads = value_and_grad(*net)
    M, permuted = value_and_grad([(W[order], b[order]), (V[:, order], c), *params[2:]], acts, x, t, loss)
    assert close(M, L) and close(permuted[0], [grad[order] for grad in grads[0]])
    assert close(permuted[1][0], grads[1][0][:, order])


@some
@given(networks(), st.data())
def test_splitting_a_batch_and_recombining_it(net, data):
    """The gradient of the whole is the mean of the parts', weighed by how many examples each has."""
    params, acts, x, t, loss = net
    cut = data.draw(st.integers(0, len(x) - 1))
    halves = [part for part in (slice(None, cut), slice(cut, None)) if len(x[part])]
    found = [(len(x[part]) / len(x), value_and_grad(params, acts, x[part], t[part], loss)) for part in halves]
    L, grads = value_and_grad(*net)
    assert close(sum(share * M for share, (M, _) in found), L)
    assert close(sum(share * flat(part) for share, (_, part) in found), flat(grads))


@some
@given(networks())
def test_the_gradient_of_a_batch_is_the_mean_of_its_examples(net):
    params, acts, x, t, loss = net
    alone = [flat(value_and_grad(params, acts, x[[n]], t[[n]], loss)) for n in range(len(x))]
    assert close(np.mean(alone, axis=0), flat(value_and_grad(*net)))


@some
@given(networks())
def test_an_example_twice_is_the_batch_once(net):
    params, acts, x, t, loss = net
    twice = value_and_grad(params, acts, np.repeat(x, 2, axis=0), np.repeat(t, 2, axis=0), loss)
    assert close(twice, value_and_grad(*net))


@some
@given(networks())
def test_nothing_that_a_caller_has_is_changed_and_a_second_run_is_the_same_bitwise(net):
    before = copy.deepcopy(net[0]), net[2].copy(), net[3].copy()
    first, again = value_and_grad(*net), value_and_grad(*net)
    assert all((a == b).all() for a, b in zip(leaves([net[0], net[2], net[3]]), leaves(list(before))))
    assert all(np.array_equal(a, b) for a, b in zip(leaves(first), leaves(again)))


@some
@given(networks(depths=st.integers(1, 3)))
def test_float32_is_near_float64(net):
    params, acts, x, t, loss = net
    narrow = [(W.astype("f"), b.astype("f")) for W, b in params]
    exact = [(W.astype(float), b.astype(float)) for W, b in narrow]
    x, t = x.astype("f"), t.astype("f")
    if any(
        act is relu and abs(z).min() < 1e-4 for act, (_, z, _) in zip(acts, forward(exact, acts, x.astype(float))[1])
    ):
        return
    half, full = value_and_grad(narrow, acts, x, t, loss), value_and_grad(exact, acts, *map(np.float64, (x, t)), loss)
    scale = max(1, *(abs(z).max() for _, z, _ in forward(exact, acts, x.astype(float))[1]))
    assert close(half, full, 2e-4 * scale)  # cancellation grows with the logits


@some
@given(networks(), st.sampled_from([1e-3, 1e-4, 1e-5]))
def test_a_small_enough_step_descends(net, rate):
    """To first order the loss falls by the rate times the square of the gradient's length."""
    params, acts, x, t, loss = net
    L, grads = value_and_grad(*net)
    fall = (flat(grads) ** 2).sum()
    if fall * rate < 1e-9 * max(1, abs(L)):
        return  # at the bottom, or hidden by rounding
    for _ in range(30):  # halve the step until the loss is straight enough
        M = loss(forward(sgd_step(params, grads, rate), acts, x)[0], t)
        if abs((L - M) / (rate * fall) - 1) < 0.1:
            assert M < L
            return
        rate /= 2
    pytest.fail(f"no step descends: {L} to {M}")


# Activations and losses -----------------------------------------------------------------------------------------------


@some
@given(sizes, st.integers(2, 5), st.floats(-500, 500), seeds)
def test_a_number_added_to_all_logits_changes_nothing(N, K, shift, seed):
    rng = np.random.default_rng(seed)
    z, t = rng.normal(size=(N, K)), rng.dirichlet(np.ones(K), size=N)
    assert close(softmax(z + shift), softmax(z)) and close(softmax(z).sum(axis=1), np.ones(N))
    assert close(softmax_cross_entropy(z + shift, t), softmax_cross_entropy(z, t))
    assert close(softmax_cross_entropy_grad(z + shift, t), softmax_cross_entropy_grad(z, t))
    assert close(VJP[softmax](np.ones((N, K)), softmax(z), z), np.zeros((N, K)))


@some
@given(sizes, sizes, seeds)
def test_symmetries(N, K, seed):
    z = np.random.default_rng(seed).normal(0, 9, size=(N, K))
    t = np.random.default_rng(seed + 1).uniform(size=(N, K))
    assert close(sigmoid(-z), 1 - sigmoid(z)) and close(tanh(-z), -tanh(z)) and close(tanh(z), 2 * sigmoid(2 * z) - 1)
    assert close(relu(z) - relu(-z), z) and close(identity(z), z)
    assert close(sigmoid_bce(z, t), sigmoid_bce(-z, 1 - t)) and close(
        sigmoid_bce_grad(z, t), -sigmoid_bce_grad(-z, 1 - t)
    )
    two, ones = np.stack([z.ravel(), 0 * z.ravel()], 1), np.stack([t.ravel(), 1 - t.ravel()], 1)
    assert close(softmax_cross_entropy(two, ones) * K, sigmoid_bce(z, t))  # two classes are one logit


@some
@given(st.sampled_from(list(GRAD)), sizes, st.integers(2, 5), seeds)
def test_a_loss_is_least_at_its_target(loss, N, K, seed):
    rng = np.random.default_rng(seed)
    t = rng.dirichlet(np.ones(K), size=N)
    best = {"sigmoid_bce": np.log(t / (1 - t)), "softmax_cross_entropy": np.log(t) - 1}.get(loss.__name__, t)
    other = {"half_mse": best + rng.normal(size=t.shape), "sigmoid_bce": best + 1, "softmax_cross_entropy": best * 1.5}
    y = other.get(loss.__name__, rng.dirichlet(np.ones(K), size=N))
    assert loss(y, t) >= loss(best, t)
    along = GRAD[loss](best, t)  # no slope along what stays a distribution
    assert close(along - (along.mean(axis=1, keepdims=True) if loss.__name__ == "cross_entropy" else 0), 0 * t)


@some
@given(st.lists(st.integers(0, 6), min_size=1, max_size=20), st.sampled_from([np.float64, np.float32]))
def test_one_hot_and_back(labels, dtype):
    t = one_hot(np.array(labels), 7, dtype)
    assert t.argmax(axis=1).tolist() == labels and t.dtype == dtype
    assert (t.sum(axis=1) == 1).all() and np.unique(t).tolist() == [0, 1]


POINTS = st.floats(-700, 700, allow_subnormal=False)


def exactly(got, truth):
    """Whether all but the last digits are right: relative to the truth, or to the smallest normal number."""
    tiny = mpmath.mpf(float(np.finfo(float).tiny))
    return abs(mpmath.mpf(float(got)) - truth) <= mpmath.mpf(1e-14) * max(abs(truth), tiny / mpmath.mpf(1e-14))


@some
@given(POINTS, st.floats(0, 1, allow_subnormal=False))
def test_fused_losses_and_activations_against_fifty_digits(z, t):
    with mpmath.workdps(400):
        x, s = mpmath.mpf(z), mpmath.mpf(t)
        p = 1 / (1 + mpmath.exp(-x))
        assert exactly(sigmoid(np.array(z)), p) and exactly(tanh(np.array(z)), mpmath.tanh(x))
        truth = s * mpmath.log(1 + mpmath.exp(-x)) + (1 - s) * mpmath.log(1 + mpmath.exp(x))
        assert exactly(sigmoid_bce(np.array([[z]]), np.array([[t]])), truth)
        assert abs(float(sigmoid_bce_grad(np.array([[z]]), np.array([[t]])).item() - (p - s))) < 1e-15
        row = [x, x / 3, mpmath.mpf(0)]
        total = sum(map(mpmath.exp, row))
        logits = np.array([[z, float(x / 3), 0.0]])
        for got, one in zip(softmax(logits)[0], row):
            assert abs(mpmath.mpf(float(got)) - mpmath.exp(one) / total) < 1e-13
        assert abs(softmax_cross_entropy(logits, np.eye(3)[:1]) - float(mpmath.log(total) - x)) < 1e-12 * max(1, abs(z))


# Training that is interrupted -----------------------------------------------------------------------------------------

NET = network([4, 5, 3], [tanh, identity], softmax_cross_entropy)
HOW = dict(epochs=2, batch_size=3, learning_rate=0.1)


def steps(**how):
    return train(*NET, **HOW | how, rng=np.random.default_rng(3))


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, ZeroDivisionError, GeneratorExit])
@pytest.mark.parametrize("after", [1, 4])
def test_a_loop_that_is_left_keeps_what_it_was_handed_and_changes_nothing(interruption, after):
    before, kept = copy.deepcopy(NET[0]), []
    with pytest.raises(interruption):
        for step in steps():
            kept.append(step)
            if len(kept) == after:
                raise interruption
    expected = [copy.deepcopy(step.params) for step in itertools.islice(steps(), after)]
    assert error([step.params for step in kept], expected) == 0
    assert error(NET[0], before) == 0


def test_a_training_that_is_closed_early_ends():
    running = steps()
    first = next(running)
    running.close()
    assert list(running) == [] and first.step == 1


def test_a_training_resumes_bitwise():
    """The parameters and the generator are all that there is: one epoch and then another is two epochs."""
    rng = np.random.default_rng(3)
    *_, half = train(*NET, **HOW | {"epochs": 1}, rng=rng)
    *_, resumed = train(half.params, *NET[1:], **HOW | {"epochs": 1}, rng=rng)
    *_, whole = steps()
    assert all(np.array_equal(a, b) for a, b in zip(leaves(resumed.params), leaves(whole.params)))
    assert resumed.loss == whole.loss


def test_what_is_drawn_covers_every_activation_and_loss():
    """Else the laws above would be of fewer things than they say."""
    assert set(LAST) == set(TARGETS) == set(GRAD) and half_mse in LAST and bce in LAST
    assert {act for acts in LAST.values() for act in acts} == set(VJP)


# The laws tested --------------------------------------------------------------------------------------------------------


def twice_squared(g, a, z):
    return np.sign(g) * g**2 * (1 - a**2)


def of_the_batch(g, a, z):
    return g * (1 - a**2) - (g * a).mean(axis=0)


HERE, TRAIN = globals(), train


def of_the_first_example(g, a, z):
    return g * (1 - a**2) * np.where(np.arange(len(g)) == 0, 2, 1)[:, None]


def of_the_first_unit(g, a, z):
    return g * np.where(np.arange(g.shape[1]) == 0, 2, 1)


def of_its_calls(g, a, z, calls=itertools.count()):
    return g * (1 - a**2) + next(calls)


def in_place(params, *net, **how):
    """A training that hands out the same arrays again and again."""
    mine = copy.deepcopy(params)
    for step in TRAIN(params, *net, **how):
        for kept, new in zip(leaves(mine), leaves(step.params)):
            kept[...] = new
        yield step._replace(params=mine)


class Unclosed:
    """A training that goes on after it has been closed."""

    def __init__(self, *net, **how):
        self.steps = iter(TRAIN(*net, **how))

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.steps)

    def close(self):
        pass


BROKEN = {  # a law, and a rule, a gradient of a loss or a function that breaks it
    "not linear": (test_a_rule_is_linear_in_g, VJP, tanh, twice_squared),
    "no transpose": (test_a_rule_is_the_transpose_of_the_derivative, VJP, softmax, lambda g, a, z: g * a * (1 - a)),
    "a statistic of the batch": (test_splitting_a_batch_and_recombining_it, VJP, tanh, of_the_batch),
    "a sum for a mean": (test_an_example_twice_is_the_batch_once, GRAD, half_mse, lambda y, t: y - t),
    "the way up": (test_a_small_enough_step_descends, GRAD, half_mse, lambda y, t: (t - y) / len(y)),
    "the diagonal alone": (test_a_number_added_to_all_logits_changes_nothing, VJP, softmax, lambda g, a, z: g * a * (1 - a)),
    "twice half": (test_the_gradient_is_autograds, GRAD, half_mse, lambda y, t: 2 * (y - t) / len(y)),
    "the gate of a": (test_the_gradient_is_the_numerical_one, VJP, sigmoid, lambda g, a, z: g * z * (1 - z)),
    "the first example weighs twice": (test_permuting_the_examples_changes_nothing, VJP, tanh, of_the_first_example),
    "the first unit weighs twice": (test_permuting_hidden_units_changes_nothing, VJP, identity, of_the_first_unit),
    "a sum for a mean of one example": (test_the_gradient_of_a_batch_is_the_mean_of_its_examples, GRAD, half_mse, lambda y, t: y - t),
    "it counts its calls": (test_nothing_that_a_caller_has_is_changed_and_a_second_run_is_the_same_bitwise, VJP, tanh, of_its_calls),
    "half the slope": (test_symmetries, HERE, "sigmoid_bce_grad", lambda z, t: sigmoid(z) / 2 - t),
    "beside the target": (test_a_loss_is_least_at_its_target, GRAD, half_mse, lambda y, t: y - t + 0.1),
    "labels from 1": (test_one_hot_and_back, HERE, "one_hot", lambda labels, n, dtype: np.eye(n, dtype=dtype)[labels - 1]),
    "digits lost near 0": (test_fused_losses_and_activations_against_fifty_digits, HERE, "tanh", lambda z: 2 * sigmoid(2 * z) - 1),
    "a logit through its probability": (test_fused_losses_and_activations_against_fifty_digits, HERE, "sigmoid_bce", lambda z, t: bce(sigmoid(z), t)),
    "steps in place": (partial(test_a_loop_that_is_left_keeps_what_it_was_handed_and_changes_nothing, KeyboardInterrupt, 4), HERE, "train", in_place),
    "never closed": (test_a_training_that_is_closed_early_ends, HERE, "train", Unclosed),
    "a generator of its own": (test_a_training_resumes_bitwise, HERE, "train", lambda *net, rng, **how: TRAIN(*net, **how, rng=np.random.default_rng(0))),
    "three digits": (test_float32_is_near_float64, VJP, tanh, lambda g, a, z: (g * (1 - a**2)).round(3 if g.dtype == "f" else 16)),
}  # fmt: skip


@pytest.mark.parametrize(("law", "table", "function", "wrong"), BROKEN.values(), ids=BROKEN)
def test_what_breaks_a_law_is_noticed(law, table, function, wrong, monkeypatch):
    monkeypatch.setitem(table, function, wrong)
    with pytest.raises((AssertionError, FloatingPointError, pytest.fail.Exception)):
        law()
