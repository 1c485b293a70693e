"""The gradients of one small network by PyTorch and by JAX, for the book to compare with: benchmarks/gradients.json.

    PYTHONPATH=. benchmarks/.venv/bin/python benchmarks/gradients.py

The network and the batch are stored beside them: half the squared error, averaged over the examples, in float64.
"""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import torch

FILE = Path(__file__).with_name("gradients.json")
SIZES, N = (4, 5, 3), 7


def network(rng):
    params = [(rng.normal(size=(o, i)), rng.normal(size=o)) for i, o in zip(SIZES, SIZES[1:])]
    return params, rng.normal(size=(N, SIZES[0])), rng.normal(size=(N, SIZES[-1]))


def by_torch(params, x, t):
    """As modules: nn.Linear holds W as (out, in) and b as (out,)."""
    model = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.Sigmoid(), torch.nn.Linear(5, 3)).double()
    layers = [layer for layer in model if isinstance(layer, torch.nn.Linear)]
    with torch.no_grad():
        for layer, (W, b) in zip(layers, params):
            layer.weight.copy_(torch.from_numpy(W))
            layer.bias.copy_(torch.from_numpy(b))
    loss = torch.nn.MSELoss(reduction="sum")(model(torch.from_numpy(x)), torch.from_numpy(t)) / (2 * N)
    loss.backward()
    return [(layer.weight.grad.numpy(), layer.bias.grad.numpy()) for layer in layers]


def by_jax(params, x, t):
    """As Flax has it: the kernel is (in, out)."""

    def loss(theirs):
        (W1, b1), (W2, b2) = theirs
        y = jax.nn.sigmoid(x @ W1 + b1) @ W2 + b2
        return ((y - t) ** 2).sum() / (2 * N)

    return jax.grad(loss)([(jnp.array(W.T), jnp.array(b)) for W, b in params])


def plain(arrays):
    return [[np.asarray(W).tolist(), np.asarray(b).tolist()] for W, b in arrays]


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    params, x, t = network(np.random.default_rng(16))
    stored = {
        "versions": {"torch": torch.__version__, "jax": jax.__version__},
        "params": plain(params),
        "x": x.tolist(),
        "t": t.tolist(),
        "torch": plain(by_torch(params, x, t)),
        "jax": plain(by_jax(params, x, t)),
    }
    FILE.write_text(json.dumps(stored, indent=1) + "\n", "utf-8")
    print(f"{FILE.name}: PyTorch {torch.__version__}, JAX {jax.__version__}")
