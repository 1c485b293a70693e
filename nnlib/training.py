"""Gradient descent: one step, the mini-batches of an epoch, and the loop that makes training of both."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .arguments import GRAD, leaves, promises
from .contracts import Array, all_finite, original
from .network import backward, forward, value_and_grad


@promises(real=True, hint="learning_rate times grads overflowed in layer {layer}")
def sgd_step(params: list, grads: list, learning_rate: float) -> list:
    """One step downhill: every parameter minus the learning rate times its gradient.

    Parameters
    ----------
    params, grads : lists of (W, b) and (dW, db)
        Of the same shapes.
    learning_rate : float
        Positive.

    Returns
    -------
    params : list of (W, b)
        New arrays; the old ones stay as they are.

    Notes
    -----
    Built in chapter 8; articles 000 (section 2.4) and 002.
    """
    return [(W - learning_rate * dW, b - learning_rate * db) for (W, b), (dW, db) in zip(params, grads)]


@promises()
def batches(n: int, size: int, rng: np.random.Generator) -> Iterator[Array]:
    """Shuffle n examples and deal them out: every example exactly once.

    Parameters
    ----------
    n, size : int
        Examples in all, and in one mini-batch.
    rng : numpy.random.Generator
        Where the order comes from.

    Yields
    ------
    index : array of at most `size` whole numbers
        The rows of one mini-batch; the last may be shorter.

    Notes
    -----
    Built in chapter 11.
    """
    order = rng.permutation(n)
    for start in range(0, n, size):
        yield order[start : start + size]


class Step(NamedTuple):
    """One step of training."""

    epoch: int  #: counted from 1
    step: int  #: counted from 1, through all epochs
    loss: float  #: of the mini-batch, before the step
    params: list  #: after the step


@promises(real=True)
def train(
    params: list,
    acts: list,
    x: Array,
    t: Array,
    loss,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    rng: np.random.Generator,
) -> Iterator[Step]:
    """Descend by mini-batches, and hand out every step as it is made.

    A generator: the caller's loop decides what to record and when to stop, and an interrupted loop keeps every step
    that it was handed.

    Parameters
    ----------
    params, acts, x, t, loss
        As for `value_and_grad`; `params` is where the descent starts.
    epochs : int
        How often every example is used.
    batch_size : int
        Examples per step.
    learning_rate : float
        Positive.
    rng : numpy.random.Generator
        Shuffles the examples.

    Yields
    ------
    step : Step
        ``(epoch, step, loss, params)``.

    Raises
    ------
    ValueError, TypeError
        If an argument does not fit, at the call and not at the first step.
    FloatingPointError
        If the training diverges; names epoch, step, layer and learning rate.

    Notes
    -----
    Shown in chapter 11.
    """
    step = 0
    for epoch in range(1, epochs + 1):
        for index in batches(len(x), batch_size, rng):
            step += 1
            try:
                with np.errstate(all="ignore"):
                    L, grads = value_and_grad(params, acts, x[index], t[index], loss)
                    after = sgd_step(params, grads, learning_rate)
                require_finite(L, after)
            except FloatingPointError:
                net = (params, acts, x[index], t[index], loss, learning_rate)
                raise diverged(f"epoch {epoch}, step {step}", *net) from None
            params = after
            yield Step(epoch, step, float(L), [(W.copy(), b.copy()) for W, b in params])  # theirs to write into


# Why a training diverged --------------------------------------------------------------------------------------------


def require_finite(L, params):
    if not all(map(all_finite, leaves([L, params]))):
        raise FloatingPointError("the step is not finite")


def diverged(when, params, acts, x, t, loss, learning_rate):
    """The error that says when and where a training left the finite numbers."""
    for key, array in (("x", x), ("t", t)):
        if not all_finite(array):
            return FloatingPointError(f"train: {key} must stay finite, but was changed before {when}")
    acts, loss = [original(act) for act in acts], original(loss)
    where, error = next((where, error) for where, error in way(params, acts, x, t, loss, learning_rate) if error)
    advice = f"learning_rate is {learning_rate:g}, try a smaller one"
    return FloatingPointError(f"train: diverged at {when}, in {where}; {advice} ({error})")


def way(params, acts, x, t, loss, learning_rate):
    """Every place on the way forward, back and down, with the overflow that happens there, if one does."""
    layers = range(len(params))
    for k in layers:
        yield f"layer {k + 1} on the way forward", overflow(forward, params[: k + 1], acts[: k + 1], x)
    y, trace = forward(params, acts, x)
    yield f"the loss, after layer {len(params)}", overflow(loss, y, t) or overflow(GRAD[loss], y, t)
    g = GRAD[loss](y, t)
    for k in reversed(layers):
        yield f"layer {k + 1} on the way back", overflow(backward, g, params[k:], acts[k:], trace[k:])
    _, grads = backward(g, params, acts, trace)
    yield "the step down", overflow(sgd_step, params, grads, learning_rate)


def overflow(function, *args):
    try:
        function(*args)
    except FloatingPointError as error:
        return error
