"""Draw the pictures that nnlib's own objects make: the README's network, and the introduction's two passes, which move.

python tools/picture.py     writes _static/network.svg, passes.svg, and preview.png, which a link to the book shows
"""

import re
from functools import partial
from itertools import accumulate, groupby
from pathlib import Path

import numpy as np

from nnlib import (
    backward,
    bce,
    bce_grad,
    forward,
    half_mse_grad,
    identity,
    init_params,
    plots,
    relu,
    sigmoid,
    sigmoid_vjp,
)

STATIC = Path(__file__).parents[1] / "_static"
SECONDS = 0.5  # a frame; all of them take less than five seconds, so nobody has to be able to stop them


def drawn(size):
    """One forward and one backward pass of a small network."""
    rng = np.random.default_rng(4)
    acts = [relu, identity]
    params = init_params([3, 4, 2], rng)
    y, trace = forward(params, acts, rng.normal(size=(1, 3)))
    _, grads = backward(half_mse_grad(y, np.array([[1.0, 0.0]])), params, acts, trace)
    draw = partial(plots.draw_network, params=params, trace=trace, grads=grads)
    return plots.compose(draw, size=size)


def network():
    return plots.svg(drawn((7.2, 3.2))) + "\n"


def neuron(w=0.75, x=2.0, b=-0.5, t=1.0):
    """A neuron and its loss as a graph, with the gradients that nnlib's rules give."""
    z = w * x + b
    a = sigmoid(z)
    target, answer = np.array([[t]]), np.array([[a]])
    da = bce_grad(answer, target).item()
    dz = sigmoid_vjp(da, a, z)
    return [
        plots.Node("w", w, dz * x),
        plots.Node("x", x, dz * w),
        plots.Node("b", b, dz),
        plots.Node("z", z, dz, {"w": x, "x": w, "b": 1.0}),
        plots.Node("a", a, da, {"z": a * (1 - a)}),
        plots.Node("L", float(bce(answer, target)), 1.0, {"a": da}),
    ]


def moments(ways):
    """How many ways have been travelled at each moment: what meets in a node, or goes back from it, goes together."""
    half = len(ways) // 2
    together = [list(group) for _, group in groupby(ways[:half], key=lambda way: way[1])]
    together += [list(group) for _, group in groupby(ways[half:], key=lambda way: way[0])]
    return list(accumulate(map(len, together), initial=0))


def passes():
    """The forward and the backward pass through a neuron: frames that CSS shows one after another, once."""
    nodes = neuron()
    ways = plots.steps(nodes)
    frames = [
        plots.svg(plots.compose(partial(plots.draw_graph, nodes=nodes, travelled=ways[:k]), size=(5.6, 2.3)))
        for k in moments(ways)
    ]
    opening, head = re.match(r"(<svg[^>]*>)(<defs>.*?</defs>)", frames[0]).groups()
    groups = []
    for k, frame in enumerate(frames):
        content = re.fullmatch(r"<svg[^>]*><defs>.*?</defs>(.*)</svg>", frame)[1]
        last = ' class="last"' if k == len(frames) - 1 else f' style="animation-delay:{SECONDS * k:g}s"'
        groups.append(f"<g{last}>{content}</g>")
    return f'{opening}{head}<style>{style(len(frames))}</style><g id="still"/>{"".join(groups)}</svg>\n'


def style(n):
    """Without animation the last frame stands alone: on paper, where less motion is wanted, as passes.svg#still."""
    return (
        f"svg>g{{opacity:0;animation:frame {SECONDS:g}s step-end}}"
        f"svg>g.last{{opacity:1;animation:wait {SECONDS * (n - 1):g}s step-end}}"
        "@keyframes frame{from,to{opacity:1}}@keyframes wait{from{opacity:0}}"
        "#still:target~g{animation:none!important}"
        "@media print,(prefers-reduced-motion:reduce){svg>g{animation:none!important}}"
    )


PICTURES = {"network.svg": network, "passes.svg": passes}

if __name__ == "__main__":
    for name, draw in PICTURES.items():
        (STATIC / name).write_text(draw(), "utf-8")
    drawn((8, 4.2)).savefig(STATIC / "preview.png", dpi=150, facecolor="white")  # 1200 by 630, as other sites want it
