"""Backward passes in the layouts and with the words that people use, each with what was wrong in it; none knows nnlib.

Each entry: its style, the function, the network that it is for, what is told of it, and what the diagnosis must say: the
names of the mistakes, or "right", or words that stand in an honest "unknown".
"""

import numpy as np

from nnlib import bce, grads_of_step, half_mse, identity, relu, sigmoid, softmax_cross_entropy, tanh

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


# A stranger's code: each written in a convention of its own, before a word of this package was read ------------------------------


def flat(params):
    return [X for pair in params for X in pair]


class Remembering:
    def __init__(self, W1, b1, W2, b2):
        self.W1, self.b1, self.W2, self.b2 = W1, b1, W2, b2

    def forward(self, X):
        z1 = X @ self.W1 + self.b1
        a1 = logistic(z1)
        self.cache = dict(X=X, a1=a1, z2=a1 @ self.W2 + self.b2)

    def backward(self, y):
        c = self.cache
        dz2 = 2 * (c["z2"] - y) / y.shape[0]
        dz1 = dz2 @ self.W2.T * logistic(c["a1"]) * (1 - logistic(c["a1"]))
        return {"dW1": c["X"].T @ dz1, "db1": dz1.sum(0), "dW2": c["a1"].T @ dz2, "db2": dz2.sum(0)}


@brought("a cache", {"derivative_at_a", "factor_2"}, [4, 5, 3], [sigmoid, identity], half_mse, weights="in out")
def remembering(params, acts, x, t):
    network = Remembering(*flat(params))
    network.forward(x)
    return network.backward(t)


@brought("loops over examples, one flat tuple", {"activation_of_gradient"}, [4, 5, 3], [relu, identity], half_mse)
def loops(params, acts, X, y):
    W1, b1, W2, b2 = flat(params)
    dW1, db1, dW2, db2 = (np.zeros_like(P) for P in (W1, b1, W2, b2))
    for x, t in zip(X, y):
        a1 = np.maximum(0, W1 @ x + b1)
        d2 = W2 @ a1 + b2 - t
        dW2 += np.outer(d2, a1)
        db2 += d2
        d1 = W2.T @ d2
        d1[d1 < 0] = 0
        dW1 += np.outer(d1, x)
        db1 += d1
    n = len(X)
    return dW1 / n, db1 / n, dW2 / n, db2 / n


@brought("class numbers, one flat list", {"double_1/N"}, [4, 5, 3], [relu, identity], softmax_cross_entropy)
def class_numbers(params, acts, X, y):
    W1, b1, W2, b2 = flat(params)
    N = X.shape[0]
    h = np.maximum(0, X.dot(W1) + b1)
    scores = h.dot(W2) + b2
    e = np.exp(scores - scores.max(1, keepdims=True))
    d = e / e.sum(1, keepdims=True)
    d[range(N), y] -= 1
    d /= N
    dh = d.dot(W2.T)
    dh[h <= 0] = 0
    return [X.T.dot(dh) / N, dh.sum(0), h.T.dot(d) / N, d.sum(0)]


def single_output(out):
    """sigmoid and one output as (N,), W2 a vector."""

    def backward(params, acts, X, t):
        (W1, b1), (W2, b2) = params
        w2, y = W2.ravel(), t.ravel()
        a1 = logistic(X @ W1 + b1)
        p = logistic(a1 @ w2 + b2)
        d = out(p, y)
        d1 = np.outer(d, w2) * a1 * (1 - a1)
        return X.T @ d1, d1.sum(0), a1.T @ d, d.sum()

    return backward


for says, out in (
    ("right", lambda p, y: (p - y) / len(y)),
    ({"extra_output_derivative"}, lambda p, y: (p - y) * p * (1 - p) / len(y)),
):
    brought("one output as (N,), W2 a vector", says, [4, 5, 1], [sigmoid, sigmoid], bce, weights="in out")(
        single_output(out)
    )


def scalar_loops(add):
    """Lists of lists of numbers; what a hidden neuron gets is added up over the outputs, or is not."""

    def backward(params, acts, X, Y):
        w1, b1, w2, b2 = (P.tolist() for P in flat(params))
        D, H, K, N = len(w1), len(w1[0]), len(w2[0]), len(X)
        gw1, gb1 = [[0.0] * H for _ in range(D)], [0.0] * H
        gw2, gb2 = [[0.0] * K for _ in range(H)], [0.0] * K
        for n in range(N):
            h = [float(logistic(b1[j] + sum(X[n][i] * w1[i][j] for i in range(D)))) for j in range(H)]
            d = [float(b2[k] + sum(h[j] * w2[j][k] for j in range(H)) - Y[n][k]) / N for k in range(K)]
            for j in range(H):
                error = 0.0
                for k in range(K):
                    error = add * error + d[k] * w2[j][k]
                    gw2[j][k] += d[k] * h[j]
                error *= h[j] * (1 - h[j])
                gb1[j] += error
                for i in range(D):
                    gw1[i][j] += error * float(X[n][i])
            gb2 = [g + one for g, one in zip(gb2, d)]
        return gw1, gb1, gw2, gb2

    return backward


for says, add in (("right", 1), ("What went back through layer 2 is that of its last neuron alone", 0)):
    brought("lists of lists", says, [4, 5, 3], [sigmoid, identity], half_mse, weights="in out")(scalar_loops(add))


@brought(
    "(N, 1) beside (N,)",
    "Every output of layer 2 was compared with the mean target: (N, 1) beside (N,) is (N, N) for NumPy, and all is 2 times",
    [4, 5, 1],
    [tanh, identity],
    half_mse,
    weights="in out",
)
def beside_a_vector(params, acts, X, t):
    W1, b1, W2, b2 = flat(params)
    h = np.tanh(X @ W1 + b1)
    d = (2 * (h @ W2 + b2 - t.ravel()) / len(t)).mean(axis=1, keepdims=True)
    d1 = d @ W2.T * (1 - h**2)
    return dict(W1=X.T @ d1, b1=d1.sum(0), W2=h.T @ d, b2=d.sum(0))


@brought("(N, 1) beside (N,), one layer", "compared with every target", [4, 1], [sigmoid], bce, weights="in out")
def beside_a_vector_in_one_layer(params, acts, X, t):
    ((W, b),) = params
    e = logistic(X @ W + b) - t.ravel()
    return X.T @ e / len(X), e.sum(0) / len(X)


def two_flat(change=lambda grads: grads, bias=np.sum, out=lambda o, Y: (o - Y) / len(Y)):
    def backward(params, acts, X, Y):
        W1, b1, W2, b2 = flat(params)
        h = np.tanh(X @ W1 + b1)
        d = out(h @ W2 + b2, Y)
        d1 = d @ W2.T * (1 - h**2)
        return change([X.T @ d1, bias(d1, axis=0), h.T @ d, bias(d, axis=0)])

    return backward


for says, slip in (
    ("right", {}),
    ("right", dict(out=lambda o, Y: 2 * (o - Y) / o.size)),
    ({"bias_mean"}, dict(bias=np.mean)),
    ("It is right, but clipped to ±0.05", dict(change=lambda grads: [np.clip(g, -0.05, 0.05) for g in grads])),
):
    brought("one flat list", says, *REGRESSION, weights="in out")(two_flat(**slip))


def lists_of_two(middle):
    """Three layers, columns one by one, and a list of dW beside a list of db."""

    def backward(params, acts, X, Y):
        weights, biases = zip(*params)
        dWs, dbs = [0 * W for W in weights], [0 * b for b in biases]
        for x, y in zip(X, Y):
            seen = [x]
            for W, b in params:
                seen.append(logistic(W @ seen[-1] + b))
            delta = (seen[-1] - y) * seen[-1] * (1 - seen[-1])
            for k in (2, 1, 0):
                dWs[k] = dWs[k] + np.outer(delta, seen[k + (middle and len(seen[k]) == len(seen[k + 1]))]) / len(X)
                dbs[k] = dbs[k] + delta / len(X)
                delta = weights[k].T @ delta * seen[k] * (1 - seen[k])
        return dbs, dWs

    return backward


for says, middle in (("right", False), ({"a_off_by_one"}, True)):
    brought("a list of db and one of dW", says, [4, 5, 5, 3], [sigmoid] * 3, half_mse)(lists_of_two(middle))


@brought("in × out as out × in, 2/K", {"missing_activation_derivative"}, [4, 5, 6, 3], [tanh, tanh, identity], half_mse)
def first_slope_forgotten(params, acts, X, Y):
    A = [X]
    for k, (W, b) in enumerate(params):
        Z = A[-1] @ W.T + b
        A.append(np.tanh(Z) if k < 2 else Z)
    D, grads = 2 * (A[-1] - Y) / Y.size, []
    for k in (2, 1, 0):
        grads.append((D.T @ A[k], D.sum(0)))
        D = D @ params[k][0] * (1 - A[k] ** 2 if k > 1 else 1)
    return grads[::-1]


@brought(
    "the loss beside them, a penalty that was not told",
    {"weight_decay"},
    [4, 5, 3],
    [tanh, identity],
    softmax_cross_entropy,
    weights="in out",
)
def cost_and_gradients(params, acts, X, T, strength=0.01):
    W1, b1, W2, b2 = flat(params)
    a = np.tanh(X @ W1 + b1)
    P = softmax_columns((a @ W2 + b2).T).T
    cost = -np.sum(T * np.log(P)) / len(X) + strength * (np.sum(W1**2) + np.sum(W2**2))
    ds = (P - T) / len(X)
    dz = ds @ W2.T * (1 - a**2)
    return cost, X.T @ dz + strength * W1, dz.sum(0), a.T @ ds + strength * W2, ds.sum(0)


def in_steps(step, one_by_one=False, labels=False):
    def backward(params, acts, x, t):
        t = t.argmax(axis=1) if labels else t
        return grads_of_step(step, params, x, t, 0.1, one_by_one=one_by_one)

    return backward


def one_epoch(params, X, Y, rate):
    W1, b1, W2, b2 = flat(params)
    for x, y in [(X[None], Y[None])]:
        h = np.tanh(x @ W1 + b1)
        d = h @ W2 + b2 - y
        W2 -= rate * h.T @ d
        b2 -= rate * d[0]
        dh = d @ W2.T * (1 - h * h)
        W1 -= rate * x.T @ dh
        b1 -= rate * dh[0]


def momentum(params, X, Y, rate, mu=0.9):
    W1, b1, W2, b2 = flat(params)
    h = np.maximum(X @ W1 + b1, 0)
    error = Y - h @ W2 - b2
    dh = -(error @ W2.T) / len(X) * (h > 0)
    grads = X.T @ dh, dh.sum(0), -h.T @ error / len(X), error.mean(0)
    after = [P + mu * 0 - rate * g for P, g in zip((W1, b1, W2, b2), grads)]
    return list(zip(after[::2], after[1::2]))


def classes_in_place(params, X, y, rate):
    W1, b1, W2, b2 = flat(params)
    h = np.maximum(X @ W1 + b1, 0)
    d = softmax_columns((h @ W2 + b2).T).T
    d[np.arange(len(X)), y] -= 1
    d /= len(X)
    dz = d @ W2.T * (h > 0)
    for P, g in ((W2, h.T @ d), (b2, d.sum(0)), (W1, X.T @ dz), (b1, dz.sum(0))):
        P -= rate * g


for says, (step, *how), told in (
    ({"stale_W"}, (one_epoch, True), REGRESSION),
    ({"sign"}, (momentum,), ([4, 5, 3], [relu, identity], half_mse)),
    ("right", (classes_in_place, False, True), DIGITS),
):
    brought("steps", says, *told, weights="in out")(in_steps(step, *how))


# More of strangers: what goes wrong around the mathematics, in the loop, in the list, in the return ------------------------------


def one_by_one(examples=slice(None), keep="sum", ends=False, divide=len):
    """A loop over examples, with two layers in a flat tuple."""

    def backward(params, acts, X, Y):
        W1, b1, W2, b2 = flat(params)
        total = running = [np.zeros_like(P) for P in (W1, b1, W2, b2)]
        for x, y in list(zip(X, Y))[examples]:
            h = np.tanh(W1 @ x + b1)
            e = (W2 @ h + b2 - y) / divide(X)
            d = W2.T @ e * (1 - h * h)
            each = [np.outer(d, x), d, np.outer(e, h), e]
            running = [r + g for r, g in zip(running, each)]
            total = each if keep == "last" else [s + g for s, g in zip(total, running if keep == "running" else each)]
            if ends:
                break
        return total

    return backward


for says, slip in (
    ("right", {}),
    ("example 1 of 7 alone counts, divided by 7: a return inside the loop ends it", dict(ends=True)),
    ("example 1 of 7 alone counts, divided by 1", dict(ends=True, divide=lambda X: 1)),
    ("the examples count 7, 6, 5, 4, 3, 2, 1 times", dict(keep="running")),
    ("example 1 of 7 did not count; the others are divided by 7", dict(examples=slice(1, None))),
    (
        "examples 4, 5, 6, 7 of 7 did not count; the others are divided by 3",
        dict(examples=slice(3), divide=lambda X: 3),
    ),
    ({"missing_1/N", "last_example_only"}, dict(keep="last", divide=lambda X: 1)),
):
    brought("loops over examples, one flat tuple", says, *REGRESSION)(one_by_one(**slip))


def rows(x, W, b):
    return np.tanh(x @ W.T + b)


def probabilities(z):
    return softmax_columns(z.T).T


def around(top=lambda z, t: z - t, slope=lambda h: 1 - h * h, seen=lambda h: h, out=lambda params, grads: grads):
    def backward(params, acts, x, t):
        W1, b1, W2, b2 = flat(params)
        h = rows(x, W1, b1)
        d2 = top(h @ W2.T + b2, t) / len(x)
        d1 = d2 @ W2 * slope(h)
        return out(params, [(d1.T @ x, d1.sum(0)), (d2.T @ seen(h), d2.sum(0))])

    return backward


STEPPED = lambda params, grads: [(W - dW / 10, b - db / 10) for (W, b), (dW, db) in zip(params, grads)]
ONE_STEP = lambda params, grads: [(-dW / 10, -db / 10) for dW, db in grads]
for says, slip in (
    ("The slope of layer 1 was averaged over the batch", dict(slope=lambda h: (1 - h * h).mean(0))),
    ("dW of layer 2 was made with the slope of the layer below", dict(seen=lambda h: 1 - h * h)),
    ("These are the parameters after a step with learning rate 0.1, not their gradients", dict(out=STEPPED)),
    ("or if it is the step, at learning rate 0.1", dict(out=ONE_STEP)),
):
    brought("around the mathematics", says, *REGRESSION)(around(**slip))
CLASSIFIER = [4, 5, 3], [tanh, identity], softmax_cross_entropy
for says, top in (
    ("right", lambda z, t: probabilities(z) - t),
    ("Softmax was applied twice in layer 2", lambda z, t: probabilities(probabilities(z)) - t),
    ("with decisions, argmax, where probabilities belong", lambda z, t: np.eye(3)[z.argmax(1)] - t),
    ("went through sigmoid, where softmax belongs", lambda z, t: logistic(z) - t),
):
    brought("around the mathematics", says, *CLASSIFIER)(around(top))


@brought("one list for all layers", "one array, which holds their sum", [5, 5, 5], [tanh, identity], half_mse)
def one_list(params, acts, x, t):
    (W1, b1), (W2, b2) = params
    dW, db = [np.zeros((5, 5))] * 2, [np.zeros(5)] * 2
    h = rows(x, W1, b1)
    delta = (h @ W2.T + b2 - t) / len(x)
    for k, before in ((1, h), (0, x)):
        dW[k] += delta.T @ before
        db[k] += delta.sum(0)
        delta = delta @ W2 * (1 - h * h)
    return dW, db


@brought("an index off by one", "multiplied by the W of the layer below it", [4, 5, 6, 3], [tanh] * 3, half_mse)
def own_weights(params, acts, x, t):
    seen = [x]
    for W, b in params:
        seen.append(rows(seen[-1], W, b))
    delta, grads = (seen[-1] - t) / len(x) * (1 - seen[-1] ** 2), []
    for k in (2, 1, 0):
        grads.insert(0, (delta.T @ seen[k], delta.sum(0)))
        square = k == 1 and params[0][0].shape == params[1][0].shape
        delta = delta @ params[0 if square else k][0] * (1 - seen[k] ** 2)
    return grads
