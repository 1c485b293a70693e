"""The networks that `make bench` times, from one example of a toy to a thousand of a large one."""

from typing import NamedTuple

import numpy as np

from nnlib import half_mse, identity, init_params, one_hot, relu, sigmoid, softmax_cross_entropy


class Workload(NamedTuple):
    """A network, a batch and a loss, as `value_and_grad` takes them."""

    name: str
    params: list
    acts: list
    x: np.ndarray
    t: np.ndarray
    loss: object

    @property
    def net(self):
        """All that `value_and_grad` takes."""
        return self[1:]


def make(sizes, N, hidden=relu, loss=softmax_cross_entropy, dtype=np.float64):
    """A workload of random numbers; its name says its sizes."""
    rng = np.random.default_rng(0)
    params = init_params(sizes, rng, dtype)
    x = rng.normal(size=(N, sizes[0])).astype(dtype)
    if loss is half_mse:
        t = rng.normal(size=(N, sizes[-1])).astype(dtype)
    else:
        t = one_hot(rng.integers(sizes[-1], size=N), sizes[-1], dtype)
    name = f"{'-'.join(map(str, sizes))}, N {N}, {np.dtype(dtype)}"
    return Workload(name, params, [hidden] * (len(sizes) - 2) + [identity], x, t, loss)


def workloads():
    """The seven, from small to large."""
    yield make([8, 4, 3, 2], 1, sigmoid, half_mse)
    yield make([4, 5, 3], 16)
    yield make([4, 5, 3], 150)
    yield make([64, 32, 10], 64, dtype=np.float32)
    yield make([784, 128, 10], 128)
    yield make([784, 512, 512, 10], 256)
    yield make([1024, 1024, 1024, 1024, 10], 1024)
