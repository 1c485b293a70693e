r"""The functions a layer may end in, each with its rule directly below it, and below that its entry in `VJP`.

``f(z)`` takes pre-activations, an array of any shape or a number, and returns the activations a, in the same shape.
``f_vjp(g, a, z)`` takes the gradient g at the output a = f(z), and returns the gradient dz at the input: g times the
Jacobian da/dz, which is never built. For `softmax` and its rule each row, along the last axis, is one example.
"""

import numpy as np

from .arguments import VJP
from .contracts import Array, contract


@contract("... -> ...")
def identity(z: Array) -> Array:
    """No activation: ``a = z``, in a new array.

    Built in chapter 3; the output layer of article 002.
    """
    return +z


@contract("..., ..., ... -> ...")
def identity_vjp(g: Array, a: Array, z: Array) -> Array:
    """The rule of `identity`: ``dz = g``, since da/dz = 1.

    Built in chapter 3.
    """
    return +g


VJP[identity] = identity_vjp


@contract("... -> ...")
def sigmoid(z: Array) -> Array:
    r"""Into (0, 1): :math:`\sigma(z) = 1 / (1 + e^{-z})`, by way of :math:`e^{-|z|}`, which cannot overflow.

    Built in chapter 1; articles 000 (section 2.2) and 004.
    """
    e = np.exp(np.where(z.real < 0, z, -z))
    return np.where(z.real < 0, e, 1) / (1 + e)


@contract("..., ..., ... -> ...")
def sigmoid_vjp(g: Array, a: Array, z: Array) -> Array:
    r"""The rule of `sigmoid`: ``dz = g * a * (1 - a)``, since :math:`\sigma' = \sigma (1 - \sigma)`.

    Built in chapter 1; articles 000 (section 2.2) and 004.
    """
    return g * a * (1 - a)


VJP[sigmoid] = sigmoid_vjp


@contract("... -> ...")
def tanh(z: Array) -> Array:
    """Into (-1, 1), by the hyperbolic tangent.

    Built in chapter 3.
    """
    return np.tanh(z)


@contract("..., ..., ... -> ...")
def tanh_vjp(g: Array, a: Array, z: Array) -> Array:
    r"""The rule of `tanh`: ``dz = g * (1 - a**2)``, since :math:`\tanh' = 1 - \tanh^2`.

    Built in chapter 3.
    """
    return g * (1 - a**2)


VJP[tanh] = tanh_vjp


@contract("... -> ...")
def relu(z: Array) -> Array:
    """What is positive, and 0 for the rest; complex numbers are judged by their real part.

    Built in chapter 3; articles 002, 003 and 004.
    """
    return np.maximum(z, 0)


@contract("..., ..., ... -> ...")
def relu_vjp(g: Array, a: Array, z: Array) -> Array:
    """The rule of `relu`: a gate, ``dz = g`` where z > 0 and 0 elsewhere, at z = 0 too.

    Built in chapter 3; articles 002, 003 and 004 (step 4).
    """
    return g * (z.real > 0)


VJP[relu] = relu_vjp


@contract("... K -> ... K")
def softmax(z: Array) -> Array:
    r"""Rows of logits into rows of probabilities: :math:`p_k = e^{z_k} / \sum_j e^{z_j}`.

    The largest logit of a row is subtracted first: the quotient stays the same, and nothing overflows.

    Built in chapter 3; the output layer of article 003.
    """
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@contract("... K, ... K, ... K -> ... K")
def softmax_vjp(g: Array, a: Array, z: Array) -> Array:
    r"""The rule of `softmax`: :math:`dz_k = a_k (g_k - \sum_j g_j a_j)`, a row's Jacobian being diag(a) - aᵀa.

    Built in chapter 3; article 003 uses the diagonal alone, which is another function.
    """
    return a * (g - (g * a).sum(axis=-1, keepdims=True))


VJP[softmax] = softmax_vjp
