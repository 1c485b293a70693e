"""One network with a hidden layer in several notations: how to write it in each and back, and how to run it backward.

The network is nnlib's, `[(W1, b1), (W2, b2)]` with W as (out, in) and b as (out,): sigmoid, then a plain output, and
half the squared error. Moving to another notation only puts numbers in another place, so the way back is exact. The
same two functions serve parameters and gradients.
"""

import re
from collections import namedtuple
from functools import partial

import numpy as np

from nnlib import sigmoid as σ
from nnlib.literate import source

# Where the numbers stand ----------------------------------------------------------------------------------------------


def to_000(params):
    return [(W.T, b[None, :]) for W, b in params]


def from_000(params):
    return [(W.T, b[0, :]) for W, b in params]


def to_001(params):
    return [(W, b) for W, b in params]


from_001 = to_001
to_002, from_002 = to_000, from_000
to_003, from_003 = to_001, from_001


def to_004(params):
    return [(W, b[:, None]) for W, b in params]


def from_004(params):
    return [(W, b[:, 0]) for W, b in params]


to_columns, from_columns = to_004, from_004  # the course with columns
to_linear, from_linear = to_001, from_001  # nn.Linear's weight and bias


def to_sklearn(params):
    """For `coefs_` and `intercepts_`, in arrays of their own, since scikit-learn trains in place."""
    return [W.T.copy() for W, _ in params], [b.copy() for _, b in params]


def from_sklearn(coefs, intercepts):
    return [(W.T, b) for W, b in zip(coefs, intercepts)]


# The order of factors and the shapes of each article, for our network; all but 002 take one example -------------------


def backward_000(params, x, g):
    """x and g are rows, (1, n)."""
    (W1, b1), (W2, b2) = params
    a1 = σ(x @ W1 + b1)
    y = a1 @ W2 + b2
    δ2 = -(g - y)
    δ1 = (δ2 @ W2.T) * (a1 * (1 - a1))
    return [(x.T @ δ1, δ1), (a1.T @ δ2, δ2)]


def backward_001(params, h0, t):
    """h0 and t are columns, written as (n,)."""
    (W1, b1), (W2, b2) = params
    h1 = σ(W1 @ h0 + b1)
    h2 = W2 @ h1 + b2
    D2 = h2 - t  # the gradient of C, for a plain output
    D1 = (W2.T @ D2) * (h1 * (1 - h1))
    return [(np.outer(D1, h0), D1), (np.outer(D2, h1), D2)]


def backward_002(params, X, y):
    """X and y are batches, one example a row; the loss is without the half."""
    (W1, b1), (W2, b2) = params
    H1 = σ(X @ W1 + b1)
    y_pred = H1 @ W2 + b2
    dy_pred = 2 / len(X) * (y_pred - y)
    dY1 = (dy_pred @ W2.T) * (H1 * (1 - H1))
    db1, db2 = (d.sum(axis=0, keepdims=True) for d in (dY1, dy_pred))
    return [(X.T @ dY1, db1), (H1.T @ dy_pred, db2)]


def backward_003(params, x, y):
    """x and y are rows, written as (n,)."""
    (W1, b1), (W2, b2) = params
    a1 = σ(x @ W1.T + b1)
    a2 = a1 @ W2.T + b2
    dz2 = a2 - y
    dz1 = (dz2 @ W2) * (a1 * (1 - a1))
    return [(np.outer(dz1, x), dz1), (np.outer(dz2, a1), dz2)]


def backward_004(params, x, y):
    """x and y are columns, (n, 1)."""
    (W1, b1), (W2, b2) = params
    a1 = σ(W1 @ x + b1)
    y_hat = W2 @ a1 + b2
    δ2 = y_hat - y
    δ1 = (W2.T @ δ2) * (a1 * (1 - a1))
    return [(δ1 @ x.T, δ1), (δ2 @ a1.T, δ2)]


def backward_columns(params, X, Y):
    """The course with columns: X and Y have one example a column."""
    (W1, b1), (W2, b2) = params
    m = X.shape[1]
    A1 = σ(W1 @ X + b1)
    A2 = W2 @ A1 + b2
    dZ2 = A2 - Y
    dZ1 = (W2.T @ dZ2) * (A1 * (1 - A1))
    db1, db2 = (1 / m * dZ.sum(axis=1, keepdims=True) for dZ in (dZ1, dZ2))
    return [(1 / m * dZ1 @ X.T, db1), (1 / m * dZ2 @ A1.T, db2)]


# Batches --------------------------------------------------------------------------------------------------------------


def summed(backward, params, x, t):
    """Article after article says: add the gradients of the single examples."""
    each = [backward(params, x_n, t_n) for x_n, t_n in zip(x, t)]
    return [tuple(map(sum, zip(*layer))) for layer in zip(*each)]


# How to write a network and to read it back, how to write a batch (single examples stand along its axis 0), the
# gradients of that batch, and how many times nnlib's those are, for N examples.
Notation = namedtuple("Notation", "to back batch backward factor")
NOTATIONS = {
    "000": Notation(to_000, from_000, lambda x: x[:, None, :], partial(summed, backward_000), lambda N: N),
    "001": Notation(to_001, from_001, lambda x: x, partial(summed, backward_001), lambda N: N),
    "002": Notation(to_002, from_002, lambda x: x, backward_002, lambda N: 2),
    "003": Notation(to_003, from_003, lambda x: x, partial(summed, backward_003), lambda N: N),
    "004": Notation(to_004, from_004, lambda x: x[:, :, None], partial(summed, backward_004), lambda N: N),
    "columns": Notation(to_columns, from_columns, lambda x: x.T, backward_columns, lambda N: 1),
}


def gradients_in(name, params, x, t):
    """nnlib's gradients by way of a notation."""
    its = NOTATIONS[name]
    written = its.to(params), its.batch(x), its.batch(t)
    grads = its.back(its.backward(*written))
    factor = its.factor(len(x))
    return [(dW / factor, db / factor) for dW, db in grads]


# What the explorer shows of each: its words for diagnose_function, its shapes, its equations, its backward pass.
CARDS = {
    "000": (
        "rows, in out",
        "x: (1, 4)   W1: (4, 5)   b1: (1, 5)   δ1: (1, 5)",
        r"$z^{[2]} = a^{[1]} W^{[2]} + b^{[2]}$",
        r"$\delta^{[2]} = -(g - y)$",
        r"$\delta^{[1]} = (\delta^{[2]} W^{[2]T}) \odot a^{[1]} (1 - a^{[1]})$",
        r"$\partial E / \partial W^{[2]} = a^{[1]T} \delta^{[2]}$",
        backward_000,
    ),
    "001": (
        "columns, out in",
        "h0: (4,)   W1: (5, 4)   b1: (5,)   D1: (5,)",
        r"$z^2 = W^2 h^1 + b^2$",
        r"$D^2 = \nabla C$",
        r"$D^1 = (W^{2T} D^2) \circ \sigma′(z^1)$",
        r"$\partial C / \partial W^2 = D^2 h^{1T}$",
        backward_001,
    ),
    "002": (
        "rows, in out",
        "X: (7, 4)   W1: (4, 5)   b1: (1, 5)   dY1: (7, 5)",
        r"$\hat y = H^1 W^2 + b^2$",
        r"$\partial L / \partial \hat y = \frac{2}{N} (\hat y - y)$",
        r"$\partial L / \partial Y^1 = (\partial L / \partial \hat y \; W^{2T}) \odot f′(Y^1)$",
        r"$\partial L / \partial W^2 = H^{1T} \; \partial L / \partial \hat y$",
        backward_002,
    ),
    "003": (
        "rows, out in",
        "x: (4,)   W1: (5, 4)   b1: (5,)   dz1: (5,)",
        r"$z_2 = a_1 W_2^T + b_2$",
        r"$\partial C / \partial z_2 = a_2 - y$",
        r"$\partial C / \partial z_1 = (\partial C / \partial z_2 \; W_2) * \sigma′(z_1)$",
        r"$\partial C / \partial W_2 = (\partial C / \partial z_2)^T \otimes a_1$",
        backward_003,
    ),
    "004": (
        "columns, out in",
        "x: (4, 1)   W1: (5, 4)   b1: (5, 1)   δ1: (5, 1)",
        r"$z^{(2)} = W^{(2)} a^{(1)} + b^{(2)}$",
        r"$\delta^{(2)} = \hat y - y$",
        r"$\delta^{(1)} = (W^{(2)T} \delta^{(2)}) \odot \sigma′(z^{(1)})$",
        r"$\partial L / \partial W^{(2)} = \delta^{(2)} a^{(1)T}$",
        backward_004,
    ),
    "columns": (
        "columns, out in",
        "X: (4, 7)   W1: (5, 4)   b1: (5, 1)   dZ1: (5, 7)",
        r"$Z^{[2]} = W^{[2]} A^{[1]} + b^{[2]}$",
        r"$dZ^{[2]} = A^{[2]} - Y$",
        r"$dZ^{[1]} = (W^{[2]T} dZ^{[2]}) * g′(Z^{[1]})$",
        r"$dW^{[2]} = \frac{1}{m} dZ^{[2]} A^{[1]T}$",
        backward_columns,
    ),
}


def draw_card(ax, notation):
    """A notation on one page: words, shapes, equations, code."""
    words, shapes, *equations, backward = CARDS[notation]
    ax.figure.set_layout_engine("none")
    ax.set(position=(0.02, 0, 0.98, 1), xlim=(0, 1), ylim=(0, 1))
    ax.axis("off")
    ax.text(0, 0.98, f"{title_of(notation)}: {words}", weight="bold", va="top")
    ax.text(0, 0.9, shapes.replace("   ", " · "), fontsize=9, va="top")
    for k, line in enumerate(equations):
        ax.text(0, 0.83 - 0.1 * k, line, fontsize=13, va="top")
    code = [line.removeprefix("    ") for line in source(backward).splitlines()[1:]]
    for k, line in enumerate(code):
        ax.text(0, 0.42 - 0.05 * k, line, family="monospace", fontsize=9, va="top")


def say_card(notation):
    words, *_, backward = CARDS[notation]
    examples, way = words.split(", ")
    steps = re.findall(r"^ *((?:δ|D|d[zZyY])\w* = .*?)(?:  #.*)?$", source(backward), re.MULTILINE)
    title = title_of(notation)
    return f"{title}: examples are {examples}, W is {way.replace(' ', ' × ')}. The way back: {'; '.join(steps)}."


def title_of(notation):
    return "The course with columns" if notation == "columns" else f"Article {notation}"
