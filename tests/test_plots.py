"""The figures: the same bytes everywhere, legible on light and dark pages, and nobody's arrays changed."""

import copy
import hashlib
import inspect
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from configparser import ConfigParser
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from matplotlib.lines import Line2D
from matplotlib.path import Path as Curve
from matplotlib.text import Text

from nnlib import (
    Step,
    backward,
    forward,
    half_mse,
    half_mse_grad,
    identity,
    init_params,
    plots,
    relu,
    sigmoid,
    softmax,
    value_and_grad,
)

ROOT = Path(__file__).parents[1]
PAGES = {"light": "#ffffff", "dark": "#121212"}
PANEL = "#ffffff"


def network(sizes, N=7):
    """A network with its batch, trace and gradients."""
    rng = np.random.default_rng(sum(sizes))
    params, acts = init_params(sizes, rng), [relu] * (len(sizes) - 2) + [identity]
    x, t = rng.normal(size=(N, sizes[0])), rng.normal(size=(N, sizes[-1]))
    y, trace = forward(params, acts, x)
    _, grads = value_and_grad(params, acts, x, t, half_mse)
    return params, acts, trace, half_mse_grad(y, t), grads


def lines_of_tables():
    """Two lines of tables: values and gradients, one with a row that is looked at, one half filled, one bold."""
    rng = np.random.default_rng(1)
    g = plots.Table("g", rng.normal(size=(4, 2)), plots.BACKWARD, row=1)
    dx = plots.Table("dx", np.where(np.eye(4, 3), 1.5, np.nan), plots.BACKWARD, bold=True)
    return [
        [plots.Table("x", rng.normal(size=(4, 3)), row=1), "→", g],
        [plots.Table("b", np.array([1.0, 2])), "  ", dx],
    ]


def gallery():
    """A call of every draw_ function, two where it has two faces: {name: (function, arguments)}."""
    rng = np.random.default_rng(0)
    params, acts, trace, g, grads = network([4, 5, 3])
    small, _, small_trace, _, small_grads = network([2, 3, 1])
    points = rng.normal(size=(30, 2))
    paths = [
        plots.Node("x", 2.0, 36.0),
        plots.Node("u", 4.0, 6.0, {"x": 4.0}),
        plots.Node("v", 6.0, 4.0, {"x": 3.0}),
        plots.Node("f", 24.0, 1.0, {"u": 6.0, "v": 4.0}),
    ]
    steps = [Step(epoch, 10 * epoch + k, np.exp(-epoch - k / 10), params) for epoch in range(4) for k in range(10)]
    z = np.linspace(-4, 4, 30)
    return {
        "network": (plots.draw_network, (params,)),
        "network with numbers": (plots.draw_network, (params, trace, grads, {"W2", "b1"})),
        "network with every number": (plots.draw_network, (small, small_trace, small_grads, {"b2"}, 3, 8, True)),
        "network too large to show": (plots.draw_network, (network([64, 32, 10])[0],)),
        "graph of paths": (plots.draw_graph, (paths,)),
        "graph half travelled": (plots.draw_graph, (paths, plots.steps(paths)[:8])),
        "graph of a network": (plots.draw_graph, (plots.network_graph(params, acts, trace, g),)),
        "images": (plots.draw_images, (rng.uniform(size=(5, 8, 8)), list("abcde"), 3)),
        "images of both signs": (plots.draw_images, (rng.normal(size=(2, 8, 8)), None, 8, plots.FORWARD, True)),
        "reading": (plots.draw_reading, (rng.uniform(size=(8, 8)), softmax(rng.normal(size=(1, 10)))[0])),
        "curves": (plots.draw_curves, (z, {"a": sigmoid(z), "1 - a": 1 - sigmoid(z), "z": z, "2z": 2 * z}, "z", "a")),
        "loss curve": (plots.draw_loss_curve, (steps,)),
        "tangent": (plots.draw_tangent, (sigmoid, 1.0, 0.2, (-4.0, 4.0))),
        "descent": (plots.draw_descent, (np.square, [3.0, 2.0, 1.0])),
        "matrix": (plots.draw_matrix, (rng.normal(size=(3, 4)), ["a", "b", "c"], list("wxyz"), plots.BACKWARD)),
        "large matrix": (plots.draw_matrix, (rng.normal(size=(30, 20)),)),
        "tables": (plots.draw_tables, (lines_of_tables(),)),
        "paths": (plots.draw_paths, ({"input": 4, "hidden": 3, "output": 2}, [(1, 0, 0), (1, 0, 1)])),
        "product": (
            plots.draw_product,
            (rng.normal(size=(2, 3)), rng.normal(size=(3, 4)), ["A", "B", "C"], (1, 2), [plots.BACKWARD] * 3),
        ),
        "confusion": (plots.draw_confusion, (np.array([[5, 0], [1, 4]]), ["yes", "no"])),
        "regions": (plots.draw_decision_regions, (lambda q: (q.sum(1) > 0).astype(int), points, np.arange(30) % 3)),
    }


GALLERY = gallery()
pictures = pytest.mark.parametrize("name", GALLERY)


def picture(name):
    draw, args = GALLERY[name]
    return plots.compose(lambda ax: draw(ax, *args))


def fingerprint():
    """One hash for the whole gallery."""
    return hashlib.sha256("".join(plots.svg(picture(name)) for name in GALLERY).encode()).hexdigest()


def texts(source):
    return ["".join(text.itertext()) for text in ET.fromstring(source).iter("{http://www.w3.org/2000/svg}text")]


# --- Every figure -----------------------------------------------------------------------------------------------


def test_the_gallery_holds_every_draw_function():
    functions = {f for name, f in inspect.getmembers(plots, inspect.isfunction) if name.startswith("draw_")}
    assert functions == {draw for draw, _ in GALLERY.values()} and len(functions) == 14


@pictures
def test_drawing_returns_none_and_changes_no_input(name):
    draw, args = GALLERY[name]
    before = copy.deepcopy(args)
    results = []
    plots.compose(lambda ax: results.append(draw(ax, *args)))
    assert results == [None]
    np.testing.assert_equal(list(_leaves(args)), list(_leaves(before)))


def _leaves(args):
    """All that nested arguments hold, in order, and what a set holds in one order."""
    if isinstance(args, dict):
        args = list(args.items())
    if isinstance(args, set):
        args = sorted(args)
    if isinstance(args, (list, tuple)):
        for arg in args:
            yield from _leaves(arg)
    else:
        yield args


@pictures
def test_svg_is_one_well_formed_line_without_date_or_version(name):
    source = plots.svg(picture(name))
    assert ET.fromstring(source).tag == "{http://www.w3.org/2000/svg}svg"
    assert "\n" not in source and "atplotlib" not in source and "http://www.w3.org/1999/xlink" not in source
    tags = re.sub(r"<image[^>]*>", "", source)
    assert not re.search(r'["\s]-?\d+\.\d{3,}', "".join(re.findall(r"<[^>]*>", tags)))


def test_curves_take_colors_where_these_have_a_meaning():
    def colors(**options):
        fig = plots.compose(lambda ax: plots.draw_curves(ax, [0, 1], {"a": [0, 1], "slope": [1, 1]}, **options))
        return [line.get_color() for line in fig.axes[0].lines], [line.get_linestyle() for line in fig.axes[0].lines]

    assert colors(colors=[plots.THIRD, plots.INK]) == ([plots.THIRD, plots.INK], colors()[1])
    assert (
        not set(colors()[0]) & {plots.FORWARD, plots.BACKWARD} and len(set(colors()[0])) == len(set(colors()[1])) == 2
    )
    with pytest.raises(ValueError):
        colors(colors=[plots.INK])


def test_another_process_draws_the_same_bytes():
    here = Path(__file__).parent
    env = os.environ | {"PYTHONHASHSEED": "1", "PYTHONPATH": os.pathsep.join([str(here), str(here.parent)])}
    code = "import test_plots; print(test_plots.fingerprint())"
    assert (
        subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True, text=True).stdout.strip()
        == fingerprint()
    )


def test_last_digits_leave_the_figure_alone_but_a_changed_value_does_not():
    x = np.linspace(0, 5, 200)

    def curve(scale):
        return plots.svg(plots.compose(lambda ax: plots.draw_curves(ax, x, {"y": scale * np.exp(-x)})))

    assert curve(1) == curve(1 + 1e-11)
    assert curve(1) != curve(1.01)


def test_only_the_pixels_of_an_embedded_picture_may_differ_between_two_runs():
    rules = ConfigParser(interpolation=None, delimiters=":")
    rules.read(Path(__file__).parent / "nbval_sanitize.cfg")

    def compared(value, note):
        def draw(ax):
            ax.imshow([[0.0, value]], vmin=0, vmax=1)
            ax.set_title(note)

        source = plots.svg(plots.compose(draw))
        for rule in rules.values():
            source = re.sub(rule["regex"], rule["replace"], source) if rule else source
        return source

    assert compared(0.4, "same") == compared(0.6, "same") != compared(0.4, "other")
    assert "base64,iVBOR" not in compared(0.4, "same")


def test_the_style_of_the_caller_leaves_the_figure_alone():
    import matplotlib as mpl

    before = plots.svg(picture("curves"))
    with mpl.rc_context({"lines.linewidth": 9, "svg.fonttype": "path", "svg.hashsalt": "other"}):
        assert plots.svg(picture("curves")) == before


def test_rounding_touches_coordinates_and_no_label():
    def draw(ax):
        ax.text(0.123456, 0.5, "0.123456 < 1 & more")

    assert "0.123456 < 1 & more" in texts(plots.svg(plots.compose(draw)))


def test_panels_stand_side_by_side():
    fig = plots.compose(*[lambda ax: None] * 3, size=(7.2, 2))
    left = [ax.get_position().x0 for ax in fig.axes]
    assert len(left) == 3 and left == sorted(left) and tuple(fig.get_size_inches()) == (7.2, 2)


def test_use_style_works_without_a_kernel():
    import matplotlib as mpl

    with mpl.rc_context():
        assert plots.use_style() is None
        assert mpl.rcParams["svg.hashsalt"] == "nnlib" and mpl.rcParams["svg.fonttype"] == "none"


# --- Legible on both pages, and to everybody --------------------------------------------------------------------


def luminance(color):
    rgb = np.array(to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


def contrast(a, b):
    """The ratio of WCAG 2."""
    low, high = sorted([luminance(a), luminance(b)])
    return (high + 0.05) / (low + 0.05)


HALF_A_TURN = [[-0.574, 1.430, 0.144], [0.426, 0.430, 0.144], [0.426, 1.430, -0.856]]  # of all hues, as CSS defines it


def inverted(color):
    """What a dark page of the book makes of a figure: invert(0.93) hue-rotate(180deg)."""
    return to_hex(np.clip(HALF_A_TURN @ (0.93 - 0.86 * np.array(to_rgb(color))), 0, 1))


def test_inverted_is_what_the_style_sheets_do():
    for name in ("book", "explorer"):
        assert "filter: invert(0.93) hue-rotate(180deg)" in (ROOT / f"_static/{name}.css").read_text("utf-8")


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("color", [plots.FORWARD, plots.BACKWARD, plots.THIRD, plots.FOURTH])
@pytest.mark.parametrize("page", PAGES)
def test_lines_stand_out_from_either_page(color, page):
    assert contrast(color, PAGES[page]) >= 3


@pytest.mark.parametrize("color", [plots.FORWARD, plots.BACKWARD, plots.THIRD, plots.FOURTH, plots.INK])
def test_text_and_lines_stand_out_from_the_panel_on_either_page(color):
    assert contrast(plots.TEXT[color], PANEL) >= 4.5 <= contrast(inverted(plots.TEXT[color]), inverted(PANEL))
    assert contrast(color, PANEL) >= 3 <= contrast(inverted(color), inverted(PANEL))


def test_no_text_colour_could_do_without_a_panel():
    # The best colour for two backgrounds has the geometric mean of their contrast against each: not 4.5.
    assert contrast(*PAGES.values()) ** 0.5 < 4.5


def illegible(fig):
    """The texts under 4.5:1 and the lines under 3:1 on the panel."""
    words = [t for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip()]
    lines = [line for line in fig.findobj(Line2D) if line.get_visible() and line.get_linestyle() != "None"]
    dots = [line for line in fig.findobj(Line2D) if line.get_visible() and line.get_marker() not in ("None", None)]
    return (
        [t.get_text() for t in words if contrast(t.get_color(), PANEL) < 4.5]
        + [line for line in lines if contrast(line.get_color(), PANEL) < 3]
        + [line for line in dots if contrast(line.get_markeredgecolor(), PANEL) < 3]
    )


@pictures
def test_every_text_and_line_of_a_figure_is_legible(name):
    assert illegible(picture(name)) == []


def test_an_illegible_figure_is_caught():
    def draw(ax):
        ax.text(0, 0, "pale", color=plots.BACKWARD)
        ax.plot([0, 1], color="#F0E442")

    assert len(illegible(plots.compose(draw))) == 2


@pytest.mark.parametrize("color", [plots.FORWARD, plots.BACKWARD])
def test_numbers_are_legible_on_the_darkest_cell(color):
    fig = plots.compose(lambda ax: plots.draw_matrix(ax, [[-9.0, 1.0]], color=color))
    image = fig.axes[0].images[0]
    assert contrast(plots.INK, image.cmap(image.norm(9.0))[:3]) >= 4.5


def test_matrices_share_a_scale_where_they_are_told_to():
    def tint(M, **scale):
        (image,) = plots.compose(lambda ax: plots.draw_matrix(ax, M, **scale)).axes[0].images
        return image.cmap(image.norm(image.get_array()[0, 0]))

    assert tint([[-2.0]], vmax=4) == tint([[2.0, -4.0]]) != tint([[2.0]])


def arrows_of(fig):
    return [text.arrow_patch for text in fig.axes[0].texts if getattr(text, "arrow_patch", None)]


def test_a_product_frames_an_entry_and_what_it_is_made_of():
    A, B = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    fig = plots.compose(lambda ax: plots.draw_product(ax, A, B, mark=(1, 2)))
    tables = fig.axes[0].child_axes
    frames = [[patch.get_bbox().bounds for patch in table.patches] for table in tables]
    assert frames == [[(-0.5, 0.5, 3, 1)], [(1.5, -0.5, 1, 3)], [(1.5, 0.5, 1, 1)]]
    assert {"×", "=", "A: 2×3", "B: 3×4", "A B: 2×4"} <= {text.get_text() for text in fig.axes[0].texts}
    assert plots.number(A[1] @ B[:, 2], 2) in [text.get_text() for text in tables[2].texts]


def test_forward_is_solid_and_backward_dashed():
    arrows = arrows_of(picture("graph of a network"))
    kinds = {(to_hex(a.get_edgecolor()).upper(), isinstance(a.get_linestyle(), str)) for a in arrows}
    assert kinds == {(plots.FORWARD, True), (plots.BACKWARD, False)} and len(arrows) == 2 * (3 + 1 + 3 + 1 + 1)


def half_travelled(step):
    paths = GALLERY["graph of paths"][1][0]
    return plots.compose(lambda ax: plots.draw_graph(ax, paths, plots.steps(paths)[:step]))


def test_what_is_not_yet_travelled_is_thin_grey_and_empty_and_the_newest_is_bold():
    fig = half_travelled(0)
    assert {(to_hex(a.get_edgecolor()).upper(), a.get_linewidth()) for a in arrows_of(fig)} == {(plots.LINE, 0.8)}
    assert sorted(texts(plots.svg(fig))) == ["f", "u", "v", "x"]
    for step in range(1, 11):
        fig = half_travelled(step)
        widths = sorted(arrow.get_linewidth() for arrow in arrows_of(fig))
        assert len([w for w in widths if w > 1]) == step and widths[-1] > 1.5 * sorted({*widths[:-1], 1.6})[-1]
        bold = [
            t.get_text()
            for t in fig.findobj(Text)
            if t.get_text() and t.get_weight() == "bold" and "Σ" not in t.get_text()
        ]
        assert bold == [["2", "2", "4", "6", "24", "1", "4", "6", "12", "24"][step - 1]]


def test_curves_differ_by_dash():
    dashes = [line.get_linestyle() for line in picture("curves").axes[0].lines]
    assert len(set(dashes)) == len(dashes) == 4


# --- What the figures say is what the code holds ----------------------------------------------------------------


@pytest.mark.parametrize("sizes", [[4, 5, 3], [1, 1], [2, 7, 1, 3]])
def test_a_network_is_drawn_from_its_parameters(sizes):
    params, acts, trace, g, grads = network(sizes)
    fig = plots.compose(lambda ax: plots.draw_network(ax, params, trace, grads, example=2), size=(7, 6))
    words = texts(plots.svg(fig))
    solid = [line for line in fig.axes[0].lines if line.get_linestyle() == "-"]
    assert len(solid) == sum(W.size for W, _ in params)
    for layer, (W, _) in enumerate(params, 1):
        assert f"W{layer}: {W.shape[0]}×{W.shape[1]}" in words and f"layer {layer}: {W.shape[0]}" in words
        assert {plots.number(v, 2) for v in trace[layer - 1][2][2]} <= set(words)
        assert {plots.number(v, 2) for v in grads[layer - 1][1]} <= set(words)


def gaps(fig):
    """How far each dashed line lies from the solid one beside it, less half the width of both, in points."""
    fig.draw_without_rendering()
    lines = {kind: [line for line in fig.axes[0].lines if line.get_linestyle() == kind] for kind in ("-", "--")}
    for solid, dashed in zip(lines["-"], lines["--"], strict=True):
        assert (solid.get_xydata() == dashed.get_xydata()).all()
        (start, end), other = (line.get_transform().transform(line.get_xydata()) for line in (solid, dashed))
        (x, y), (u, v) = (end - start) / np.linalg.norm(end - start), other[0] - start
        yield abs(x * v - y * u) * 72 / fig.dpi - (solid.get_linewidth() + dashed.get_linewidth()) / 2


def test_no_gradient_hides_its_weight():
    params, _, trace, _, grads = network([4, 5, 3])
    fig = plots.compose(lambda ax: plots.draw_network(ax, params, trace, grads), size=(6, 4))
    assert min(gaps(fig)) > 0
    for line in fig.axes[0].lines:  # as it was: one upon the other
        line.set_transform(fig.axes[0].transData)
    assert max(gaps(fig)) < 0


def test_every_number_of_a_small_network_stands_on_its_drawing():
    (W1, b1), (W2, b2) = params = network([2, 3, 1])[0]
    _, _, trace, _, ((dW1, db1), (dW2, db2)) = network([2, 3, 1])
    (x, z1, a1), (_, z2, a2) = [[array[3] for array in layer] for layer in trace]
    fig = picture("network with every number")
    plain = plots.compose(lambda ax: plots.draw_network(ax, params, mark={"b2"}))
    shown = sorted(texts(plots.svg(fig)))
    names = texts(plots.svg(plain))
    arrays = [x, W1, a1, W2, a2, dW1, db1, dW2, db2]
    numbers = [plots.number(v, 2) for array in arrays for v in array.flat]
    named = [
        f"{name} {plots.number(v, 2)}"
        for name, arrays in (("z", (z1, z2)), ("b", (b1, b2)))
        for array in arrays
        for v in array
    ]
    assert shown == sorted(names + numbers + named)


def test_a_large_layer_shows_some_neurons_and_says_how_many_there_are():
    words = texts(plots.svg(picture("network too large to show")))
    assert words.count("⋮") == 3 and {"input: 64", "layer 1: 32", "layer 2: 10", "W1: 32×64"} <= set(words)


def test_marked_parameters_are_pointed_at():
    words = texts(plots.svg(picture("network with numbers")))
    assert [word for word in words if "✗" in word] == ["✗ b1: 5", "✗ W2: 3×5"]


def test_a_network_graph_carries_the_gradients_that_backward_computes():
    params, acts, trace, g, _ = network([4, 5, 3])
    nodes = {node.name: node for node in plots.network_graph(params, acts, trace, g)}
    dx, grads = backward(g, params, acts, trace, input_grad=True)
    np.testing.assert_array_equal(nodes["x"].grad, dx)
    for layer, (dW, db) in enumerate(grads, 1):
        np.testing.assert_array_equal(nodes[f"W{layer}"].grad, dW)
        np.testing.assert_array_equal(nodes[f"b{layer}"].grad, db)
    assert all(np.shape(node.value) == np.shape(node.grad) for node in nodes.values()) and len(nodes) == 9


def test_a_graph_shows_value_derivative_and_contribution_on_each_edge():
    words = texts(plots.svg(picture("graph of paths")))
    edges = ["2", "×4", "24", "2", "×3", "12", "4", "×6", "6", "6", "×4", "4", "24", "1"]
    assert sorted(words) == sorted([*edges, "Σ 36", "x", "u", "v", "f"])


def test_the_passes_travel_every_edge_there_and_back():
    there = [("x", "u"), ("x", "v"), ("u", "f"), ("v", "f"), ("f", None)]
    assert plots.steps(GALLERY["graph of paths"][1][0]) == there + [(end, start) for start, end in reversed(there)]
    leaf = [plots.Node("t", 1.0), plots.Node("L", 2.0, 1.0, {"t": None})]
    assert plots.steps(leaf) == [("t", "L"), ("L", None), (None, "L")]


@pytest.mark.parametrize("sizes", [[2, 3, 1], [4, 5, 3, 2]])
def test_nothing_leaves_a_node_before_all_has_arrived(sizes):
    params, acts, trace, g, _ = network(sizes)
    nodes = plots.network_graph(params, acts, trace, g)
    ways = plots.steps(nodes)
    assert len(ways) == len(set(ways)) == 2 * (4 * len(params) + 1)
    for k, (start, _) in enumerate(ways):
        assert {way for way in ways if way[1] == start and start} & set(ways[k:]) <= {
            way[::-1] for way in ways[: k + 1]
        }


def test_the_sum_over_paths_appears_when_the_last_path_is_back():
    shown = [any("Σ" in word for word in texts(plots.svg(half_travelled(step)))) for step in range(11)]
    assert shown == [False] * 10 + [True]
    assert sorted(texts(plots.svg(half_travelled(10)))) == sorted(texts(plots.svg(picture("graph of paths"))))


def touches(fig):
    """Whether a line of the graph runs through the sum over paths."""
    fig.draw_without_rendering()
    box = next(text for text in fig.findobj(Text) if "Σ" in text.get_text()).get_window_extent()
    curves = [arrow.get_transform().transform_path(arrow.get_path()) for arrow in arrows_of(fig)]
    lines = [Curve(line) for curve in curves for line in curve.to_polygons(closed_only=False)]
    return any(line.intersects_bbox(box, filled=False) for line in lines)


def test_no_line_runs_through_the_sum_over_paths():
    fan = [plots.Node("x", 1.0, -1234.5), *(plots.Node(f"z{k}", 1.0, 1.0, {"x": 1.0}) for k in range(3))]
    fig = plots.compose(lambda ax: plots.draw_graph(ax, fan))
    assert not touches(fig)
    next(text for text in fig.findobj(Text) if "Σ" in text.get_text()).set_ha("center")  # as it was
    assert touches(fig)


def test_a_graph_without_gradients_has_no_way_back():
    params, acts, trace, _, _ = network([4, 5, 3])
    fig = plots.compose(lambda ax: plots.draw_graph(ax, plots.network_graph(params, acts, trace)))
    assert {to_hex(arrow.get_edgecolor()).upper() for arrow in arrows_of(fig)} == {plots.FORWARD}


def test_regions_ring_what_they_get_wrong():
    fig = plots.compose(
        lambda ax: plots.draw_decision_regions(ax, lambda q: np.zeros(len(q), int), np.eye(2), [0, 1], ["a", "b"])
    )
    labels = [text.get_text() for text in fig.axes[0].get_legend().get_texts()]
    assert labels == ["a", "b", "wrong: 1"]


def test_tables_show_every_number_that_is_there_and_none_that_is_not():
    def draw(ax):
        plots.draw_tables(ax, lines_of_tables())

    texts = [text.get_text() for text in plots.compose(draw).axes[0].texts]
    names = ["x", "→", "g", "b", "  ", "dx"]
    tables = [item for line in lines_of_tables() for item in line if isinstance(item, plots.Table)]
    numbers = [plots.number(value, 2) for table in tables for value in np.ravel(table.M) if not np.isnan(value)]
    assert sorted(texts) == sorted(names + numbers)
    assert len(numbers) == 12 + 8 + 2 + 3


def test_tables_of_a_line_do_not_overlap():
    ax = plots.compose(lambda ax: plots.draw_tables(ax, lines_of_tables())).axes[0]
    boxes = [line.get_xydata() for line in ax.lines]
    spans = [(box[:, 0].min(), box[:, 0].max(), box[:, 1].min(), box[:, 1].max()) for box in boxes]
    for k, one in enumerate(spans):
        for two in spans[:k]:
            assert one[0] > two[1] or two[0] > one[1] or one[2] > two[3] or two[2] > one[3]


def test_a_stretch_that_paths_share_is_drawn_once_and_the_weight_is_thick():
    paths = [(1, 0, k) for k in range(2)] + [(1, 2, k) for k in range(2)]
    ax = plots.compose(lambda ax: plots.draw_paths(ax, {"in": 4, "mid": 3, "out": 2}, paths)).axes[0]
    stretches = [line for line in ax.lines if line.get_linestyle() == "-"]
    assert len(stretches) == 2 + 4
    assert [line.get_linewidth() for line in stretches] == [4, 4, 1, 1, 1, 1]


def test_numbers_have_a_minus_sign_and_few_digits():
    assert [plots.number(-0.12345), plots.number(2.0), plots.number(1e-9)] == ["−0.123", "2", "1e−09"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda ax: plots.draw_network(ax, network([2, 3])[0], mark={"W7"}),
            r"draw_network: mark is \['W7'\], expected names among",
        ),
        (
            lambda ax: plots.draw_graph(ax, [plots.Node("z", parents={"w": 1.0})]),
            r"draw_graph: z has parents \['w'\], expected",
        ),
        (
            lambda ax: plots.draw_graph(ax, [plots.Node("z")], [("z", "w")]),
            r"draw_graph: travelled is \[\('z', 'w'\)\], expected pairs among",
        ),
        (
            lambda ax: plots.draw_images(ax, np.ones((8, 8))),
            r"draw_images: images has shape \(8, 8\), expected \(n, height, width\)",
        ),
        (lambda ax: plots.draw_matrix(ax, [1.0, 2.0]), r"draw_matrix: M has shape \(2,\), expected two dimensions"),
        (
            lambda ax: plots.draw_product(ax, np.eye(3), np.ones((2, 3))),
            r"draw_product: A and B have the shapes \(3, 3\) and \(2, 3\), expected",
        ),
        (
            lambda ax: plots.draw_confusion(ax, np.eye(3), ["a", "b"]),
            r"draw_confusion: table has shape \(3, 3\), expected",
        ),
        (
            lambda ax: plots.draw_decision_regions(ax, len, np.eye(3), [0, 1, 2]),
            r"draw_decision_regions: got x of shape \(3, 3\)",
        ),
        (lambda ax: plots.draw_loss_curve(ax, []), "draw_loss_curve: steps is empty, expected what train yields"),
    ],
)
def test_bad_input_gets_a_clear_error(call, message):
    with pytest.raises(ValueError, match=message):
        plots.compose(call)
