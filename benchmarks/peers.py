"""One gradient, by everybody: each peer turns a workload into a function without arguments that returns (L, grads).

What a peer prepares once (arrays of its own kind, a compiled function) is prepared outside of what is timed; what it
has to do for every gradient is inside. Gradients are lists of (dW, db) in nnlib's shapes.
"""

import numpy as np

from nnlib import half_mse, relu, sigmoid, value_and_grad
from nnlib.arguments import functions_inside
from nnlib.contracts import bare


def nnlib_checked(w):
    """nnlib as its callers meet it, contracts on."""
    return lambda: value_and_grad(*w.net)


def nnlib_bare(w):
    """The same without its checks."""
    inner = functions_inside("bench", {"acts": w.acts, "loss": w.loss}, bare)
    twin, acts, loss = bare(value_and_grad), inner["acts"], inner["loss"]
    return lambda: twin(w.params, acts, w.x, w.t, loss)


def floor(w):
    """The matrix products of a gradient alone, which nobody can leave out; its numbers are no gradient."""
    outs = [np.ones((len(w.x), len(b)), w.x.dtype) for _, b in w.params]
    ins = [w.x, *outs]

    def products():
        for (W, _), a in zip(w.params, ins):
            a @ W.T
        for k, ((W, _), a, g) in enumerate(zip(w.params, ins, outs)):
            g.T @ a
            if k:
                g @ W

    return products


def pytorch(w):
    """PyTorch, eager: a forward pass on tensors, `backward` for the gradients."""
    import torch

    params = [(torch.tensor(W, requires_grad=True), torch.tensor(b, requires_grad=True)) for W, b in w.params]
    flat = [p for pair in params for p in pair]
    x, t = torch.tensor(w.x), torch.tensor(w.t)
    act = {relu: torch.relu, sigmoid: torch.sigmoid}[w.acts[0]]

    def gradient():
        a = x
        for W, b in params[:-1]:
            a = act(torch.nn.functional.linear(a, W, b))
        y = torch.nn.functional.linear(a, *params[-1])
        if w.loss is half_mse:
            loss = ((y - t) ** 2).sum() / (2 * len(y))
        else:
            loss = torch.nn.functional.cross_entropy(y, t)
        grads = torch.autograd.grad(loss, flat)
        return loss.detach(), list(zip(grads[::2], grads[1::2]))

    return gradient


def jax_jit(w):
    """JAX: `jit` of `value_and_grad`, compiled beforehand, waited for."""
    import jax

    jax.config.update("jax_enable_x64", True)
    from jax import numpy as jnp

    act = {relu: jax.nn.relu, sigmoid: jax.nn.sigmoid}[w.acts[0]]

    def loss(params, x, t):
        for W, b in params[:-1]:
            x = act(x @ W.T + b)
        W, b = params[-1]
        y = x @ W.T + b
        if w.loss is half_mse:
            return ((y - t) ** 2).sum() / (2 * len(y))
        return -(t * jax.nn.log_softmax(y)).sum() / len(y)

    params, x, t = jax.tree.map(jnp.asarray, ([tuple(pair) for pair in w.params], w.x, w.t))
    compiled = jax.jit(jax.value_and_grad(loss)).lower(params, x, t).compile()
    return lambda: jax.block_until_ready(compiled(params, x, t))


def hips_autograd(w):
    """HIPS autograd: nnlib's forward pass written in its NumPy, and its own backward pass."""
    from autograd import numpy as anp
    from autograd import value_and_grad as autograd_of

    def loss(params):
        a = w.x
        for W, b in params[:-1]:
            z = anp.dot(a, W.T) + b
            a = anp.maximum(z, 0) if w.acts[0] is relu else 1 / (1 + anp.exp(-z))
        W, b = params[-1]
        y = anp.dot(a, W.T) + b
        if w.loss is half_mse:
            return anp.sum((y - w.t) ** 2) / (2 * len(y))
        m = anp.max(y, axis=1, keepdims=True)
        return anp.sum(w.t * (m - y + anp.log(anp.sum(anp.exp(y - m), axis=1, keepdims=True)))) / len(y)

    gradient = autograd_of(loss)
    return lambda: gradient(w.params)


def scikit_learn(w):
    """The backward pass inside scikit-learn's MLPClassifier and MLPRegressor, without its own checks."""
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    kind, last = (MLPRegressor, "identity") if w.loss is half_mse else (MLPClassifier, "softmax")
    hidden = {relu: "relu", sigmoid: "logistic"}[w.acts[0]]
    mlp = kind(hidden_layer_sizes=[len(b) for _, b in w.params[:-1]], activation=hidden, alpha=0.0)
    mlp.n_layers_, mlp.out_activation_ = len(w.params) + 1, last
    mlp.coefs_, mlp.intercepts_ = [W.T.copy() for W, _ in w.params], [b.copy() for _, b in w.params]
    empty = [None] * len(w.params)
    factor = w.t.shape[1] if w.loss is half_mse else 1  # it shows the mean over outputs, and descends the sum

    def gradient():
        loss, dWs, dbs = mlp._backprop(w.x, w.t, None, [w.x, *empty], list(empty), list(empty), list(empty))
        return factor * loss, [(dW.T, db) for dW, db in zip(dWs, dbs)]

    return gradient


PEERS = {
    "nnlib": nnlib_checked,
    "nnlib, bare": nnlib_bare,
    "floor": floor,
    "PyTorch": pytorch,
    "jax.jit": jax_jit,
    "autograd": hips_autograd,
    "scikit-learn": scikit_learn,
}
