"""What nnlib is held to: the textbook formulas, written again for HIPS autograd, and three ways to differentiate.

Nothing here is traced through nnlib and nothing is shared with it: a formula wrong in one place is right in the other.
"""

import numpy
from autograd import make_vjp
from autograd import numpy as np

# Textbook formulas ----------------------------------------------------------------------------------------------------


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    return np.exp(z) / np.sum(np.exp(z), axis=-1, keepdims=True)


def bce(p, t):
    return -np.mean(np.sum(t * np.log(p) + (1 - t) * np.log(1 - p), axis=1))


def cross_entropy(p, t):
    return -np.mean(np.sum(t * np.log(p), axis=1))


TEXTBOOK = {
    "identity": lambda z: 1 * z,
    "sigmoid": sigmoid,
    "tanh": lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)),
    "relu": lambda z: np.where(z > 0, z, 0.0),
    "softmax": softmax,
    "dense": lambda x, W, b: np.einsum("ni,oi->no", x, W) + b,
    "half_mse": lambda y, t: np.mean(np.sum((y - t) ** 2, axis=1)) / 2,
    "bce": bce,
    "cross_entropy": cross_entropy,
    "sigmoid_bce": lambda z, t: bce(sigmoid(z), t),
    "softmax_cross_entropy": lambda z, t: cross_entropy(softmax(z), t),
}

# Derivatives of a scalar function of an array -------------------------------------------------------------------------


def reverse_mode(f, x):
    """By HIPS autograd; f is written in autograd.numpy."""
    return make_vjp(f)(x)[0](1.0)


def complex_step(f, x, h=1e-30):
    """Exact to the last digit; f takes complex numbers."""
    nudged = (nudge(x, i, 1j * h) for i in numpy.ndindex(x.shape))
    return numpy.array([f(z).imag / h for z in nudged]).reshape(x.shape)


def central(f, x):
    """To seven digits or more; any f."""
    steps = ((i, 1e-5 * max(1, abs(x[i]))) for i in numpy.ndindex(x.shape))
    return numpy.array([(f(nudge(x, i, h)) - f(nudge(x, i, -h))) / (2 * h) for i, h in steps]).reshape(x.shape)


def nudge(x, i, h):
    nudged = x.astype(numpy.result_type(x, h))
    nudged[i] += h
    return nudged


def gradients(derivative, f, args):
    """The gradient of a scalar f for each of its arguments in turn."""
    return [derivative(lambda arg: f(*args[:k], arg, *args[k + 1 :]), args[k]) for k in range(len(args))]


def network_gradients(derivative, value, params):
    """The gradient of value(params) in the shape of params, which is [(W, b), ...]."""
    flat = gradients(
        derivative,
        lambda *arrays: value(list(zip(arrays[::2], arrays[1::2]))),
        [array for pair in params for array in pair],
    )
    return list(zip(flat[::2], flat[1::2]))


def error(got, expected):
    """The largest difference of any two arrays, relative to the largest entry of all."""
    got, expected = ([numpy.asarray(a, numpy.float64) for a in leaves(nested)] for nested in (got, expected))
    assert [a.shape for a in got] == [a.shape for a in expected]
    size = max(abs(a).max() for a in expected)
    return max(abs(a - b).max() for a, b in zip(got, expected)) / (size or 1)


def leaves(nested):
    """The arrays and numbers in lists and tuples of them, in order."""
    return [leaf for part in nested for leaf in leaves(part)] if isinstance(nested, (list, tuple)) else [nested]
