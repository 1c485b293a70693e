"""A network is a list of (W, b) pairs and a list of activations; both directions are one loop over its layers."""

import numpy as np

from .arguments import GRAD, VJP, apart, promises
from .contracts import Array
from .layers import dense, dense_vjp


@promises()
def init_params(sizes: list, rng: np.random.Generator, dtype=np.float64) -> list:
    """Draw the parameters of a network: weights of variance 2 / n_in, biases of 0.

    Parameters
    ----------
    sizes : list of int
        Units per layer from the input on; ``[4, 5, 3]`` has two layers of weights.
    rng : numpy.random.Generator
        Where the weights come from.
    dtype : dtype
        float64 or float32.

    Returns
    -------
    params : list of (W, b)
        Arrays of shapes (n_out, n_in) and (n_out,), one pair per layer.

    Notes
    -----
    Built in chapter 7.
    """
    return [
        (rng.normal(0, np.sqrt(2 / n_in), (n_out, n_in)).astype(dtype), np.zeros(n_out, dtype))
        for n_in, n_out in zip(sizes, sizes[1:])
    ]


@promises(leave=apart)
def forward(params: list, acts: list, x: Array) -> tuple:
    r"""Run a batch through every layer, and keep what each layer saw.

    Parameters
    ----------
    params : list of (W, b)
        Shapes (n_out, n_in) and (n_out,), one pair per layer.
    acts : list of functions
        One per layer, such as ``[relu, identity]``.
    x : array (N, n_0)
        One example per row.

    Returns
    -------
    y : array (N, n_L)
        The output of the last layer.
    trace : list of (x, z, a)
        Per layer its input (N, n_in), pre-activation and output (N, n_out).

    Notes
    -----
    :math:`z^l = a^{l-1} W^{lT} + b^l` and :math:`a^l = f^l(z^l)`, from :math:`a^0 = x` on. Built in chapter 10.
    """
    trace = []
    for (W, b), act in zip(params, acts):
        z = dense(x, W, b)
        a = act(z)
        trace.append((x, z, a))
        x = a
    return x, trace


@promises()
def backward(g: Array, params: list, acts: list, trace: list, input_grad: bool = False) -> tuple:
    r"""Carry the gradient at the output back through every layer.

    Parameters
    ----------
    g : array (N, n_L)
        The gradient of the loss at the output of the network.
    params, acts, trace : lists
        What `forward` was given, and the trace that it returned.
    input_grad : bool
        Whether the gradient at the network's input is wanted too.

    Returns
    -------
    dx : array (N, n_0) or None
        The gradient at the input, if asked for.
    grads : list of (dW, db)
        Shaped like `params`.

    Notes
    -----
    :math:`\delta^l = (\delta^{l+1} W^{l+1}) \odot f'(z^l)`, :math:`dW^l = \delta^{lT} a^{l-1}` and db the column sums
    of :math:`\delta^l`. Built in chapter 10; articles 001 and 004 (summary).
    """
    grads = []
    for (W, b), act, (x, z, a) in zip(params[::-1], acts[::-1], trace[::-1]):
        g = VJP[act](g, a, z)
        is_first = len(grads) == len(params) - 1
        g, dW, db = dense_vjp(g, z, x, W, b, input_grad or not is_first)
        grads.insert(0, (dW, db))
    return g, grads


@promises()
def value_and_grad(params: list, acts: list, x: Array, t: Array, loss) -> tuple:
    """The loss of a network on a batch, and its gradient for every parameter.

    Parameters
    ----------
    params : list of (W, b)
        Shapes (n_out, n_in) and (n_out,), one pair per layer.
    acts : list of functions
        One per layer. A loss of logits goes with `identity` in the last.
    x, t : arrays (N, n_0), (N, n_L)
        The batch and its targets.
    loss : function
        A key of `GRAD`.

    Returns
    -------
    L : number
    grads : list of (dW, db)
        Shaped like `params`.

    Notes
    -----
    Built in chapter 10.
    """
    y, trace = forward(params, acts, x)
    _, grads = backward(GRAD[loss](y, t), params, acts, trace)
    return loss(y, t), grads
