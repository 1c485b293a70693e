"""Backward passes as people write them, and the slips that people make in them: nothing here knows nnlib's rules or mistakes.

Two honest ones, by neuron and by column, and a list of slips, each a line of one of them typed wrong.
"""

import inspect

import numpy as np

from nnlib import cross_entropy, half_mse, identity, relu, sigmoid, sigmoid_bce, softmax, softmax_cross_entropy, tanh


def f(act, z):
    if act is softmax:
        e = np.exp(z - np.max(z, axis=0))
        return e / np.sum(e, axis=0)
    return {identity: lambda z: z, relu: lambda z: z * (z > 0), tanh: np.tanh, sigmoid: lambda z: 1 / (1 + np.exp(-z))}[
        act
    ](z)


def slope(act, z):
    a = f(act, z)
    return {identity: 1 + 0 * z, relu: 1.0 * (z > 0), tanh: 1 - a * a, sigmoid: a * (1 - a)}[act]


def output(loss, y):
    """What a loss of logits has inside."""
    return f(softmax, y) if loss is softmax_cross_entropy else f(sigmoid, y) if loss is sigmoid_bce else y


def t_is_class(loss):
    return loss in (cross_entropy, softmax_cross_entropy)


def by_neuron(params, acts, x, t, loss):
    N, L = len(x), len(params)
    dW = [np.zeros(W.shape) for W, b in params]
    db = [np.zeros(b.shape) for W, b in params]
    for n in range(N):
        z, a = [None], [x[n]]
        for (W, b), act in zip(params, acts):
            z.append(np.array([sum(W[o, i] * a[-1][i] for i in range(W.shape[1])) + b[o] for o in range(len(b))]))
            a.append(f(act, z[-1]))
        y = output(loss, a[L])
        error = y - t[n]
        delta = error * slope(acts[L - 1], z[L]) if loss is half_mse else error
        for l in range(L, 0, -1):
            W, _ = params[l - 1]
            for o in range(len(delta)):
                db[l - 1][o] += delta[o]
                for i in range(len(a[l - 1])):
                    dW[l - 1][o, i] += delta[o] * a[l - 1][i]
            if l == 1:
                break
            back = np.array([sum(W[o, i] * delta[o] for o in range(len(delta))) for i in range(W.shape[1])])
            delta = back * slope(acts[l - 2], z[l - 1])
    return [(dW[l] / N, db[l] / N) for l in range(L)]


def by_column(params, acts, x, t, loss):
    m = len(x)
    A, Z = [x.T], []
    for (W, b), act in zip(params, acts):
        Z += [W @ A[-1] + b[:, None]]
        A += [f(act, Z[-1])]
    Y = output(loss, A[-1])
    dZ = Y - t.T
    if loss is half_mse:
        dZ = dZ * slope(acts[-1], Z[-1])
    grads = []
    for l in range(len(params) - 1, -1, -1):
        W, b = params[l]
        dW = dZ @ A[l].T / m
        db = np.sum(dZ, axis=1) / m
        grads = [(dW, db)] + grads
        if l > 0:
            dA = W.T @ dZ
            dZ = dA * slope(acts[l - 1], Z[l - 1])
    return grads


ANY = lambda acts, loss: True
SLIPS = [  # (which, what it says, what was typed, what that is called, on which networks it is this mistake)
    (by_neuron, "error = y - t[n]", "error = t[n] - y", "sign", ANY),
    (by_column, "dZ = Y - t.T", "dZ = t.T - Y", "sign", ANY),
    (by_column, "dW = dZ @", "dW = -dZ @", "sign", ANY),
    (by_neuron, "(dW[l] / N, db[l] / N)", "(dW[l], db[l])", "missing_1/N", ANY),
    (by_column, "axis=1) / m", "axis=1)", "missing_1/N", ANY),
    (by_column, "dZ = Y - t.T", "dZ = (Y - t.T) / m", "double_1/N", ANY),
    (by_column, "dA = W.T @ dZ", "dA = W.T @ dZ / m", "double_1/N", ANY),
    (by_neuron, "error = y - t[n]", "error = 2 * (y - t[n])", "factor_2", ANY),
    (by_column, "A[l].T / m", "A[l].T / (2 * m)", "factor_1/2", ANY),
    (by_neuron, "error = y - t[n]", "error = (y - t[n]) / len(y)", "mean_over_outputs", ANY),
    (by_neuron, "delta = back * slope(acts[l - 2], z[l - 1])", "delta = back", "missing_activation_derivative", ANY),
    (by_column, "slope(acts[l - 1], Z[l - 1])", "(np.maximum(Z[l - 1], 0) >= 0)", "missing_activation_derivative", ANY),
    (by_neuron, "error * slope(acts[L - 1], z[L])", "error", "missing_output_derivative", ANY),
    (by_neuron, "if loss is half_mse else error", "if loss is half_mse else error * y * (1 - y)", "extra_output_derivative", ANY),
    (by_column, "if loss is half_mse:\n", "if True:\n", "extra_output_derivative", lambda acts, loss: acts[-1] is sigmoid),
    (by_neuron, "slope(acts[l - 2], z[l - 1])", "slope(acts[l - 2], a[l - 1])", "derivative_at_a", ANY),
    (by_column, "slope(acts[l - 1], Z[l - 1])", "Z[l - 1] * (1 - Z[l - 1])", "a_form_at_z", lambda acts, loss: acts[0] is sigmoid),
    (by_column, "slope(acts[l - 1], Z[l - 1])", "(1 - Z[l - 1] ** 2)", "a_form_at_z", lambda acts, loss: acts[0] is tanh),
    (by_column, "slope(acts[l - 1], Z[l - 1])", "(1 - A[l] ** 2)", "wrong_activation_derivative", ANY),
    (by_neuron, "slope(acts[l - 2], z[l - 1])", "a[l - 1] * (1 - a[l - 1])", "wrong_activation_derivative", ANY),
    (by_column, "slope(acts[l - 1], Z[l - 1])", "slope(sigmoid, Z[l - 1])", "wrong_activation_derivative", ANY),
    (by_neuron, "slope(acts[l - 2], z[l - 1])", "a[l - 1]", "activation_instead_of_derivative", ANY),
    (by_column, "slope(acts[l - 1], Z[l - 1])", "slope(acts[l - 1], Z[l])", "derivative_off_by_one", ANY),
    (
        by_column,
        "dA = W.T @ dZ\n            dZ = dA * slope(acts[l - 1], Z[l - 1])",
        "dZ = W.T @ (dZ * slope(acts[l - 1], Z[l - 1]))",
        "derivative_off_by_one",
        ANY,
    ),
    (by_neuron, "error = y - t[n]", "error = -t[n] / y * y * (1 - y)", "softmax_elementwise", lambda acts, loss: t_is_class(loss)),
    (by_column, "db = np.sum(dZ, axis=1) / m", "db = dZ.T / m", "bias_not_summed", ANY),
    (by_neuron, "(dW[l] / N, db[l] / N)", "(dW[l] / N, db[l] / N / N)", "bias_mean", ANY),
    (by_column, "db = np.sum(dZ, axis=1) / m", "db = np.mean(dZ, axis=1) / m", "bias_mean", ANY),
    (by_column, "db = np.sum(dZ, axis=1) / m", "db = np.sum(dZ, axis=0) / m", "bias_wrong_axis", ANY),
    (by_column, "db = np.sum(dZ, axis=1) / m", "db = np.sum(dZ, axis=0, keepdims=True) / m", "bias_wrong_axis", ANY),
    (by_column, "db = np.sum(dZ, axis=1) / m", "db = np.sum(dZ) / m", "bias_sum_all", ANY),
    (by_neuron, "db[l - 1][o] += delta[o]", "db[l - 1] += delta[o]", "bias_sum_all", ANY),
    (by_column, "dW = dZ @ A[l].T / m", "dW = A[l] @ dZ.T / m", "dW_transposed", ANY),
    (by_neuron, "dW[l - 1][o, i] += delta[o]", "dW[l - 1][i, o] += delta[o]", "dW_transposed", ANY),
    (by_column, "dA = W.T @ dZ", "dA = W @ dZ", "W_transposed", ANY),
    (by_neuron, "W[o, i] * delta[o] for o", "W[i, o] * delta[o] for o", "W_transposed", ANY),
    (by_column, "dA = W.T @ dZ", "dA = dZ", "missing_W", ANY),
    (by_neuron, "delta[o] * a[l - 1][i]", "delta[o] * (z[l - 1][i] if l > 1 else a[0][i])", "z_instead_of_a", ANY),
    (by_column, "dZ @ A[l].T / m", "dZ @ A[l + 1].T / m", "a_off_by_one", ANY),
    (by_column, "dW = dZ @ A[l].T / m", "dW = np.outer(dZ.sum(axis=1), A[l].sum(axis=1)) / m", "outer_of_sums", ANY),
    (by_neuron, "dW[l - 1][o, i] += ", "dW[l - 1][o, i] = ", "last_example_only", ANY),
    (by_neuron, "db[l - 1][o] += ", "db[l - 1][o] = ", "last_example_only", ANY),
    (by_column, "dA = W.T @ dZ", "W = W - 0.3 * dW\n            dA = W.T @ dZ", "stale_W", ANY),
    (by_column, "dW = dZ @ A[l].T / m", "dW = dZ @ A[l].T / m + 0.01 * W", "weight_decay", ANY),
    (by_neuron, "if l == 1:", "if l == 2:", "zero_layer", ANY),
    (by_column, "m = len(x)", "m = x.shape[1]", "mean_over_inputs", ANY),
    (by_column, "dW = dZ @", "dW = (dA if l < len(params) - 1 else dZ) @", "slope_missing_in_part", ANY),
    (by_column, "slope(acts[l - 1], Z[l - 1])", "(1 + A[l] ** 2)", "slope_sign", lambda acts, loss: acts[0] is tanh),
    (by_neuron, "slope(acts[l - 2], z[l - 1])", "slope(acts[l - 2], z[l - 1]) * z[l - 1]", "slope_times_z", lambda acts, loss: acts[0] is not relu),
    (by_column, "dA * slope(acts[l - 1], Z[l - 1])", "np.maximum(dA, 0)", "activation_of_gradient", lambda acts, loss: acts[0] is relu),
    (by_column, "dA * slope(acts[l - 1], Z[l - 1])", "dA @ (1 - A[l].T @ A[l])", "matrix_product_of_slope", lambda acts, loss: acts[0] is tanh),
    (by_column, "Y = output(loss, A[-1])", "Y = np.exp(Z[-1]) / np.sum(np.exp(Z[-1]))", "softmax_over_batch", lambda acts, loss: t_is_class(loss)),
    (by_column, "db = np.sum(dZ, axis=1) / m", "db = np.sum(dW, axis=1)", "bias_from_dW", ANY),
    (by_neuron, "delta[o] * a[l - 1][i]", "delta[o] * W[o, i]", "W_instead_of_input", ANY),
    (by_column, "dW = dZ @ A[l].T / m", "dW = np.sum(dZ * A[l + 1]) / m", "inner_product", ANY),
    (by_column, "dA = W.T @ dZ", "dA = dW.T @ dZ", "dW_instead_of_W", ANY),
    (by_column, "dA = W.T @ dZ", "dA = W.T @ (dA if l < len(params) - 1 else dZ)", "way_back_without_slope", ANY),
    (by_column, "dA = W.T @ dZ", "dA = np.delete(np.hstack([W, b[:, None]]), 0, axis=1).T @ dZ", "wrong_column", ANY),
]  # fmt: skip


def typed_wrong(honest, old, new):
    """The honest backward pass with one slip in it."""
    source = inspect.getsource(honest)
    assert source.count(old) == 1, (honest.__name__, old)
    names = dict(globals())
    exec(source.replace(old, new), names)
    return names[honest.__name__]
