"""The functions a layer may end in, each with its derivative rule directly below it.

A rule ``f_vjp(g, a, z)`` takes the gradient g that arrives at the output a = f(z) and returns the gradient at z:
g times the Jacobian da/dz, which is never built.
"""

import numpy as np

from .contracts import Array, Table, contract


@contract("... -> ...")
def identity(z: Array) -> Array:
    """No activation: ``a = z``, in a new array.

    Parameters
    ----------
    z : array of any shape, or a number
        Pre-activations.

    Returns
    -------
    a : like `z`

    Raises
    ------
    TypeError, FloatingPointError
        If `z` is no array of floats, or not finite.

    Notes
    -----
    Built in chapter 3; the output layer of article 002.
    """
    return +z


@contract("..., ..., ... -> ...")
def identity_vjp(g: Array, a: Array, z: Array) -> Array:
    """The rule of `identity`: ``dz = g``, since da/dz = 1.

    Parameters
    ----------
    g, a, z : arrays of one shape, or numbers
        The gradient at the output, the output, the input.

    Returns
    -------
    dz : like `z`

    Raises
    ------
    ValueError, TypeError, FloatingPointError
        If the shapes differ, or the arguments are no finite floats of one width.

    Notes
    -----
    Built in chapter 3.
    """
    return +g


@contract("... -> ...")
def sigmoid(z: Array) -> Array:
    r"""Squash every number into (0, 1): :math:`\sigma(z) = 1 / (1 + e^{-z})`.

    Only :math:`e^{-|z|}` is computed, which cannot overflow.

    Parameters
    ----------
    z : array of any shape, or a number
        Pre-activations.

    Returns
    -------
    a : like `z`

    Raises
    ------
    TypeError, FloatingPointError
        If `z` is no array of floats, or not finite.

    Notes
    -----
    Built in chapter 1; articles 000 (section 2.2) and 004.
    """
    e = np.exp(np.where(z.real < 0, z, -z))
    return np.where(z.real < 0, e, 1) / (1 + e)


@contract("..., ..., ... -> ...")
def sigmoid_vjp(g: Array, a: Array, z: Array) -> Array:
    r"""The rule of `sigmoid`: ``dz = g * a * (1 - a)``, since :math:`\sigma' = \sigma (1 - \sigma)`.

    Parameters
    ----------
    g, a, z : arrays of one shape, or numbers
        The gradient at the output, the output, the input.

    Returns
    -------
    dz : like `z`

    Raises
    ------
    ValueError, TypeError, FloatingPointError
        If the shapes differ, or the arguments are no finite floats of one width.

    Notes
    -----
    Built in chapter 1; articles 000 (section 2.2) and 004.
    """
    return g * a * (1 - a)


@contract("... -> ...")
def tanh(z: Array) -> Array:
    """Squash every number into (-1, 1) by the hyperbolic tangent.

    Parameters
    ----------
    z : array of any shape, or a number
        Pre-activations.

    Returns
    -------
    a : like `z`

    Raises
    ------
    TypeError, FloatingPointError
        If `z` is no array of floats, or not finite.

    Notes
    -----
    Built in chapter 3.
    """
    return np.tanh(z)


@contract("..., ..., ... -> ...")
def tanh_vjp(g: Array, a: Array, z: Array) -> Array:
    """The rule of `tanh`: ``dz = g * (1 - a**2)``.

    Parameters
    ----------
    g, a, z : arrays of one shape, or numbers
        The gradient at the output, the output, the input.

    Returns
    -------
    dz : like `z`

    Raises
    ------
    ValueError, TypeError, FloatingPointError
        If the shapes differ, or the arguments are no finite floats of one width.

    Notes
    -----
    Built in chapter 3.
    """
    return g * (1 - a**2)


@contract("... -> ...")
def relu(z: Array) -> Array:
    """Keep what is positive, replace the rest by 0.

    Parameters
    ----------
    z : array of any shape, or a number
        Pre-activations. Complex numbers are judged by their real part.

    Returns
    -------
    a : like `z`

    Raises
    ------
    TypeError, FloatingPointError
        If `z` is no array of floats, or not finite.

    Notes
    -----
    Built in chapter 3; articles 002, 003 and 004.
    """
    return np.maximum(z, 0)


@contract("..., ..., ... -> ...")
def relu_vjp(g: Array, a: Array, z: Array) -> Array:
    """The rule of `relu`: a gate, ``dz = g`` where z > 0 and 0 elsewhere, at z = 0 too.

    Parameters
    ----------
    g, a, z : arrays of one shape, or numbers
        The gradient at the output, the output, the input.

    Returns
    -------
    dz : like `z`

    Raises
    ------
    ValueError, TypeError, FloatingPointError
        If the shapes differ, or the arguments are no finite floats of one width.

    Notes
    -----
    Built in chapter 3; articles 002, 003 and 004 (step 4).
    """
    return g * (z.real > 0)


@contract("... K -> ... K")
def softmax(z: Array) -> Array:
    r"""Turn each row of logits into probabilities: :math:`p_k = e^{z_k} / \sum_j e^{z_j}`.

    The largest logit of a row is subtracted first: the quotient stays the same, and nothing overflows.

    Parameters
    ----------
    z : array (..., K)
        Logits; a row is the last axis.

    Returns
    -------
    p : array (..., K)
        Rows that sum to 1.

    Raises
    ------
    ValueError, TypeError, FloatingPointError
        If `z` has no last axis, is no array of floats, or is not finite.

    Notes
    -----
    Built in chapter 3; the output layer of article 003.
    """
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@contract("... K, ... K, ... K -> ... K")
def softmax_vjp(g: Array, a: Array, z: Array) -> Array:
    r"""The rule of `softmax`, with its full Jacobian :math:`\mathrm{diag}(a) - a^T a` in every row.

    Parameters
    ----------
    g, a, z : arrays (..., K) of one shape
        The gradient at the output, the output, the input.

    Returns
    -------
    dz : array (..., K)
        :math:`dz_k = a_k (g_k - \sum_j g_j a_j)`.

    Raises
    ------
    ValueError, TypeError, FloatingPointError
        If the shapes differ, or the arguments are no finite floats of one width.

    Notes
    -----
    Built in chapter 3; article 003 uses the diagonal alone, which is another function.
    """
    return a * (g - (g * a).sum(axis=-1, keepdims=True))


VJP = Table({identity: identity_vjp, sigmoid: sigmoid_vjp, tanh: tanh_vjp, relu: relu_vjp, softmax: softmax_vjp})
