"""Random networks to try things on: everything that value_and_grad takes, in its order."""

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from oracles import network_gradients

from nnlib import (
    VJP,
    bce,
    cross_entropy,
    forward,
    half_mse,
    init_params,
    one_hot,
    sigmoid,
    sigmoid_bce,
    softmax,
    softmax_cross_entropy,
)

repeatable = settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))

LAST = {  # the activations that a loss can follow
    half_mse: list(VJP),
    bce: [sigmoid],
    cross_entropy: [softmax],
    sigmoid_bce: [f for f in VJP if f is not sigmoid],
    softmax_cross_entropy: [f for f in VJP if f is not softmax],
}
TARGETS = {  # what a loss takes for targets
    half_mse: lambda rng, N, K: rng.normal(size=(N, K)),
    bce: lambda rng, N, K: rng.uniform(size=(N, K)),
    cross_entropy: lambda rng, N, K: rng.dirichlet(np.ones(K), size=N),
    sigmoid_bce: lambda rng, N, K: rng.integers(2, size=(N, K)).astype(float),
    softmax_cross_entropy: lambda rng, N, K: one_hot(rng.integers(K, size=N), K),
}


def network(sizes, acts, loss, N=7, seed=0):
    """(params, acts, x, t, loss), with biases that are not zero."""
    rng = np.random.default_rng(seed)
    params = [(W, rng.normal(size=b.shape)) for W, b in init_params(sizes, rng)]
    return params, acts, rng.normal(size=(N, sizes[0])), TARGETS[loss](rng, N, sizes[-1]), loss


@st.composite
def networks(draw, depths=st.integers(1, 5), widths=st.integers(2, 5)):
    """Any depth, widths, activations, loss and batch."""
    depth, loss = draw(depths), draw(st.sampled_from(list(TARGETS)))
    acts = [draw(st.sampled_from(list(VJP))) for _ in range(depth - 1)] + [draw(st.sampled_from(LAST[loss]))]
    sizes = [draw(widths) for _ in range(depth + 1)]
    return network(sizes, acts, loss, draw(st.integers(1, 7)), draw(st.integers(0, 10**6)))


def expected_gradients(derivative, params, acts, x, t, loss):
    """The gradient of the loss for every parameter, by nothing but forward passes."""
    return network_gradients(derivative, lambda params: loss(forward(params, acts, x)[0], t), params)
