"""Backpropagation through networks of any depth, width, activation, loss and batch, against the derivative itself."""

import dask.array as da
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import expected_gradients, network, networks, repeatable
from oracles import central, complex_step, error, leaves

from nnlib import (
    GRAD,
    VJP,
    backward,
    forward,
    half_mse,
    identity,
    relu,
    sigmoid,
    softmax,
    softmax_cross_entropy,
    tanh,
    value_and_grad,
)

SMOOTH = network([4, 5, 3], [tanh, softmax], half_mse)
FUSED = network([4, 5, 3], [relu, identity], softmax_cross_entropy)


@settings(repeatable, max_examples=100)
@given(networks())
def test_backward_is_the_derivative_to_the_last_digits(net):
    _, grads = value_and_grad(*net)
    assert error(grads, expected_gradients(complex_step, *net)) < 1e-12


@settings(repeatable, max_examples=5)
@given(networks(depths=st.integers(6, 20), widths=st.integers(2, 3)))
def test_deep_networks_too(net):
    _, grads = value_and_grad(*net)
    assert error(grads, expected_gradients(complex_step, *net)) < 1e-12


@settings(repeatable, max_examples=20)
@given(networks())
def test_backward_agrees_with_central_differences(net):
    _, grads = value_and_grad(*net)
    assert error(grads, expected_gradients(central, *net)) < 1e-6


@settings(repeatable, max_examples=50)
@given(networks())
def test_the_gradient_at_the_input(net):
    params, acts, x, t, loss = net
    y, trace = forward(params, acts, x)
    dx, grads = backward(GRAD[loss](y, t), params, acts, trace, input_grad=True)
    assert error(dx, complex_step(lambda x: loss(forward(params, acts, x)[0], t), x)) < 1e-12
    assert backward(GRAD[loss](y, t), params, acts, trace)[0] is None
    assert error(grads, value_and_grad(*net)[1]) == 0


@settings(repeatable, max_examples=50)
@given(networks())
def test_the_gradient_of_a_mean_is_the_mean_of_the_gradients(net):
    params, acts, x, t, loss = net
    L, grads = value_and_grad(*net)
    values, singles = zip(*(value_and_grad(params, acts, x[n : n + 1], t[n : n + 1], loss) for n in range(len(x))))
    assert error(np.mean(values), L) < 1e-12
    assert error([sum(parts) / len(x) for parts in zip(*map(leaves, singles))], leaves(grads)) < 1e-12


@settings(repeatable, max_examples=50)
@given(networks())
def test_float32_stays_float32(net):
    params, acts, x, t, loss = net
    narrow = [(W.astype("f"), b.astype("f")) for W, b in params]
    y, trace = forward(narrow, acts, x.astype("f"))
    L, grads = value_and_grad(narrow, acts, x.astype("f"), t.astype("f"), loss)
    assert {a.dtype for a in [y, L, *leaves(trace), *leaves(grads)]} == {np.dtype("float32")}


@pytest.mark.parametrize("net", [SMOOTH, FUSED], ids=["smooth", "fused"])
def test_float32_computes_the_same_to_its_digits(net):
    params, acts, x, t, loss = net
    _, grads = value_and_grad(
        [(W.astype("f"), b.astype("f")) for W, b in params], acts, x.astype("f"), t.astype("f"), loss
    )
    assert error(grads, value_and_grad(*net)[1]) < 1e-5


# The trace ------------------------------------------------------------------------------------------------------------


def test_the_trace_is_what_the_layers_saw():
    params, acts, x, _, _ = SMOOTH
    y, trace = forward(params, acts, x)
    seen = x
    for (W, b), act, (x_k, z, a) in zip(params, acts, trace, strict=True):
        assert (x_k == seen).all() and error(z, x_k @ W.T + b) < 1e-15 and error(a, act(z)) == 0
        seen = a
    assert (y == seen).all()


def test_the_trace_outlives_changes_of_the_input():
    params, acts, x, t, loss = SMOOTH
    x = x.copy()
    y, trace = forward(params, acts, x)
    x[:] = 99
    _, grads = backward(GRAD[loss](y, t), params, acts, trace)
    assert error(grads, value_and_grad(*SMOOTH)[1]) == 0


def test_going_back_twice_gives_the_same():
    params, acts, x, t, loss = FUSED
    y, trace = forward(params, acts, x)
    g = GRAD[loss](y, t)
    assert error(backward(g, params, acts, trace)[1], backward(g, params, acts, trace)[1]) == 0


def test_nothing_is_computed_twice(monkeypatch):
    calls = []

    def counted(z):
        calls.append("forward")
        return 2 * z

    def counted_vjp(g, a, z):
        calls.append("back")
        return 2 * g

    monkeypatch.setitem(VJP, counted, counted_vjp)
    value_and_grad(SMOOTH[0], [counted, sigmoid], *SMOOTH[2:])
    assert calls == ["forward", "back"]


# Arrays that are not NumPy's ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", VJP, ids=lambda act: act.__name__)
def test_dask_arrays_pass_through_lazily(act):
    params, _, x, _, _ = SMOOTH
    acts = [act, softmax]
    g = np.random.default_rng(1).normal(size=(7, 3))
    lazy = forward(params, acts, da.from_array(x, chunks=(3, 4)))
    lazy_back = backward(da.from_array(g, chunks=(3, 3)), params, acts, lazy[1], input_grad=True)
    assert all(isinstance(array, da.Array) for array in leaves([*lazy, *lazy_back]))
    eager = forward(params, acts, x)
    eager_back = backward(g, params, acts, eager[1], input_grad=True)
    for one, other in zip(leaves([*lazy, *lazy_back]), leaves([*eager, *eager_back]), strict=True):
        assert error(one.compute(), other) < 1e-14


def test_a_dask_batch_whose_length_is_not_known_yet_passes():
    params, acts, x, _, _ = SMOOTH
    lazy = da.from_array(x, chunks=(3, 4))
    y, _ = forward(params, acts, lazy[lazy[:, 0] > 0])
    assert np.isnan(y.shape[0]) and error(y.compute(), forward(params, acts, x[x[:, 0] > 0])[0]) < 1e-14


@pytest.mark.parametrize("loss", GRAD, ids=lambda loss: loss.__name__)
def test_losses_of_dask_arrays(loss):
    y, t = np.random.default_rng(0).dirichlet(np.ones(3), size=(2, 7))
    z = y if loss.__name__ in ("bce", "cross_entropy") else np.log(y) - 1
    lazy = [da.from_array(array, chunks=(3, 3)) for array in (z, t)]
    for f in (loss, GRAD[loss]):
        assert isinstance(f(*lazy), da.Array) and error(f(*lazy).compute(), f(z, t)) < 1e-14
