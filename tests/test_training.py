"""Descent: the steps, the batches, and what a training that goes wrong leaves behind."""

import itertools
import re

import numpy as np
import pytest
from networks import network
from oracles import error, leaves

from nnlib import (
    Step,
    batches,
    bce,
    half_mse,
    identity,
    init_params,
    one_hot,
    relu,
    sgd_step,
    sigmoid,
    softmax_cross_entropy,
    tanh,
    train,
    value_and_grad,
)

NET = network([4, 5, 3], [relu, identity], softmax_cross_entropy)
HOW = {"epochs": 3, "batch_size": 3, "learning_rate": 0.1}


def rng(seed=0):
    return np.random.default_rng(seed)


# Batches --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "size"), [(1, 1), (7, 1), (7, 3), (7, 7), (150, 16), (np.int64(6), np.int64(2))])
def test_batches_deal_every_example_once(n, size):
    dealt = list(batches(n, size, rng()))
    assert sorted(np.concatenate(dealt)) == list(range(n))
    assert [len(index) for index in dealt[:-1]] == [size] * (len(dealt) - 1) and 1 <= len(dealt[-1]) <= size


def test_batches_are_shuffled_by_the_generator_alone():
    first, again, other = (np.concatenate(list(batches(50, 8, rng(seed)))).tolist() for seed in (1, 1, 2))
    assert first == again != other and first != list(range(50))


# Steps ----------------------------------------------------------------------------------------------------------------


def test_a_step_leaves_the_old_parameters():
    params, grads = NET[0], value_and_grad(*NET)[1]
    before = [array.tobytes() for array in leaves(params)]
    new = sgd_step(params, grads, 0.5)
    assert [array.tobytes() for array in leaves(params)] == before
    assert error(new, [(W - 0.5 * dW, b - 0.5 * db) for (W, b), (dW, db) in zip(params, grads)]) == 0


def test_train_hands_out_every_step():
    steps = list(train(*NET, **HOW, rng=rng()))
    assert all(isinstance(step, Step) for step in steps)
    assert [(step.epoch, step.step) for step in steps] == [
        (1, 1),
        (1, 2),
        (1, 3),
        (2, 4),
        (2, 5),
        (2, 6),
        (3, 7),
        (3, 8),
        (3, 9),
    ]
    assert [array.shape for array in leaves(steps[-1].params)] == [array.shape for array in leaves(NET[0])]
    assert {type(step.loss) for step in steps} == {float}


def test_train_is_batches_and_steps_and_nothing_else():
    params, acts, x, t, loss = NET
    chance = rng(5)
    for step in train(*NET, **HOW, rng=rng(5)):
        if step.step % 3 == 1:
            dealt = batches(7, 3, chance)
        index = next(dealt)
        L, grads = value_and_grad(params, acts, x[index], t[index], loss)
        params = sgd_step(params, grads, 0.1)
        assert step.loss == L and error(step.params, params) == 0


def test_the_same_generator_gives_the_same_training():
    one, same, other = (list(train(*NET, **HOW, rng=rng(seed)))[-1] for seed in (1, 1, 2))
    assert one.loss == same.loss and error(one.params, same.params) == 0 < error(one.params, other.params)


@pytest.mark.parametrize(
    ("last", "loss", "target"),
    [
        (identity, half_mse, lambda x: np.sin(x[:, :1])),
        (sigmoid, bce, lambda x: 1.0 * (x[:, :1] * x[:, 1:] > 0)),
        (identity, softmax_cross_entropy, lambda x: one_hot(1 * (x[:, 0] * x[:, 1] > 0), 2)),
    ],
)
def test_the_loss_falls(last, loss, target):
    x = rng().normal(size=(60, 2))
    t = target(x)
    params = init_params([2, 8, t.shape[1]], rng(1))
    before, _ = value_and_grad(params, [tanh, last], x, t, loss)
    *_, end = train(params, [tanh, last], x, t, loss, epochs=100, batch_size=10, learning_rate=0.3, rng=rng(2))
    after, _ = value_and_grad(end.params, [tanh, last], x, t, loss)
    assert after < before / 3


# When it goes wrong ---------------------------------------------------------------------------------------------------


def test_bad_arguments_are_refused_at_the_call():
    for wrong in ({"epochs": 0}, {"batch_size": 8}, {"learning_rate": np.nan}, {"rng": None}):
        with pytest.raises((ValueError, TypeError), match=f"^train: {next(iter(wrong))} must be"):
            train(*NET, **HOW | {"rng": rng()} | wrong)
    with pytest.raises(ValueError, match="^batches: size must be"):
        batches(5, 6, rng())


DIVERGED = r"^train: diverged at epoch 1, step 1, in {}; learning_rate is {}, try a smaller one \(.* overflowed"


@pytest.mark.parametrize(
    ("place", "W1", "b1", "W2", "x", "rate"),
    [
        ("layer 1 on the way forward", 1e308, 1, 1, 1e10, 0.1),
        ("layer 2 on the way forward", 1, 1, 1e308, 1e10, 0.1),
        ("the loss, after layer 2", 1, 1, 1e200, 1, 0.1),
        ("layer 2 on the way back", 1e200, 1, 1e-60, 1, 0.1),
        ("layer 1 on the way back", 1e-310, 0, 1e160, 1e150, 0.1),
        ("the step down", 1, 1, 1, 1e100, 1e300),
    ],
)
def test_a_training_that_diverges_says_where(place, W1, b1, W2, x, rate):
    """The factors, on what is otherwise of size 1, send the first number out of range in a place of our choice."""
    first, last = NET[0]
    params = [(W1 * first[0], b1 * first[1]), (W2 * last[0], last[1])]
    with pytest.raises(FloatingPointError, match=DIVERGED.format(place, re.escape(f"{rate:g}"))):
        next(
            train(
                params,
                [identity] * 2,
                x * NET[2],
                NET[3],
                half_mse,
                epochs=1,
                batch_size=7,
                learning_rate=rate,
                rng=rng(),
            )
        )


@pytest.mark.parametrize(("z", "function"), [(-740, "bce_grad"), (-800, "bce")])
def test_a_loss_that_overflows_is_told_from_its_gradient(z, function):
    """p = 1e-322 has a logarithm and no reciprocal; p = 0 has neither."""
    params, x, t = [(np.ones((1, 1)), np.zeros(1))], np.full((1, 1), float(z)), np.full((1, 1), 0.5)
    how = HOW | {"batch_size": 1}
    with pytest.raises(FloatingPointError, match=rf"step 1, in the loss, after layer 1; .* \({function}: the result"):
        next(train(params, [sigmoid], x, t, bce, **how, rng=rng()))


def test_descent_is_of_real_numbers():
    params, acts, x, t, loss = NET
    imaginary = [(W + 0j, b + 0j) for W, b in params]
    with pytest.raises(TypeError, match=r"^sgd_step: .* must be real, got complex128"):
        sgd_step(imaginary, imaginary, 0.1)
    with pytest.raises(TypeError, match=r"^train: .* must be real, got complex128"):
        train(imaginary, acts, x + 0j, t + 0j, loss, **HOW, rng=rng())


def test_a_training_that_diverges_later_keeps_its_steps():
    kept = []
    with pytest.raises(
        FloatingPointError, match=r"^train: diverged at epoch (\d+), step (\d+), in .*; learning_rate is 3,"
    ) as caught:
        for step in train(
            *network([4, 5, 3], [identity] * 2, half_mse), epochs=50, batch_size=3, learning_rate=3.0, rng=rng()
        ):
            kept.append(step)
    epoch, step = map(int, re.findall(r"(?:epoch|step) (\d+)", str(caught.value)))
    assert len(kept) == step - 1 > 3 and epoch == (step - 1) // 3 + 1
    assert all(np.isfinite(array).all() for array in leaves(kept[-1].params))


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, ZeroDivisionError])
def test_an_interrupted_loop_keeps_what_it_was_handed(interruption):
    kept = []
    with pytest.raises(interruption):
        for step in train(*NET, **HOW, rng=rng()):
            kept.append(step)
            if step.step == 4:
                raise interruption
    expected = list(itertools.islice(train(*NET, **HOW, rng=rng()), 4))
    assert len(kept) == 4 and error([step.params for step in kept], [step.params for step in expected]) == 0


def test_float32_trains_in_float32():
    params, acts, x, t, loss = NET
    narrow = [(W.astype("f"), b.astype("f")) for W, b in params]
    *_, end = train(
        narrow, acts, x.astype("f"), t.astype("f"), loss, **HOW | {"learning_rate": np.float64(0.1)}, rng=rng()
    )
    assert {array.dtype for array in leaves(end.params)} == {np.dtype("f")}
