"""A network is a list of (W, b) pairs and a list of activations; both directions are one loop over its layers."""

import numpy as np

from .activations import VJP
from .contracts import Array, check_arrays, check_count, check_rng, requires
from .layers import dense, dense_vjp
from .losses import FUSED, GRAD

# What the functions below require of a network --------------------------------------------------------------------------


def layer_shapes(key, params, names=("W", "b")):
    """The parameters of a network, or their gradients, as a contract names them."""
    for k, pair in enumerate(params):
        for name, dims, array in zip(names, ((f"n{k + 1}", f"n{k}"), (f"n{k + 1}",)), pair):
            yield f"{key}[{k}] {name}", dims, array


def check_pairs(name, key, params):
    if not isinstance(params, (list, tuple)) or not params:
        raise TypeError(f"{name}: {key} must be a list of (W, b) pairs, one per layer, got {params if params == [] else type(params).__name__}")
    for k, pair in enumerate(params):
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise TypeError(f"{name}: {key}[{k}] must be a pair (W, b), got {type(pair).__name__} of {len(pair) if hasattr(pair, '__len__') else 1}")


def check_network(name, params, acts, others=(), kinds="fc"):
    """One activation per layer, and shapes that fit from the input n0 to the output; `others` as in `check_arrays`."""
    check_pairs(name, "params", params)
    if not isinstance(acts, (list, tuple)) or len(acts) != len(params):
        got = len(acts) if isinstance(acts, (list, tuple)) else type(acts).__name__
        raise ValueError(f"{name}: acts must be a list of {len(params)} functions, one per layer, got {got}")
    for k, act in enumerate(acts):
        if not callable(act):
            raise TypeError(f"{name}: acts[{k}] must be a function such as nnlib.relu, got {act!r}")
    check_arrays(name, [*layer_shapes("params", params), *others], kinds)


def check_forward(name, params, acts, x):
    check_network(name, params, acts, [("x", ("N", "n0"), x)])


def check_backward(name, g, params, acts, trace, input_grad):
    if not isinstance(trace, (list, tuple)) or not trace:
        raise TypeError(f"{name}: trace must be the list that forward returned, got {trace!r}")
    if len(trace) != len(params):
        raise ValueError(f"{name}: trace must have one entry per layer, expected {len(params)}, got {len(trace)}")
    seen = [
        (f"trace[{k}] {key}", ("N", f"n{k + after}"), array)
        for k, layer in enumerate(trace)
        for key, after, array in zip("xza", (0, 1, 1), layer)
    ]
    check_network(name, params, acts, [*seen, ("g", ("N", f"n{len(params)}"), g)])


def check_value_and_grad(name, params, acts, x, t, loss, kinds="fc"):
    check_network(name, params, acts, [("x", ("N", "n0"), x), ("t", ("N", f"n{len(params)}"), t)], kinds)
    GRAD[loss]  # an unknown loss gets the error of the table
    if FUSED.get(loss, None) is acts[-1]:
        raise ValueError(
            f"{name}: {loss.__name__} takes logits and applies {acts[-1].__name__} itself; expected acts[-1] to be identity, got "
            f"{acts[-1].__name__}, which would be applied twice"
        )


def check_sizes(name, sizes, rng, dtype):
    if not isinstance(sizes, (list, tuple)) or len(sizes) < 2:
        raise ValueError(f"{name}: sizes must list at least an input and an output size, got {sizes!r}")
    for k, size in enumerate(sizes):
        check_count(name, f"sizes[{k}]", size)
    check_rng(name, rng)
    if np.dtype(dtype) not in (np.float32, np.float64):
        raise TypeError(f"{name}: dtype must be float32 or float64, got {dtype!r}")


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
