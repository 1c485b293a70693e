"""Gradient descent: one step, the mini-batches of an epoch, and the loop that makes training of both."""

from typing import Iterator, NamedTuple

import numpy as np

from .contracts import Array, all_finite, check_arrays, check_count, check_kind, check_rng, requires
from .network import check_pairs, check_value_and_grad, forward, layer_shapes, value_and_grad


def check_rate(name, learning_rate):
    """A positive number, as a plain float: a NumPy float64 would widen float32 parameters."""
    check_kind(name, "learning_rate", learning_rate, kinds="f")
    if np.ndim(learning_rate) != 0 or not 0 < learning_rate < np.inf:
        raise ValueError(f"{name}: learning_rate must be a positive number, got {learning_rate!r}")
    return {"learning_rate": float(learning_rate)}


def check_step(name, params, grads, learning_rate):
    for key, pairs in (("params", params), ("grads", grads)):
        check_pairs(name, key, pairs)
    if len(grads) != len(params):
        raise ValueError(f"{name}: grads must have one pair per layer, expected {len(params)}, got {len(grads)}")
    check_arrays(name, [*layer_shapes("params", params), *layer_shapes("grads", grads, ("dW", "db"))], kinds="f")
    return check_rate(name, learning_rate)


def ensure_finite(name, params):
    for k, pair in enumerate(params, start=1):
        if not all(map(all_finite, pair)):
            raise FloatingPointError(f"{name}: the new parameters of layer {k} are not finite; they overflowed")


def check_batches(name, n, size, rng):
    check_count(name, "n", n)
    check_count(name, "size", size)
    if size > n:
        raise ValueError(f"{name}: size must be at most n = {n}, got {size}")
    check_rng(name, rng)


def diverged(params, acts, x, error, epoch, step, learning_rate):
    """The message of a training that left the finite numbers: when, and in which layer."""
    where = f"the loss, after layer {len(params)}"
    for k in range(len(params), 0, -1):
        try:
            forward(params[:k], acts[:k], x)
        except FloatingPointError:
            where = f"layer {k}"
    if str(error).startswith("sgd_step"):
        where = "the step"
    return (
        f"train: diverged at epoch {epoch}, step {step}, in {where}, with learning_rate {learning_rate:g} ({error}); "
        "expected finite numbers throughout: a smaller learning rate or scaled inputs"
    )


def check_train(name, params, acts, x, t, loss, epochs, batch_size, learning_rate, rng):
    check_value_and_grad(name, params, acts, x, t, loss, kinds="f")
    check_count(name, "epochs", epochs)
    check_count(name, "batch_size", batch_size)
    if batch_size > len(x):
        raise ValueError(f"{name}: batch_size must be at most the number of examples, {len(x)}, got {batch_size}")
    check_rng(name, rng)
    return check_rate(name, learning_rate)


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
    params: list, acts: list, x: Array, t: Array, loss, *, epochs: int, batch_size: int, learning_rate: float, rng: np.random.Generator
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
                raise FloatingPointError(diverged(params, acts, x[index], error, epoch, step, learning_rate)) from error
            yield Step(epoch, step, float(L), params)
