"""The book's pictures: every ``draw_*(ax, ...)`` draws on a matplotlib Axes and returns None.

Values that flow forward are FORWARD (solid), gradients that flow back are BACKWARD (dashed): the same
two colours, with the same meaning, as in the book's equations. No meaning rests on colour alone.
"""

import io
import re
import sys
from contextlib import contextmanager
from hashlib import sha256
from itertools import cycle, islice, pairwise
from typing import NamedTuple

import numpy as np

try:
    from matplotlib import rc_context, style
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.colors import LinearSegmentedColormap, ListedColormap, to_rgb
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle
    from matplotlib.path import Path
    from matplotlib.transforms import offset_copy
except ImportError as missing:
    raise ImportError("nnlib.plots needs matplotlib: pip install 'backpropagation-you-can-check[plots]'") from missing

from .activations import VJP
from .layers import dense_vjp

FORWARD, BACKWARD, THIRD, FOURTH = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
INK, LINE = "#1F2430", "#7A8291"
PLAIN = THIRD, FOURTH, INK, LINE  # neither values nor gradients
# A line needs 3:1 against the panel, small text 4.5:1: text is set in a darker shade of its colour.
TEXT = {FORWARD: "#0072B2", BACKWARD: "#B34F00", THIRD: "#00775A", FOURTH: "#A2497A", INK: INK}
# Classes are neither values nor gradients, so they have colours of their own, and a marker each.
CLASSES = ((THIRD, "o"), (FOURTH, "s"), ("#F0E442", "^"), ("#56B4E9", "D"))
SIZE = (5.2, 3.2)
STYLE = "nnlib.book"


# --- One renderer for figures and explorer frames ---------------------------------------------------------------


def use_style():
    """Give every figure of a notebook the book's look; in a kernel, show figures as reproducible SVG."""
    style.use(STYLE)
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if hasattr(shell, "kernel"):
        shell.enable_matplotlib("inline")  # resets the formats once, so ours come after it
        formatters = shell.display_formatter.formatters
        for formatter in formatters.values():
            formatter.type_printers.pop(Figure, None)
        formatters["image/svg+xml"].for_type(Figure, svg)
        # JupyterLab shows no SVG of a notebook that it has not run yet, but this.
        formatters["text/plain"].for_type(Figure, lambda fig, out, cycle: out.text("(run the cell to see the figure)"))


def figure(*draws, size=SIZE, png=False):
    """Show one figure with a panel for each ``draw(ax)``, side by side.

    Parameters
    ----------
    *draws : callables
        Each gets an Axes of its own.
    size : (float, float)
        Width and height in inches; a page is 7.2 wide.
    png : bool
        For curves that depend on rounding noise or timings, which no two machines draw alike.
    """
    from IPython.display import Image, display

    fig = compose(*draws, size=size)
    display(Image(_save(fig, "png", dpi=160), width=int(96 * size[0])) if png else fig)


def compose(*draws, size=SIZE):
    """Return the Figure that has a panel for each ``draw(ax)``, without showing it."""
    with style.context(STYLE):
        fig = Figure(figsize=size)
        for draw, ax in zip(draws, fig.subplots(1, len(draws), squeeze=False)[0], strict=True):
            draw(ax)
    return fig


def svg(fig):
    """Return a Figure as one line of SVG that is the same on every machine, and short."""
    with _laid_out(fig):
        source = _save(fig, "svg", metadata=dict.fromkeys(["Creator", "Date", "Format", "Type"])).decode()
    for pattern, replacement in _TIDY:
        source = pattern.sub(replacement, source)
    # Matplotlib names clips and markers after their unrounded coordinates: name them after what is left,
    # without the pixels of embedded pictures, which two machines may round differently.
    names = dict.fromkeys(re.findall(r' id="([^"]*)"', source))
    stem = "f" + sha256(re.sub("|".join([*names, 'base64,[^"]*']), "", source).encode()).hexdigest()[:4]
    for k, name in enumerate(names):
        source = source.replace(name, f"{stem}{k}")
    return source


@contextmanager
def _laid_out(fig):
    """A Figure whose layout is done. Saving would do it too, but draws the whole figure to nowhere for it."""
    engine = fig.get_layout_engine()
    if engine is not None:
        dpi, fig.dpi = fig.dpi, 72  # an SVG is measured in points
        FigureCanvasSVG(fig)
        with style.context(STYLE):
            engine.execute(fig)
        fig.dpi = dpi
        with rc_context({"figure.constrained_layout.use": False}):
            fig.set_layout_engine(None)
    yield
    fig.set_layout_engine(engine)


def _save(fig, fmt, **options):
    out = io.BytesIO()
    with style.context(STYLE):
        fig.savefig(out, format=fmt, **options)
    return out.getvalue()


def _round(tag):
    """Coordinates to a hundredth of a point: far above the last digits in which machines differ, far below sight."""
    return re.sub(r"-?\d+\.\d{3,}", lambda x: f"{round(float(x[0]), 2) + 0:g}", tag[0])


def _hoist(group):
    """The style that all markers of a group share, said once."""
    attributes, markers, style = group.groups()
    return f"<g{attributes}{style}>{markers.replace(style, '')}</g>"


_TIDY = [
    (re.compile(pattern, re.DOTALL), replacement)
    for pattern, replacement in [
        (r"^.*?(?=<svg)|<!--.*?-->|\s+$", ""),
        (r"(?<=>)\s+(?=<)", ""),
        (r"<(?!image)[^>]*>", _round),
        (r'<g id="[^"]*"', "<g"),
        (r' transform="rotate\(-?0 [^"]*"|font-family: [^;"]*(; )?', ""),
        (r'<g([^>]*)>((?:<use[^>]*( style="[^"]*")/>)(?:<use[^>]*\3/>)*)</g>', _hoist),
        (r' xmlns:xlink="[^"]*"|xlink:(?=href)', ""),
        (r"(?<=\*\{)", "font-family:DejaVu Sans,Verdana,sans-serif;"),  # once for all labels
        (r"(?<=base64,)\s+", ""),
        (r"\s+", " "),
    ]
]


# --- Networks and graphs ----------------------------------------------------------------------------------------


def draw_network(ax, params, trace=None, grads=None, mark=(), example=0, most=8, numbers=False):
    """Draw a network's neurons and weights, generated from `params`: the thicker, the larger.

    Parameters
    ----------
    ax : Axes
    params : list of (W, b)
        W is (n_out, n_in), b is (n_out,).
    trace : list of (x, z, a), optional
        Writes the values of one `example` in its neurons, in forward's colour.
    grads : list of (dW, db), optional
        Dashes a line below each weight, as strong as its gradient, and writes db below each neuron, in backward's
        colour.
    mark : collection of str
        Parameters to point at, by name: ``{"W2", "b1"}``.
    most : int
        A layer with more neurons than this shows ``most - 1`` of them.
    numbers : bool
        Writes each weight on its line and its gradient beside it, and b and z above each neuron: for few neurons.

    Raises
    ------
    ValueError
        If `mark` names no parameter of this network.
    """
    sizes = [params[0][0].shape[1], *(len(b) for _, b in params)]
    names = {f"{letter}{layer}" for layer in range(1, len(sizes)) for letter in "Wb"}
    if set(mark) - names:
        raise ValueError(f"draw_network: mark is {sorted(mark)}, expected names among {sorted(names)}")
    neurons = [_neurons(n, most) for n in sizes]
    edge = max(layer[0][1] for layer in neurons) + 0.5
    size = 9 if numbers else 8

    for layer, (W, b) in enumerate(params, 1):
        for name, X, line in ((f"W{layer}", W, 18), (f"b{layer}", b, 4)):
            note = dict(weight="bold") if name in mark else {}
            _label(ax, "✗ " * (name in mark) + f"{name}: {_shape(X)}", (layer - 0.5, edge), line, **note)
        dW = None if grads is None else grads[layer - 1][0]
        _draw_weights(ax, layer, neurons, W, dW, f"W{layer}" in mark, size * numbers)

    for layer, n in enumerate(sizes):
        _label(ax, f"layer {layer}: {n}" if layer else f"input: {n}", (layer, -edge), -8)
        if n > most:
            ax.text(layer, neurons[layer][-1][1] + 1, "⋮", ha="center", va="center", size=16)
        radius = 16 if not numbers and trace is None and grads is None else 28
        for i, height in neurons[layer]:
            _draw_neuron(ax, (layer, height), radius, f"b{layer}" in mark)
            for text, line, color in _beside(layer, i, params, trace, grads, example, numbers):
                _label(ax, text, (layer, height), line, color=color, size=size)
    ax.set(xlim=(-0.4, len(sizes) - 0.6), ylim=(-edge - 0.2, edge + 0.2))
    ax.set_axis_off()


def _draw_weights(ax, layer, neurons, W, dW, wrong, size):
    """The lines to a layer, as strong as its weights; below them, dashed, its gradients; numbers if `size`."""
    strength = np.abs(W) / (np.abs(W).max() or 1)
    beside = offset_copy(ax.transData, ax.figure, 0, -4, units="points")
    shares = (0.78, 0.6) if len(neurons[layer]) >= len(neurons[layer - 1]) else (0.22, 0.42)  # where lines part
    for i, above in neurons[layer]:
        for j, below in neurons[layer - 1]:
            ends, line = ([layer - 1, layer], [below, above]), ((layer - 1, below), (1, above - below))
            ax.plot(*ends, "-", color=INK if wrong else LINE, lw=0.5 + 1.5 * strength[i, j] + wrong, zorder=1)
            if size:
                _along(ax, number(W[i, j], 2), line, shares[0], FORWARD, size)
            if dW is not None:
                width = 2.2 * np.abs(dW[i, j]) / (np.abs(dW).max() or 1)
                ax.plot(*ends, "--", color=BACKWARD, lw=width, zorder=1, transform=beside)
                if size:
                    _along(ax, number(dW[i, j], 2), line, shares[1], BACKWARD, size)


def _draw_neuron(ax, place, radius, wrong):
    edge = dict(mec=INK if wrong else LINE, mew=1.2 + 2 * wrong)
    ax.plot(*place, "o", ms=radius, mfc="white", clip_on=False, **edge)


def _beside(layer, i, params, trace, grads, example, numbers):
    """What is written in and around neuron i: (text, how far above its middle, in which colour)."""
    if trace is not None:
        value = trace[layer - 1][2] if layer else trace[0][0]
        yield number(value[example, i], 2), 0, FORWARD
    if grads is not None and layer:
        yield number(grads[layer - 1][1][i], 2), -16, BACKWARD
    if numbers and layer:
        yield f"b {number(params[layer - 1][1][i], 2)}", 26, FORWARD
        if trace is not None:
            yield f"z {number(trace[layer - 1][1][example, i], 2)}", 16, FORWARD


def _neurons(n, most):
    """The neurons of a layer that are shown, each with its height; a long layer has a gap above its last one."""
    shown = range(n) if n <= most else [*range(most - 2), n - 1]
    rows = np.arange(len(shown)) + (n > most) * (np.arange(len(shown)) == len(shown) - 1)
    return list(zip(shown, rows.max() / 2 - rows, strict=True))


def draw_paths(ax, columns, paths):
    """Draw all paths from one weight towards the loss: a column of dots for every stage, a line for every path.

    Parameters
    ----------
    ax : Axes
    columns : dict of str to int
        What each stage is called, and how many quantities it has.
    paths : sequence of tuples of int
        The quantity that a path visits at each stage. The weight, drawn thick, is the first stretch of all of them.
    """
    for stage, n in enumerate(columns.values()):
        ax.plot([stage] * n, (n - 1) / 2 - np.arange(n), "o", color=INK, zorder=3)
    heights = [[(n - 1) / 2 - i for n, i in zip(columns.values(), path, strict=True)] for path in paths]
    for ends in sorted({(stage, *pair) for path in heights for stage, pair in enumerate(pairwise(path))}):
        ax.plot([ends[0], ends[0] + 1], ends[1:], "-", color=BACKWARD, lw=1 if ends[0] else 4)
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set(xlim=(-0.2, len(columns) - 0.8))


class Node(NamedTuple):
    """One quantity of a computational graph.

    `parents` maps the name of each quantity that this one is computed from to the derivative with respect to it,
    or to None where that is no single number.
    """

    name: str
    value: object = None
    grad: object = None
    parents: dict = {}


def network_graph(params, acts, trace, g=None):
    """Return the Nodes of a network: its forward pass, and the backward pass from `g` if that is given.

    Parameters
    ----------
    params, acts, trace
        What ``forward`` took and returned.
    g : array, optional
        dL/dy, the gradient that arrives at the output, in its shape.
    """
    nodes = []
    for layer, ((W, b), act, (x, z, a)) in reversed(list(enumerate(zip(params, acts, trace, strict=True), 1))):
        dz = None if g is None else VJP[act](g, a, z)
        dx, dW, db = (None, None, None) if g is None else dense_vjp(dz, z, x, W, b)
        inputs = [f"a{layer - 1}" if layer > 1 else "x", f"W{layer}", f"b{layer}"]
        nodes = [
            Node(f"W{layer}", W, dW),
            Node(f"b{layer}", b, db),
            Node(f"z{layer}", z, dz, dict.fromkeys(inputs)),
            Node(f"a{layer}", a, g, {f"z{layer}": None}),
            *nodes,
        ]
        g = dx
    return [Node("x", trace[0][0], g), *nodes]


def steps(nodes):
    """Return the edges in the order in which the two passes travel them: the ways forward, then the ways back.

    A way is a pair of names, from and to; None is the world outside, where the result leaves and its gradient
    comes in. What carries no gradient has no way back.
    """
    edges = list(_edges(nodes))
    there = [(parent, child) for parent, child, _, _ in edges]
    return there + [(child, parent) for parent, child, _, grad in reversed(edges) if grad is not None]


def _edges(nodes):
    """Every edge: parent, child, the derivative between them, and the gradient that comes back."""
    known = {node.name: node for node in nodes}
    used = {name for node in nodes for name in node.parents}
    for child in nodes:
        for name, local in child.parents.items():
            grad = known[name].grad
            yield name, child.name, local, grad if local is None or child.grad is None else local * child.grad
        if child.name not in used:
            yield child.name, None, None, child.grad


def draw_graph(ax, nodes, travelled=None):
    """Draw a computational graph: on every edge the value going forward and the gradient coming back.

    Above each edge stands the parent's value; below it the gradient that comes back along this edge, which is
    the child's gradient times the derivative; between them, that derivative. Where several paths leave a node,
    their sum stands below it. An array shows its Frobenius norm, between bars, and its shape below its name.

    Parameters
    ----------
    ax : Axes
    nodes : sequence of Node
        Parents before children. Where gradients are None, only the forward arrows are drawn.
    travelled : sequence of (str or None, str or None), optional
        Ways from ``steps(nodes)``, to draw the passes half done: all others are thin, grey and empty, the last is bold.

    Raises
    ------
    ValueError
        If a parent is no node that came before, or a way none of this graph.
    """
    known = {}
    for node in nodes:
        if set(node.parents) - set(known):
            raise ValueError(f"draw_graph: {node.name} has parents {[*node.parents]}, expected names among {[*known]}")
        known[node.name] = node
    ways = steps(nodes)
    newest = [] if travelled is None else list(travelled)[-1:]
    travelled = ways if travelled is None else list(travelled)
    if set(travelled) - set(ways):
        raise ValueError(f"draw_graph: travelled is {travelled}, expected pairs among {ways}")
    places = _places(known)
    uses = {name: [(child.name, name) for child in nodes if name in child.parents] for name in known}

    for name, child, local, grad in _edges(nodes):
        x, y = places[name]
        end = places.get(child, (x + 0.8, y))
        there, back = ((way in travelled) + (way in newest) for way in [(name, child), (child, name)])
        _draw_edge(ax, (x, y), end, known[name].value, grad, local, len(uses[name]) < 2, there, back)
    for name, node in known.items():
        place, is_array = places[name], np.size(node.value) > 1
        ax.plot(*place, "o", ms=28, mfc="white", mec=INK, mew=1.2, zorder=3)
        _label(ax, name, place)
        if is_array:
            _label(ax, _shape(node.value), place, -16, size=8)
        if len(uses[name]) > 1 and node.grad is not None and set(uses[name]) <= set(travelled):
            _label(ax, f"Σ {_brief(node.grad)}", place, -17 - 10 * is_array, color=BACKWARD, weight="bold", ha="right")
    x, y = np.array([*places.values()]).T
    ax.set(xlim=(x.min() - 0.25, x.max() + 0.85), ylim=(y.min() - 0.4, y.max() + 0.4))
    ax.set_axis_off()


def _places(nodes):
    """A column for each step: what is computed stands around its parents' height, what is given below that."""
    depth = {}
    for name, node in nodes.items():
        depth[name] = max((depth[parent] + 1 for parent in node.parents), default=0)
    for name, node in nodes.items():
        uses = [depth[child] for child, other in nodes.items() if name in other.parents]
        if uses and not node.parents:  # given just before its first use
            depth[name] = min(uses) - 1
    places = {}
    for column in range(max(depth.values()) + 1):
        computed = [name for name in nodes if depth[name] == column and nodes[name].parents]
        given = [name for name in nodes if depth[name] == column and not nodes[name].parents]
        inner = [parent for name in computed for parent in nodes[name].parents if nodes[parent].parents]
        middle = np.mean([places[parent][1] for parent in inner]) if inner else 0
        top = middle + (len(computed or given) - 1) / 2
        places |= {name: (column, top - row) for row, name in enumerate(computed + given)}
    return places


def _draw_edge(ax, start, end, value, grad, local, level_start, there, back):
    """Two lanes, forward above and backward below, level where their labels stand.

    Each is travelled 0 (not yet), 1 or 2 (just now).
    """
    share = 0.5 if start[1] == end[1] else 0.42 if level_start else 0.58
    at = start[0] + share * (end[0] - start[0]), (start if level_start else end)[1]

    def lane(tail, head, side, content, points, travelled, color, ls):
        def connect(a, b, **_):  # in pixels
            point = ax.figure.dpi / 72
            inward = np.sign(b[0] - a[0]) * 13 * point
            a, b = np.add(a, (inward, side * 6 * point)), np.add(b, (-inward, side * 6 * point))
            level_first = level_start == (tail == start)
            turn = a[0] + (0.72 if level_first else 0.28) * (b[0] - a[0])
            bend = (turn + (b if level_first else a)[0]) / 2
            curve = [(bend, a[1]), (bend, b[1])]
            line, bow = [Path.LINETO], [Path.CURVE4] * 3
            if level_first:
                return Path([a, (turn, a[1]), *curve, b], [Path.MOVETO] + line + bow)
            return Path([a, *curve, (turn, b[1]), b], [Path.MOVETO] + bow + line)

        look = dict(arrowstyle="-", color=LINE, lw=0.8)
        if travelled:
            look = dict(arrowstyle="-|>,head_width=0.25", color=color, ls=ls, lw=0.4 + 1.2 * travelled)
        ax.annotate("", head, tail, arrowprops=look | dict(connectionstyle=connect))
        if travelled and content is not None:
            _label(
                ax,
                _brief(content),
                at,
                points * (7 + travelled) / 8,
                color=color,
                size=9,
                weight="bold" if travelled > 1 else "normal",
            )

    up = grad is not None  # alone, forward keeps to the middle
    lane(start, end, up, value, 8 if up else 2, there, FORWARD, "-")
    if up:
        lane(end, start, -1, grad, -9, back, BACKWARD, (0, (4, 2)))
    if local is not None and (back or not up):
        _label(ax, f"×{_brief(local)}", at, size=8)


def _along(ax, text, line, share, color, size):
    """Text on a line, at a share of its way, on a ground of its own: nobody asks which line it belongs to."""
    (x, y), (across, up) = line
    ax.text(
        x + share * across, y + share * up, text, color=TEXT[color], size=size, ha="center", va="center", zorder=2,
        rotation=np.degrees(np.arctan2(up, across)), transform_rotates_text=True,
        bbox=dict(boxstyle="square,pad=0.25", fc="white", ec="none"),
    )  # fmt: skip


def _label(ax, text, place, points=0, color=INK, **style):
    """Text at a place, or so many points above or below it, in the readable shade of a colour."""
    va = "center" if points == 0 else "bottom" if points > 0 else "top"
    style = dict(color=TEXT[color], ha="center", va=va, zorder=4) | style
    ax.annotate(text, place, (0, points), textcoords="offset points", **style)


def number(value, digits=3):
    """Write a number as the figures do: few digits, a minus sign, and none before 0."""
    return f"{float(value) + 0:.{digits}g}".replace("-", "−")


def _shape(X):
    return "×".join(map(str, np.shape(X)))


def _brief(X):
    return number(np.reshape(X, ())) if np.size(X) == 1 else f"|{number(np.linalg.norm(X), 2)}|"


# --- Curves -----------------------------------------------------------------------------------------------------


def draw_curves(ax, x, curves, xlabel="", ylabel="", log=False, colors=None):
    """Draw named curves over `x`, each with its own colour, dash and label.

    Parameters
    ----------
    ax : Axes
    x : array, (n,)
    curves : dict of str to array, (n,)
    log : bool
        Both axes logarithmic.
    colors : sequence of str, optional
        One for each curve, where colour has a meaning; otherwise colours that have none.
    """
    for (name, y), color in zip(curves.items(), colors or islice(cycle(PLAIN), len(curves)), strict=True):
        ax.plot(x, y, label=name, color=color)
    ax.set(xlabel=xlabel, ylabel=ylabel, **(dict(xscale="log", yscale="log") if log else {}))
    ax.legend()


def draw_loss_curve(ax, steps):
    """Draw the loss of every mini-batch, thin, and each epoch's mean, from what ``train`` yields."""
    points = [(step.epoch, step.loss) for step in steps]
    if not points:
        raise ValueError("draw_loss_curve: steps is empty, expected what train yields")
    epoch, loss = np.array(points, dtype=float).T
    count = np.arange(1, len(loss) + 1)
    groups = [epoch == e for e in np.unique(epoch)]
    ax.plot(count, loss, "-", color=LINE, lw=0.8, label="one mini-batch")
    ax.plot(
        [count[g].mean() for g in groups], [loss[g].mean() for g in groups], color=FORWARD, label="mean of an epoch"
    )
    ax.set(xlabel="step", ylabel="loss", ylim=(0, None))
    ax.legend()


def draw_tangent(ax, f, x0, slope, span):
    """Draw f over ``span = (low, high)`` and the line of the given slope that touches it at x0."""
    x = np.linspace(*span, 200)
    y = f(x)
    ax.plot(x, y, color=FORWARD)
    ax.plot(x, f(x0) + slope * (x - x0), "--", color=BACKWARD, scaley=False)
    ax.plot(x0, f(x0), "o", color=INK)
    _label(ax, f"slope {number(slope)}", (x0, f(x0)), 9 if slope < 0 else -9, color=BACKWARD, ha="left")
    margin = 0.08 * (y.max() - y.min() or 1)
    ax.set(xlim=span, ylim=(y.min() - margin, y.max() + margin))


def draw_descent(ax, f, points, span=None):
    """Draw f, over ``span`` or around them, and the numbered points that a descent visits, with arrows between them."""
    points = np.asarray(points, dtype=float)
    low, high = points.min(), points.max()
    margin = 0.25 * (high - low or 1)
    x = np.linspace(*(span or (low - margin, high + margin)), 200)
    ax.plot(x, f(x), color=FORWARD)
    heights = np.array([f(point) for point in points])
    ax.plot(points, heights, "o", color=BACKWARD)
    places = list(zip(points, heights, strict=True))
    for start, end in pairwise(places):
        ax.annotate("", end, start, arrowprops=dict(arrowstyle="-|>", color=BACKWARD, ls="--", shrinkA=4, shrinkB=4))
    for number, place in enumerate(places):
        _label(ax, str(number), place, 7, color=BACKWARD)


# --- Tables -----------------------------------------------------------------------------------------------------


def draw_matrix(ax, M, rows=None, cols=None, color=FORWARD, digits=2, vmax=None):
    """Draw a matrix as tinted cells with their numbers (up to 150 of them); zeros stay white.

    Parameters
    ----------
    ax : Axes
    M : array, (n, m)
    rows, cols : sequences of str, optional
        Labels of the rows and columns.
    color : str
        FORWARD for values, BACKWARD for gradients.
    vmax : float, optional
        The magnitude with the darkest tint, for panels that share a scale; otherwise the largest in `M`.
    """
    M = np.array(M)
    if M.ndim != 2:
        raise ValueError(f"draw_matrix: M has shape {M.shape}, expected two dimensions")
    tint = LinearSegmentedColormap.from_list("tint", ["white", _mix(color, 0.55)])
    darkest = vmax or np.abs(M).max() or 1
    ax.imshow(
        np.abs(M), cmap=tint, vmin=0, vmax=darkest, interpolation="none", aspect="auto" if M.size > 150 else "equal"
    )
    if M.size <= 150:
        for (i, j), value in np.ndenumerate(M):
            ax.text(j, i, number(value, digits), ha="center", va="center", size=9)
    ax.set_xticks(range(M.shape[1]) if cols is not None else [], labels=cols)
    ax.set_yticks(range(M.shape[0]) if rows is not None else [], labels=rows)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(True)


class Table(NamedTuple):
    """A matrix among others in one picture; NaN stands for a number that is not there yet.

    `row` is the row that is looked at, or None; a `bold` table is the one that changes.
    """

    name: str
    M: object
    color: str = FORWARD
    row: int | None = None
    bold: bool = False


def draw_tables(ax, lines):
    """Draw several matrices with their names and numbers, line below line.

    Parameters
    ----------
    ax : Axes
    lines : sequence of sequences of Table or str
        What stands side by side; a str is set between two tables. Tables may be 1-D: a row.
    """
    top, right = 0.0, 0.0
    for line in lines:
        shapes = [np.atleast_2d(item.M).shape for item in line if isinstance(item, Table)]
        height, left = max(n for n, _ in shapes), 0.0
        for item in line:
            if isinstance(item, str):
                ax.text(left + 0.15 * len(item), top - height / 2, item, ha="center", va="center", size=9)
                left += 0.4 + 0.3 * len(item)
            else:
                left = _draw_table(ax, item, left, top - (height - len(np.atleast_2d(item.M))) / 2) + 0.4
        top, right = top - height - 1.5, max(right, left)
    ax.set(xlim=(-0.3, right - 0.1), ylim=(top + 1.2, 1))
    ax.set_axis_off()


def _draw_table(ax, table, left, top):
    """One table with its upper left corner there; returns where its right edge is."""
    M, width = np.atleast_2d(table.M), 1.15
    n, m = M.shape
    right, look = left + width * m, dict(color=INK if table.bold else LINE, lw=2 if table.bold else 0.8)
    if table.row is not None:
        ax.fill(
            [left, right, right, left],
            np.array([0, 0, 1, 1]) + top - table.row - 1,
            color=_mix(table.color, 0.15),
            lw=0,
        )
    ax.plot([left, right, right, left, left], [top, top, top - n, top - n, top], "-", **look)
    ax.text((left + right) / 2, top + 0.2, table.name, ha="center", size=9, weight="bold" if table.bold else "normal")
    for (i, j), value in np.ndenumerate(M):
        if not np.isnan(value):
            place = left + width * (j + 0.5), top - i - 0.5
            ax.text(*place, number(value, 2), ha="center", va="center", size=8, color=TEXT[table.color])
    return right


def draw_product(ax, A, B, names=("A", "B", "A B"), mark=None, colors=(FORWARD, FORWARD, FORWARD), digits=2):
    """Draw a matrix product, A × B = AB, as three tables whose cells have one size.

    Parameters
    ----------
    ax : Axes
    A : array, (n, k)
    B : array, (k, m)
    names : three str
        What the factors and their product are called.
    mark : (int, int), optional
        An entry of the product to frame, with the row and the column that it is made of.
    colors : three str
        FORWARD for values, BACKWARD for gradients.
    digits : int
        How many digits of a number are shown.
    """
    A, B = np.array(A), np.array(B)
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != len(B):
        raise ValueError(f"draw_product: A and B have the shapes {A.shape} and {B.shape}, expected (n, k) and (k, m)")
    i, j = mark or (None, None)
    framed = (i, slice(None)), (slice(None), j), (i, j)
    left, top = 0.0, max(len(A), len(B)) / 2
    for M, name, color, cells, sign in zip((A, B, A @ B), names, colors, framed, ("×", "=", "")):
        rows, columns = M.shape
        table = ax.inset_axes([left, -rows / 2, columns, rows], transform=ax.transData)
        draw_matrix(table, M, color=color, digits=digits)
        if mark:
            inside = np.zeros(M.shape, bool)
            inside[cells] = True
            (y, x), (height, width) = np.argwhere(inside)[0], 1 + np.ptp(np.argwhere(inside), axis=0)
            frame = Rectangle((x - 0.5, y - 0.5), width, height, fill=False, ec=INK, lw=2.5, clip_on=False, zorder=5)
            table.add_patch(frame)
        _label(ax, f"{name}: {_shape(M)}", (left + columns / 2, rows / 2), 5)
        ax.text(left + columns + 0.5, 0, sign, ha="center", va="center", size=14)
        left += columns + 1
    ax.set(xlim=(-0.4, left - 0.6), ylim=(-top - 0.2, top + 0.6), aspect="equal")
    ax.set_axis_off()


def draw_confusion(ax, table, names):
    """Draw how often each true class (row) was taken for each class (column)."""
    table = np.array(table)
    if table.shape != (len(names), len(names)):
        raise ValueError(
            f"draw_confusion: table has shape {table.shape}, expected {len(names)} rows and columns, as many as names"
        )
    draw_matrix(ax, table, names, names, digits=6)
    ax.set(xlabel="predicted", ylabel="true")


def draw_decision_regions(ax, predict, x, labels, names=None, fine=200):
    """Draw which class ``predict`` chooses where, over the points of a plane, and the points themselves.

    Parameters
    ----------
    ax : Axes
    predict : callable
        (M, 2) -> (M,) class numbers.
    x : array, (N, 2)
    labels : array, (N,)
        True class numbers: up to four classes, each with a marker. A point in a foreign region is ringed.
    names : sequence of str, optional
        What the classes are called, for the legend.
    fine : int
        The plane is asked at ``fine`` by ``fine`` points.
    """
    x, labels = np.asarray(x), np.asarray(labels)
    if x.ndim != 2 or x.shape[1] != 2 or labels.shape != x.shape[:1] or not set(labels) <= set(range(len(CLASSES))):
        raise ValueError(
            f"draw_decision_regions: got x of shape {x.shape} and labels of shape {labels.shape} "
            f"with classes {sorted(set(labels.flat))}, expected (N, 2) and (N,), classes 0 to {len(CLASSES) - 1}"
        )
    low, high = x.min(0), x.max(0)
    low, high = low - 0.08 * (high - low), high + 0.08 * (high - low)
    across, up = (np.linspace(a, b, fine) for a, b in zip(low, high, strict=True))
    plane = predict(np.stack(np.meshgrid(across, up), -1).reshape(-1, 2)).reshape(fine, fine)
    border = (plane != np.roll(plane, 1, 0)) | (plane != np.roll(plane, 1, 1))
    border[0], border[:, 0] = False, False
    palette = ListedColormap([_mix(color, 0.35) for color, _ in CLASSES] + [INK])
    picture = dict(origin="lower", aspect="auto", interpolation="none", vmin=0, vmax=len(CLASSES))
    extent = (low[0], high[0], low[1], high[1])
    ax.imshow(np.where(border, len(CLASSES), plane), cmap=palette, extent=extent, **picture)
    for k, (color, marker) in enumerate(CLASSES):
        if (labels == k).any():
            ax.plot(*x[labels == k].T, marker, color=color, mec=INK, mew=0.8, label=k if names is None else names[k])
    wrong = x[predict(x) != labels]
    ax.plot(*wrong.T, "o", ms=13, mfc="none", mec=INK, mew=1.5, label=f"wrong: {len(wrong)}")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))


def draw_images(ax, images, titles=None, columns=8, color=INK, signed=False):
    """Draw small pictures beside and below one another, tinted on one scale: the larger a number, the darker.

    Parameters
    ----------
    ax : Axes
    images : array, (n, height, width)
    titles : sequence, (n,), optional
        What stands above each.
    columns : int
        How many stand in a row.
    color : str
        INK for data, FORWARD for weights, BACKWARD for gradients.
    signed : bool
        The numbers lie on both sides of 0: 0 is a middle tint, lighter is below and darker above.
    """
    images = np.asarray(images, dtype=float)
    if images.ndim != 3:
        raise ValueError(f"draw_images: images has shape {images.shape}, expected (n, height, width)")
    n, height, width = images.shape
    columns = min(columns, n)
    above, row = (0.35 * height if titles is not None else 1), -(-n // columns)
    largest = np.abs(images).max() or 1
    middle = [_mix(color, 0.45)] if signed else []
    tint = LinearSegmentedColormap.from_list("tint", ["white", *middle, _dark(color)])
    for k, image in enumerate(images):
        left, top = (k % columns) * (width + 1), (k // columns) * (height + above)
        where = (left, left + width, top + height, top)
        ax.imshow(image, cmap=tint, vmin=-largest * signed, vmax=largest, interpolation="none", extent=where)
        ax.plot(np.add(left, [0, width, width, 0, 0]), np.add(top, [0, 0, height, height, 0]), "-", color=LINE, lw=0.8)
        if titles is not None:
            _label(ax, str(titles[k]), (left + width / 2, top), 2, size=8)
    ax.set(xlim=(-0.5, columns * (width + 1) - 0.5), ylim=(row * (height + above) - above + 0.5, 0.5 - above))
    ax.set_axis_off()


def _dark(color):
    return INK if color == INK else tuple(0.5 * c for c in to_rgb(color))


def draw_reading(ax, image, p):
    """Draw a picture, and beside it a bar for the probability of each class."""
    height, width = np.shape(image)
    draw_images(ax, [image])
    left, bars = width + 2, np.linspace(0, height, len(p), endpoint=False) + height / len(p) / 2
    ax.barh(bars, np.multiply(p, width), 0.6 * height / len(p), left, color=FORWARD)
    for k, place in enumerate(bars):
        ax.text(left - 0.3, place, str(k), ha="right", va="center", size=8)
        ax.text(left + p[k] * width + 0.2, place, f"{p[k]:.2f}", va="center", size=8, color=TEXT[FORWARD])
    ax.set(xlim=(-0.5, left + width + 2.5))


def _mix(color, share):
    return tuple(share * c + 1 - share for c in to_rgb(color))
