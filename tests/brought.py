"""Backward passes in the layouts and with the words that people use, each with what was wrong in it; none knows nnlib.

Each entry: its style, the function, the network that it is for, what is told of it, and what the diagnosis must say: the
names of the mistakes, or "right", or words that stand in an honest "unknown".
"""

import numpy as np

from nnlib import bce, half_mse, identity, relu, sigmoid, softmax_cross_entropy, tanh

BROUGHT = []


def brought(style, says, sizes, acts, loss, **told):
    def register(function):
        BROUGHT.append((style, function, dict(sizes=sizes, acts=acts, loss=loss, **told), says))
        return function

    return register


def logistic(z):
    return 1 / (1 + np.exp(-z))


def softmax_columns(z):
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


def named(params):
    return {f"{letter}{k}": X for k, pair in enumerate(params, 1) for letter, X in zip("Wb", pair)}


# Dictionaries and one example per column, as in a course -------------------------------------------------------------------


def course(dz1=None, m=None, db=None, y=None):
    """Two layers, tanh and sigmoid; what is not given is right."""

    def backward(params, acts, X, Y):
        P = named(params)
        n = X.shape[1] if m is None else m(X)
        A1 = np.tanh(P["W1"] @ X + P["b1"].reshape(-1, 1))
        A2 = logistic(P["W2"] @ A1 + P["b2"].reshape(-1, 1))
        dZ2 = A2 - Y
        dW2 = dZ2 @ A1.T / n
        dZ1 = (P["W2"].T @ dZ2) * (1 - A1**2) if dz1 is None else dz1(P, A1, dZ2, dW2, n)
        dW1 = dZ1 @ X.T / n
        sums = (lambda dZ, dW: dZ.sum(axis=1, keepdims=True) / n) if db is None else db
        return {"dW1": dW1, "db1": sums(dZ1, dW1), "dW2": dW2, "db2": sums(dZ2, dW2)}

    return backward


COURSE = [4, 5, 3], [tanh, sigmoid], bce
for says, slip in (
    ("right", {}),
    ({"double_1/N"}, dict(dz1=lambda P, A, dZ, dW, n: P["W2"].T @ dZ * (1 - A**2) / n)),
    ({"dW_instead_of_W"}, dict(dz1=lambda P, A, dZ, dW, n: dW.T @ dZ * (1 - A**2))),
    ({"matrix_product_of_slope"}, dict(dz1=lambda P, A, dZ, dW, n: (P["W2"].T @ dZ) @ (1 - A.T @ A))),
    ({"slope_sign"}, dict(dz1=lambda P, A, dZ, dW, n: P["W2"].T @ dZ * (1 + A**2))),
    ({"bias_from_dW"}, dict(db=lambda dZ, dW: dW.sum(axis=1, keepdims=True))),
    ({"mean_over_inputs"}, dict(m=lambda X: X.shape[0])),
    (
        {"bias_sum_all", "missing_activation_derivative"},
        dict(dz1=lambda P, A, dZ, dW, n: P["W2"].T @ dZ, db=lambda dZ, dW: np.sum(dZ) / dZ.shape[1]),
    ),
):
    brought("dictionaries, columns", says, *COURSE, examples="columns")(course(**slip))


# Digits from scratch: columns, class numbers, a (W1, b1, W2, b2) world -------------------------------------------------------


def digits(norm=softmax_columns, gate=lambda Z, A, g: g * (Z > 0), bias=lambda d: d.sum(axis=1)):
    def backward(params, acts, X, labels):
        (W1, b1), (W2, b2) = params
        m = labels.size
        Z1 = W1.dot(X) + b1.reshape(-1, 1)
        A1 = np.maximum(Z1, 0)
        dZ2 = norm(W2.dot(A1) + b2.reshape(-1, 1))
        dZ2[labels, np.arange(m)] -= 1
        dZ1 = gate(Z1, A1, W2.T.dot(dZ2))
        return [(dZ1.dot(X.T) / m, bias(dZ1) / m), (dZ2.dot(A1.T) / m, bias(dZ2) / m)]

    return backward


DIGITS = [4, 5, 3], [relu, identity], softmax_cross_entropy
for says, slip in (
    ("right", {}),
    ({"bias_sum_all"}, dict(bias=np.sum)),
    ({"softmax_over_batch"}, dict(norm=lambda z: np.exp(z) / np.exp(z).sum())),
    ({"activation_of_gradient"}, dict(gate=lambda Z, A, g: np.maximum(g, 0))),
    ({"missing_activation_derivative"}, dict(gate=lambda Z, A, g: g * (A >= 0))),
    ({"activation_of_gradient", "bias_sum_all"}, dict(gate=lambda Z, A, g: np.maximum(g, 0), bias=np.sum)),
):
    brought("columns, class numbers", says, *DIGITS, examples="columns")(digits(**slip))


# Classes that remember what they saw: rows, W as in × out, 1/n in every layer ------------------------------------------------


class Linear:
    def __init__(self, W, b, decay, keep):
        self.W, self.b, self.decay, self.keep = W, b, decay, keep

    def forward(self, x):
        out = x @ self.W + self.b
        self.cache = x if self.keep == "input" else out
        return out

    def backward(self, g):
        self.dW = self.cache.T @ g / len(g) + self.decay * self.W
        self.db = g.mean(axis=0)
        return g @ self.W.T


class Tanh:
    def __init__(self, slope):
        self.slope = slope

    def forward(self, z):
        self.z, self.a = z, np.tanh(z)
        return self.a

    def backward(self, g):
        return g * self.slope(self.z, self.a)


def classes(decay=0.0, keep="input", slope=lambda z, a: 1 - a**2):
    def backward(params, acts, x, t):
        layers = []
        for W, b in params:
            layers += [Linear(W, b, decay, keep), Tanh(slope)]
        layers.pop()
        for layer in layers:
            x = layer.forward(x)
        e = np.exp(x)
        g = e / e.sum(axis=1, keepdims=True) - t
        for layer in layers[::-1]:
            g = layer.backward(g)
        return [(layer.dW, layer.db) for layer in layers[::2]]

    return backward


DEEP = [4, 5, 6, 3], [tanh, tanh, identity], softmax_cross_entropy
for says, slip, told in (
    ("right", {}, {}),
    ("right", dict(decay=0.02), dict(penalty=("l2", 0.02))),
    ({"penalty_sign"}, dict(decay=-0.02), dict(penalty=("l2", 0.02))),
    ({"penalty_missing"}, {}, dict(penalty=("l2", 0.02))),
    ({"penalty_strength"}, dict(decay=0.04), dict(penalty=("l2", 0.02))),
    ({"activation_instead_of_derivative", "weight_decay"}, dict(decay=-1e-3, slope=lambda z, a: a), {}),
    ({"derivative_at_a"}, dict(slope=lambda z, a: 1 - np.tanh(a) ** 2), {}),
    ({"a_form_at_z"}, dict(slope=lambda z, a: 1 - z**2), {}),
    ({"slope_times_z"}, dict(slope=lambda z, a: z * (1 - a**2)), {}),
    ("1 − 0.5 a², where 1 − a² belongs", dict(slope=lambda z, a: 1 - a**2 / 2), {}),
):
    brought("classes, W as in × out", says, *DEEP, weights="in out", **told)(classes(**slip))


# One example at a time, without biases, scalars ------------------------------------------------------------------------------


def xor(out=lambda e, o: e * o * (1 - o), back=lambda e, o, w: e * o * (1 - o) * w):
    """2-2-1 in scalars: W alone is returned, for there is nothing else."""

    def backward(params, acts, x, t):
        (W0, _), (W1, _) = params
        d0, d1 = np.zeros((len(W0), 2)), np.zeros((1, len(W0)))
        for (x0, x1), (y,) in zip(x, t):
            h = [logistic(W0[j, 0] * x0 + W0[j, 1] * x1) for j in range(len(W0))]
            o = logistic(sum(W1[0, j] * h[j] for j in range(len(W0))))
            for j in range(len(W0)):
                d1[0, j] += out(o - y, o) * h[j] / len(x)
                for i, x_i in enumerate((x0, x1)):
                    d0[j, i] += back(o - y, o, W1[0, j]) * h[j] * (1 - h[j]) * x_i / len(x)
        return [d0, d1]

    return backward


XOR = [2, 4, 1], [sigmoid, sigmoid], half_mse
for says, slip in (
    ("right", {}),
    ({"slope_missing_in_part"}, dict(out=lambda e, o: e)),
    ({"way_back_without_slope"}, dict(back=lambda e, o, w: e * w)),
    ({"way_back_without_slope", "missing_W"}, dict(back=lambda e, o, w: e)),
    ({"slope_sign"}, dict(out=lambda e, o: e * o * (1 + o), back=lambda e, o, w: e * o * (1 + o) * w)),
):
    brought("scalars, no biases", says, *XOR)(xor(**slip))


def vectors(dot):
    """Three layers without biases, one vector at a time, in a dictionary."""

    def backward(params, acts, x, t):
        W1, W2, W3 = (W for W, b in params)
        total = dict(W1=0, W2=0, W3=0)
        for a0, y in zip(x, t):
            a1 = logistic(W1 @ a0)
            a2 = logistic(W2 @ a1)
            a3 = softmax_columns(W3 @ a2)
            d3 = (a3 - y) / len(x)
            d2 = W3.T @ d3 * a2 * (1 - a2)
            d1 = W2.T @ d2 * a1 * (1 - a1)
            for key, d, before, after in (("W3", d3, a2, a3), ("W2", d2, a1, a2), ("W1", d1, a0, a1)):
                total[key] = total[key] + dot(d, before, after)
        return total

    return backward


VECTORS = [4, 5, 6, 3], [sigmoid, sigmoid, identity], softmax_cross_entropy
brought("vectors, no biases", "right", *VECTORS)(vectors(lambda d, before, after: np.outer(d, before)))
brought("vectors, no biases", {"inner_product"}, *VECTORS)(vectors(lambda d, before, after: np.dot(d, after)))


# Biases in the weights, updated in place -------------------------------------------------------------------------------------


def augmented(column, stale, rate=0.1):
    """Layers are [W | b]; an update goes through them, the output first."""

    def step(layers, x, target):
        hidden, output = layers
        h = logistic(hidden @ np.append(x, 1))
        y = logistic(output @ np.append(h, 1))
        d2 = y * (1 - y) * (y - target)
        before = output.copy()
        output -= rate * np.outer(d2, np.append(h, 1))
        back = np.delete(output if stale else before, column, axis=1).T @ d2
        hidden -= rate * np.outer(h * (1 - h) * back, np.append(x, 1))

    def backward(params, acts, x, t):
        total = [0, 0]
        for n in range(len(x)):
            layers = [np.column_stack(pair) for pair in params]
            before = [layer.copy() for layer in layers]
            step(layers, x[n], t[n])
            total = [s + (old - new) / rate / len(x) for s, old, new in zip(total, before, layers)]
        return [(d[:, :-1], d[:, -1]) for d in total]

    return backward


for says, slip in (
    ("right", (-1, False)),
    ({"stale_W"}, (-1, True)),
    ({"wrong_column"}, (1, False)),
    ({"wrong_column", "stale_W"}, (1, True)),
):
    brought("[W | b], in place, one by one", says, [4, 5, 3], [sigmoid, sigmoid], half_mse)(augmented(*slip))


@brought(
    "stepping while going back",
    {"missing_1/N", "stale_W"},
    [4, 5, 6, 3],
    [relu, relu, identity],
    half_mse,
    weights="in out",
)
def stepping(params, acts, x, t, rate=1e-3):
    layers, seen = [[W.copy(), b.reshape(1, -1).copy()] for W, b in params], [x]
    for k, (W, b) in enumerate(layers):
        z = seen[-1] @ W + b
        seen.append(np.maximum(z, 0) if k < 2 else z)
    grad = seen[-1] - t
    for k in (2, 1, 0):
        if k < 2:
            grad = grad * np.heaviside(seen[k + 1], 0)
        W_grad, b_grad = seen[k].T @ grad, grad.mean(axis=0)
        layers[k][0] -= rate * W_grad
        layers[k][1] -= rate * b_grad
        grad = grad @ layers[k][0].T
    return [((W - V) / rate, (b - c.ravel()) / rate) for (W, b), (V, c) in zip(params, layers)]


# Losses of their own ----------------------------------------------------------------------------------------------------------


def regression(top, loss=None, slope=lambda h: 1 - h**2):
    def backward(params, acts, x, t):
        (W1, b1), (W2, b2) = params
        h = np.tanh(x @ W1.T + b1)
        y = h @ W2.T + b2
        d2 = top(y, t)
        d1 = d2 @ W2 * slope(h)
        grads = [(d1.T @ x, d1.sum(axis=0)), (d2.T @ h, d2.sum(axis=0))]
        return grads if loss is None else (loss(y, t), grads)

    return backward


REGRESSION = [4, 5, 3], [tanh, identity], half_mse
MEAN = lambda y, t: 2 * (y - t) / y.size
for says, slip in (
    ("right", (MEAN,)),
    ("right", (MEAN, lambda y, t: ((y - t) ** 2).mean())),
    ("right", (lambda y, t: 2 * (y - t), lambda y, t: ((y - t) ** 2).sum())),
    ("right", (lambda y, t: 2 * (y - t) / len(y), lambda y, t: ((y - t) ** 2).sum() / len(y))),
    ({"missing_activation_derivative"}, (MEAN, None, lambda h: 1)),
    ({"missing_activation_derivative"}, (MEAN, lambda y, t: ((y - t) ** 2).mean(), lambda h: 1)),
    ({"factor_2"}, (lambda y, t: 2 * (y - t) / len(y), lambda y, t: ((y - t) ** 2).sum() / len(y) / 2)),
    ({"other_loss"}, (lambda y, t: (y - t) / len(y), lambda y, t: np.linalg.norm(y - t))),
    ("Every gradient is 0.1 times the right one", (lambda y, t: 0.1 * (y - t) / len(y),)),
):
    brought("a loss of its own", says, *REGRESSION)(regression(*slip))


@brought("one output as (N,), a column of ones", {"missing_1/N"}, [4, 1], [sigmoid], bce)
def logistic_regression(params, acts, x, y):
    ((W, b),) = params
    X = np.column_stack([np.ones(len(x)), x])
    g = X.T @ (logistic(X @ np.append(b, W)) - y)
    return [(g[1:][None], g[:1])]


# Matrix products by einsum: written to try the diagnosis out, without a look at its table ----------------------------------------


def einsums(w2="no,oi->ni", w="no,ni->oi", b="no->o", gate=lambda z, a: a * (1 - a), keep=lambda x, z, a: x):
    def backward(params, acts, x, t):
        seen, pre, post = [x], [], []
        for W, c in params:
            pre.append(np.einsum("ni,oi->no", seen[-1], W) + c)
            post.append(logistic(pre[-1]))
            seen.append(post[-1])
        delta, grads = (post[-1] - t) / len(x) * gate(pre[-1], post[-1]), []
        for k in range(len(params) - 1, -1, -1):
            used = keep(seen[k], pre[k], post[k])
            grads.append((np.einsum(w, delta, used), np.einsum(b, delta)))
            if k:
                delta = np.einsum(w2, delta, params[k][0]) * gate(pre[k - 1], post[k - 1])
        return grads[::-1]

    return backward


EINSUM = [4, 5, 6, 3], [sigmoid] * 3, half_mse
for says, slip in (
    ("right", {}),
    ({"bias_sum_all"}, dict(b="no->")),
    ({"bias_wrong_axis"}, dict(b="no->n")),
    ({"W_transposed"}, dict(w2="no,io->ni")),
    ({"a_form_at_z"}, dict(gate=lambda z, a: z * (1 - z))),
    ({"derivative_at_a"}, dict(gate=lambda z, a: logistic(a) * (1 - logistic(a)))),
    ({"a_off_by_one"}, dict(keep=lambda x, z, a: a)),
    ({"outer_of_sums"}, dict(w="no,mi->oi")),
    ("Both gradients of layer 3 are wrong", dict(gate=lambda z, a: a * (1 - a) + 0.01)),
):
    brought("einsum", says, *EINSUM)(einsums(**slip))
