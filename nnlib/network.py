"""A network is a list of (W, b) pairs and a list of activations; both directions are one loop over its layers."""

import numpy as np

from .activations import VJP
from .contracts import (
    Array,
    check_arrays,
    check_count,
    check_dtype,
    check_function,
    check_known,
    check_list,
    check_rng,
    requires,
)
from .layers import dense, dense_vjp
from .losses import FUSED, GRAD

# What the functions below require of a network --------------------------------------------------------------------------


def widths(n_layers):
    """Names for the widths of a network, from the input to the output."""
    return [*(f"n{k}" for k in range(n_layers)), "K"]


def layer_shapes(key, params, names=("W", "b")):
    """The parameters of a network, or their gradients, as a contract names them."""
    ns = widths(len(params))
    for k, (pair, n_in, n_out) in enumerate(zip(params, ns, ns[1:])):
        for name, dims, array in zip(names, ((n_out, n_in), (n_out,)), pair):
            yield f"{key}[{k}] {name}", dims, array


def check_layers(name, key, layers, parts, n=None):
    """A list with a tuple of arrays per layer, such as params with W and b."""
    check_list(name, key, layers, f"tuples ({', '.join(parts)}), one per layer", n)
    for k, layer in enumerate(layers):
        check_list(name, f"{key}[{k}]", layer, f"arrays ({', '.join(parts)})", len(parts))


def check_network(name, params, acts, others=(), kinds="fc"):
    """One activation per layer, and shapes that fit from the input n0 to the output; `others` as in `check_arrays`."""
    check_layers(name, "params", params, ("W", "b"))
    check_list(name, "acts", acts, "functions, one per layer", len(params))
    for k, act in enumerate(acts):
        check_function(name, f"acts[{k}]", act)
    check_arrays(name, [*layer_shapes("params", params), *others], kinds)


def check_forward(name, params, acts, x):
    check_network(name, params, acts, [("x", ("N", "n0"), x)])


def check_rules(name, acts):
    for k, act in enumerate(acts):
        check_known(name, f"acts[{k}]", act, VJP)


def check_loss(name, loss, acts):
    check_known(name, "loss", loss, GRAD)
    if FUSED.get(loss) is acts[-1]:
        act = acts[-1].__name__
        raise ValueError(
            f"{name}: acts[-1] must be identity, got {act}: {loss.__name__} takes logits and applies {act} itself"
        )


def check_backward(name, g, params, acts, trace, input_grad):
    check_layers(name, "params", params, ("W", "b"))
    check_layers(name, "trace", trace, ("x", "z", "a"), len(params))
    ns = widths(len(params))
    seen = [
        (f"trace[{k}] {key}", ("N", n), array)
        for k, (layer, n_in, n_out) in enumerate(zip(trace, ns, ns[1:]))
        for key, n, array in zip("xza", (n_in, n_out, n_out), layer)
    ]
    check_network(name, params, acts, [*seen, ("g", ("N", "K"), g)])
    check_rules(name, acts)


def check_value_and_grad(name, params, acts, x, t, loss, kinds="fc"):
    check_network(name, params, acts, [("x", ("N", "n0"), x), ("t", ("N", "K"), t)], kinds)
    check_rules(name, acts)
    check_loss(name, loss, acts)


def check_sizes(name, sizes, rng, dtype):
    check_list(name, "sizes", sizes, "whole numbers, from the input to the output")
    if len(sizes) < 2:
        raise ValueError(f"{name}: sizes must list an input and an output at least, got {sizes!r}")
    for k, size in enumerate(sizes):
        check_count(name, f"sizes[{k}]", size)
    check_rng(name, rng)
    check_dtype(name, dtype)


# The network ------------------------------------------------------------------------------------------------------------


@requires(check_sizes)
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

    Raises
    ------
    ValueError, TypeError
        If a size is no positive whole number, `rng` no generator, or `dtype` no float.

    Notes
    -----
    Built in chapter 7.
    """
    return [
        (rng.normal(0, np.sqrt(2 / n_in), (n_out, n_in)).astype(dtype), np.zeros(n_out, dtype))
        for n_in, n_out in zip(sizes, sizes[1:])
    ]


@requires(check_forward)
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

    Raises
    ------
    ValueError, TypeError, FloatingPointError
        If the shapes do not fit, or an array is no finite floats of one width.

    Notes
    -----
    :math:`z^l = a^{l-1} W^{lT} + b^l` and :math:`a^l = f^l(z^l)`, from :math:`a^0 = x` on. Built in chapter 10.
    """
    trace = []
    x = +x  # a copy, so that the trace stays what the layers saw
    for (W, b), act in zip(params, acts):
        z = dense(x, W, b)
        a = act(z)
        trace.append((x, z, a))
        x = a
    return x, trace


@requires(check_backward)
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

    Raises
    ------
    ValueError, TypeError, FloatingPointError
        If the shapes do not fit, an array is no finite floats of one width, or an activation has no rule in `VJP`.

    Notes
    -----
    :math:`\delta^l = (\delta^{l+1} W^{l+1}) \odot f'(z^l)`, :math:`dW^l = \delta^{lT} a^{l-1}` and db the column sums of
    :math:`\delta^l`. Built in chapter 10; articles 001 and 004 (summary).
    """
    grads = []
    for (W, b), act, (x, z, a) in zip(params[::-1], acts[::-1], trace[::-1]):
        g = VJP[act](g, a, z)
        is_first = len(grads) == len(params) - 1
        g, dW, db = dense_vjp(g, z, x, W, b, input_grad or not is_first)
        grads.insert(0, (dW, db))
    return g, grads


@requires(check_value_and_grad)
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

    Raises
    ------
    ValueError, TypeError, FloatingPointError
        If the shapes do not fit, an array is no finite floats of one width, the loss or an activation is unknown, or the
        last activation is the one that the loss applies itself.

    Notes
    -----
    Built in chapter 10.
    """
    y, trace = forward(params, acts, x)
    _, grads = backward(GRAD[loss](y, t), params, acts, trace)
    return loss(y, t), grads
