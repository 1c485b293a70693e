"""The dense layer: every output is a weighted sum of every input, plus a bias."""

from .contracts import Array, check_flag, contract


@contract("N I, O I, O -> N O", watch=True)  # an activation may swallow an overflow
def dense(x: Array, W: Array, b: Array) -> Array:
    r"""A layer of neurons on a batch: ``z = x @ W.T + b``, so that dz/dx is W.

    Parameters
    ----------
    x : array (N, n_in)
        One example per row.
    W : array (n_out, n_in)
        Row i holds the weights of neuron i.
    b : array (n_out,)
        The biases.

    Returns
    -------
    z : array (N, n_out)
        :math:`z_{no} = \sum_i W_{oi} x_{ni} + b_o`.

    Notes
    -----
    Built in chapter 5; all five articles.
    """
    return x @ W.T + b


@contract("N O, N O, N I, O I, O -> N I, O I, O", input_grad=check_flag)
def dense_vjp(g: Array, z: Array, x: Array, W: Array, b: Array, input_grad: bool = True) -> tuple:
    """The rule of `dense`.

    Parameters
    ----------
    g, z : arrays (N, n_out)
        The gradient at the output, and the output.
    x, W, b : arrays (N, n_in), (n_out, n_in), (n_out,)
        What `dense` was given.
    input_grad : bool
        False spares the product for `dx`, which a first layer has no use for.

    Returns
    -------
    dx : array (N, n_in) or None
    dW : array (n_out, n_in)
    db : array (n_out,)

    Notes
    -----
    Built in chapter 9; one row of it in chapter 5. Articles 001, 002, 003 and 004 (steps 2, 3 and 5).
    """
    dx = g @ W if input_grad else None  # dx[n, i] = sum over o of g[n, o] W[o, i]
    dW = g.T @ x  # dW[o, i] = sum over n of g[n, o] x[n, i]
    db = g.sum(axis=0)  # db[o] = sum over n of g[n, o]
    return dx, dW, db
