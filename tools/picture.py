"""Draw a forward and a backward pass of a small network: the README's picture, and what a link to the book shows."""

from functools import partial
from pathlib import Path

import numpy as np

from nnlib import backward, forward, half_mse_grad, identity, init_params, plots, relu

STATIC = Path(__file__).parents[1] / "_static"
PICTURE, PREVIEW = STATIC / "network.svg", STATIC / "preview.png"


def drawn(size):
    rng = np.random.default_rng(4)
    acts = [relu, identity]
    params = init_params([3, 4, 2], rng)
    y, trace = forward(params, acts, rng.normal(size=(1, 3)))
    _, grads = backward(half_mse_grad(y, np.array([[1.0, 0.0]])), params, acts, trace)
    draw = partial(plots.draw_network, params=params, trace=trace, grads=grads)
    return plots.compose(draw, size=size)


def picture():
    return plots.svg(drawn((7.2, 3.2))) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(picture(), "utf-8")
    drawn((8, 4.2)).savefig(PREVIEW, dpi=150, facecolor="white")  # 1200 by 630, as other sites want it
