"""The gradient of one small network in PyTorch and in JAX, for chapter 13, which shows these functions.

benchmarks/.venv/bin/python benchmarks/peer_gradients.py        after `make bench` has made that environment
"""

import json
from pathlib import Path

import numpy as np
from numpy.random import default_rng


def pytorch(x, t, W1, b1, W2, b2):
    import torch
    from torch.nn.functional import cross_entropy, linear

    x, t = torch.tensor(x), torch.tensor(t)
    params = [torch.tensor(p).requires_grad_() for p in (W1, b1, W2, b2)]
    W1, b1, W2, b2 = params
    logits = linear(torch.tanh(linear(x, W1, b1)), W2, b2)
    loss = cross_entropy(logits, t)  # the mean over the batch
    loss.backward()
    return [p.grad.numpy() for p in params]


def jax(x, t, W1, b1, W2, b2):
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def loss(params):
        W1, b1, W2, b2 = params
        logits = jnp.tanh(x @ W1.T + b1) @ W2.T + b2
        return -(t * jax.nn.log_softmax(logits)).sum(axis=1).mean()

    return jax.grad(loss)([jnp.array(p) for p in (W1, b1, W2, b2)])


def problem():
    rng = default_rng(0)
    shapes = {"x": (7, 4), "W1": (5, 4), "b1": (5,), "W2": (3, 5), "b2": (3,)}
    arrays = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    return arrays | {"t": np.eye(3)[rng.integers(0, 3, size=7)]}


def version(package):
    from importlib.metadata import version

    return version(package)


def main():
    arrays = problem()
    gradients = {
        f"PyTorch {version('torch').split('+')[0]}": pytorch(**arrays),
        f"JAX {version('jax')}": jax(**arrays),
    }
    result = {
        "problem": {name: array.tolist() for name, array in arrays.items()},
        "gradients": {name: [np.asarray(g).tolist() for g in grads] for name, grads in gradients.items()},
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(result) + "\n")
    print(f"stored: {', '.join(gradients)}")


if __name__ == "__main__":
    main()
