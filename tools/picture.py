"""Draw the README's picture from one forward and one backward pass of a small network: _static/network.svg"""

from functools import partial
from pathlib import Path

import numpy as np

from nnlib import backward, forward, half_mse_grad, identity, init_params, plots, relu

PICTURE = Path(__file__).parents[1] / "_static" / "network.svg"


def picture():
    rng = np.random.default_rng(4)
    acts = [relu, identity]
    params = init_params([3, 4, 2], rng)
    y, trace = forward(params, acts, rng.normal(size=(1, 3)))
    _, grads = backward(half_mse_grad(y, np.array([[1.0, 0.0]])), params, acts, trace)
    draw = partial(plots.draw_network, params=params, trace=trace, grads=grads)
    return plots.svg(plots.compose(draw, size=(7.2, 3.2))) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(picture(), "utf-8")
