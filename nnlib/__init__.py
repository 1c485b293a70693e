"""nnlib: the functions of "Backpropagation you can check", as its chapters build them.

The laws, which hold everywhere:

Shapes
    One example per row. ``x`` is (N, n_in), ``W`` is (n_out, n_in), ``b`` is (n_out,), and ``z = x @ W.T + b``: row i
    of W is neuron i, and the Jacobian dz/dx is W. A single example is a batch of one.
Gradients
    ``dX`` is dL/dX, in the shape of X, whatever X is. ``g`` is the gradient that arrives from above.
The rule
    Every operation f has a partner ``f_vjp(g, out, *args)`` that returns one gradient per argument. A loss ends the
    chain, so its partner ``loss_grad(y, t)`` starts it.
1/N once
    A loss is a mean over the batch. 1/N enters in the loss's gradient and nowhere else.
No state, no chance
    Functions are pure, no argument is changed, and what is random takes an ``rng``.
Errors
    Bad input raises a TypeError (the wrong kind of thing), a ValueError (the wrong shape, size or value) or a
    FloatingPointError (NaN, infinity, overflow), which names the function, the argument, what it got and expected.
"""

from .activations import (
    identity,
    identity_vjp,
    relu,
    relu_vjp,
    sigmoid,
    sigmoid_vjp,
    softmax,
    softmax_vjp,
    tanh,
    tanh_vjp,
)
from .arguments import GRAD, VJP
from .checks import check_chain, check_grads
from .contracts import SuspiciousInput, link
from .diagnosis import diagnose, diagnose_function, grads_of_step
from .gradcheck import CheckResult, check_vjp, numerical_grad, numerical_jacobian, relative_error, vjp_error
from .layers import dense, dense_vjp
from .literate import landed, shown
from .losses import (
    bce,
    bce_grad,
    cross_entropy,
    cross_entropy_grad,
    half_mse,
    half_mse_grad,
    one_hot,
    sigmoid_bce,
    sigmoid_bce_grad,
    softmax_cross_entropy,
    softmax_cross_entropy_grad,
)
from .network import backward, forward, init_params, value_and_grad
from .training import Step, batches, sgd_step, train
from .verdict import Cause, Diagnosis

link()

__version__ = "0.2.0"
__all__ = [
    "backward", "batches", "bce", "bce_grad", "Cause", "check_chain", "check_grads", "check_vjp", "CheckResult",
    "cross_entropy", "cross_entropy_grad", "dense", "dense_vjp", "diagnose", "diagnose_function", "Diagnosis",
    "forward", "GRAD", "grads_of_step", "half_mse", "half_mse_grad", "identity", "identity_vjp", "init_params",
    "landed", "numerical_grad", "numerical_jacobian", "one_hot", "relative_error", "relu", "relu_vjp", "sgd_step",
    "shown", "sigmoid", "sigmoid_bce", "sigmoid_bce_grad", "sigmoid_vjp", "softmax", "softmax_cross_entropy",
    "softmax_cross_entropy_grad", "softmax_vjp", "Step", "SuspiciousInput", "tanh", "tanh_vjp", "train",
    "value_and_grad", "VJP", "vjp_error",
]  # fmt: skip
