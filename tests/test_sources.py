"""The networks of the five sources: each in its own notation, in nnlib's, and by complex step, to twelve digits.

A source function takes the parameters of one of its networks and returns the gradients as its formulas give them, with
the published slips put right. The conversion to nnlib's shapes and to the mean over the batch stands in each test.
"""

import numpy as np
import pytest
from networks import expected_gradients, network
from oracles import complex_step, error

from nnlib import (
    bce,
    cross_entropy,
    half_mse,
    identity,
    relu,
    sigmoid,
    sigmoid_bce,
    softmax,
    softmax_cross_entropy,
    tanh,
    value_and_grad,
)

σ = sigmoid
SLOPE = {  # f'(z), from the definition
    identity: lambda z: np.ones_like(z),
    sigmoid: lambda z: σ(z) * (1 - σ(z)),
    tanh: lambda z: 1 / np.cosh(z) ** 2,
    relu: lambda z: 1.0 * (z > 0),
}


def agree(net, theirs, scale=1):
    """The source's gradients, nnlib's and the derivative itself; `scale` is the source's loss over nnlib's."""
    _, grads = value_and_grad(*net)
    expected = expected_gradients(complex_step, *net)
    for got, want, source in zip(grads, expected, theirs, strict=True):
        assert abs(want[0]).max() > 1e-6  # no dead layer agrees by silence
        assert error(got, want) < 1e-12
        assert error([s / scale for s in source], want) < 1e-12


# 000: rows, W is (in, out), one example at a time, the sum of squares halved; gradients are summed over examples ---


def article_000(W1, W2, W3, b1, b2, b3, x, g):
    a1 = σ(x @ W1 + b1)
    a2 = σ(a1 @ W2 + b2)
    y = σ(a2 @ W3 + b3)
    δ3 = -(g - y) * y * (1 - y)
    δ2 = a2 * (1 - a2) * (δ3 @ W3.T)
    δ1 = a1 * (1 - a1) * (δ2 @ W2.T)
    return [(x.T @ δ1, δ1), (a1.T @ δ2, δ2), (a2.T @ δ3, δ3)]


def test_000_three_sigmoid_layers():
    net = params, _, x, t, _ = network([8, 4, 3, 2], [sigmoid] * 3, half_mse, N=6)
    weights = [W.T for W, _ in params] + [b[None] for _, b in params]
    per_example = [article_000(*weights, x[n : n + 1], t[n : n + 1]) for n in range(6)]
    sums = [(sum(ΔW for ΔW, _ in layer).T, sum(δ for _, δ in layer)[0]) for layer in zip(*per_example)]
    agree(net, sums, scale=6)


# 001: columns, W is (out, in), any depth and activation, one example --------------------------------------------------


def article_001(W, b, activations, h, t):
    hs, zs = [h], []
    for W_l, b_l, act in zip(W, b, activations):
        zs.append(W_l @ hs[-1] + b_l)
        hs.append(act(zs[-1]))
    D = (hs[-1] - t) * SLOPE[activations[-1]](zs[-1])
    gradients = []
    for l in reversed(range(len(W))):
        gradients.insert(0, (D @ hs[l].T, D))
        if l:
            D = (W[l].T @ D) * SLOPE[activations[l - 1]](zs[l - 1])
    return gradients


@pytest.mark.parametrize("activation", SLOPE, ids=lambda f: f.__name__)
@pytest.mark.parametrize("L", [1, 2, 3, 5])
def test_001_any_depth_any_activation(L, activation):
    net = params, acts, x, t, _ = network([4, 5, 3, 6, 2, 3][: L + 1], [activation] * L, half_mse, N=1, seed=1)
    columns = article_001([W for W, _ in params], [b[:, None] for _, b in params], acts, x.T, t.T)
    agree(net, [(dW, D[:, 0]) for dW, D in columns])


# 002: batch rows, W is (in, out), the squares of an example summed, not halved ----------------------------------------


def article_002(W1, b1, W2, b2, X, y):
    Y1 = X @ W1 + b1
    H1 = np.maximum(Y1, 0)
    dy = 2 / len(X) * (H1 @ W2 + b2 - y)
    dY1 = (dy @ W2.T) * (Y1 > 0)
    return [(X.T @ dY1, dY1.sum(axis=0)), (H1.T @ dy, dy.sum(axis=0))]


def test_002_relu_and_linear_on_a_batch_of_two():
    net = params, _, x, t, _ = network([3, 4, 2], [relu, identity], half_mse, N=2, seed=2)
    (W1, b1), (W2, b2) = params
    theirs = article_002(W1.T, b1[None], W2.T, b2[None], x, t)
    agree(net, [(dW.T, db) for dW, db in theirs], scale=2)


# 003: rows, W is (out, in), one example; the delta at the output from softmax's full Jacobian -------------------------


def article_003(W1, b1, W2, b2, x, y):
    z1 = x @ W1.T + b1
    a1 = np.maximum(z1, 0)
    a2 = softmax(a1 @ W2.T + b2)
    dC_dz2 = a2 - y
    dC_dz1 = dC_dz2 @ W2 * (z1 > 0)
    return [(np.outer(dC_dz1, x), dC_dz1), (np.outer(dC_dz2, a1), dC_dz2)]


@pytest.mark.parametrize(("last", "loss"), [(softmax, cross_entropy), (identity, softmax_cross_entropy)])
def test_003_relu_and_softmax(last, loss):
    net = params, _, x, t, _ = network([4, 5, 3], [relu, last], loss)
    per_example = [article_003(*params[0], *params[1], x[n], t[n]) for n in range(7)]
    agree(net, [tuple(map(sum, zip(*layer))) for layer in zip(*per_example)], scale=7)


# 004: one neuron, then columns, W is (out, in), one example, binary cross-entropy -------------------------------------


@pytest.mark.parametrize(("last", "loss"), [(sigmoid, bce), (identity, sigmoid_bce)])
def test_004_one_neuron(last, loss):
    net = [(W, b)], _, x, t, _ = network([1, 1], [last], loss, N=1)
    a = σ(W * x + b)
    agree(net, [((a - t) * x, (a - t)[0])])


def article_004(W1, b1, W2, b2, x, y):
    z1 = W1 @ x + b1
    a1 = np.maximum(z1, 0)
    δ2 = σ(W2 @ a1 + b2) - y
    δ1 = W2.T @ δ2 * (z1 > 0)
    return [(δ1 @ x.T, δ1), (δ2 @ a1.T, δ2)]


@pytest.mark.parametrize(("last", "loss"), [(sigmoid, bce), (identity, sigmoid_bce)])
def test_004_one_hidden_layer(last, loss):
    net = params, _, x, t, _ = network([4, 5, 1], [relu, last], loss)
    (W1, b1), (W2, b2) = params
    per_example = [article_004(W1, b1[:, None], W2, b2[:, None], x[n][:, None], t[n]) for n in range(7)]
    agree(net, [(sum(dW for dW, _ in layer), sum(δ for _, δ in layer)[:, 0]) for layer in zip(*per_example)], scale=7)
