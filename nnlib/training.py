"""Gradient descent: one step, the mini-batches of an epoch, and the loop that makes training of both."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .contracts import Array, all_finite, check_arrays, check_count, check_number, check_rng, requires
from .losses import GRAD
from .network import backward, check_layers, check_value_and_grad, forward, layer_shapes, value_and_grad


def check_step(name, params, grads, learning_rate):
    check_layers(name, "params", params, ("W", "b"))
    check_layers(name, "grads", grads, ("dW", "db"), len(params))
    check_arrays(name, [*layer_shapes("params", params), *layer_shapes("grads", grads, ("dW", "db"))], kinds="f")
    return {"learning_rate": check_number(name, "learning_rate", learning_rate)}


def ensure_finite(name, params):
    for k, pair in enumerate(params, start=1):
        if not all(map(all_finite, pair)):
            raise FloatingPointError(
                f"{name}: learning_rate times grads overflowed in layer {k}, expected finite numbers"
            )


def check_batches(name, n, size, rng):
    check_count(name, "n", n)
    check_count(name, "size", size)
    if size > n:
        raise ValueError(f"{name}: size must be at most n = {n}, got {size}")
    check_rng(name, rng)


def check_train(name, params, acts, x, t, loss, epochs, batch_size, learning_rate, rng):
    check_value_and_grad(name, params, acts, x, t, loss, kinds="f")
    check_count(name, "epochs", epochs)
    check_count(name, "batch_size", batch_size)
    if batch_size > len(x):
        raise ValueError(f"{name}: batch_size must be at most the number of examples, {len(x)}, got {batch_size}")
    check_rng(name, rng)
    return {"learning_rate": check_number(name, "learning_rate", learning_rate)}


def overflows(function, *args):
    try:
        function(*args)
    except FloatingPointError:
        return True
    return False


def where_it_diverged(params, acts, x, t, loss):
    """The first place, on the way forward, back and down, that leaves the finite numbers."""
    layers = range(len(params))
    for k in layers:
        if overflows(forward, params[: k + 1], acts[: k + 1], x):
            return f"layer {k + 1} on the way forward"
    y, trace = forward(params, acts, x)
    if overflows(loss, y, t) or overflows(GRAD[loss], y, t):
        return f"the loss, after layer {len(params)}"
    g = GRAD[loss](y, t)
    for k in reversed(layers):
        if overflows(backward, g, params[k:], acts[k:], trace[k:]):
            return f"layer {k + 1} on the way back"
    return "the step down"


@requires(check_step, ensure_finite)
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

    Raises
    ------
    ValueError, TypeError, FloatingPointError
        If the shapes differ, an array is no finite floats of one width, or the learning rate is not positive.

    Notes
    -----
    Built in chapter 8; articles 000 (section 2.4) and 002.
    """
    return [(W - learning_rate * dW, b - learning_rate * db) for (W, b), (dW, db) in zip(params, grads)]


@requires(check_batches)
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

    Raises
    ------
    ValueError, TypeError
        If `n` or `size` is no positive whole number, `size` exceeds `n`, or `rng` is no generator.

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


@requires(check_train)
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

    A generator: the caller's loop decides what to record and when to stop, and an interrupted loop keeps every step that it
    was handed.

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
                L, grads = value_and_grad(params, acts, x[index], t[index], loss)
                params = sgd_step(params, grads, learning_rate)
            except FloatingPointError as error:
                where = where_it_diverged(params, acts, x[index], t[index], loss)
                message = f"train: diverged at epoch {epoch}, step {step}, in {where}; learning_rate is {learning_rate:g}, try a smaller one"
                raise FloatingPointError(f"{message} ({error})") from error
            yield Step(epoch, step, float(L), params)
