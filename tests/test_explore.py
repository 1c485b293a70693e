"""The explorers: both faces, their limits, and a sentence for everybody who does not see them."""

import builtins
import inspect
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import ipywidgets
import nbclient
import nbformat
import numpy as np
import pytest

from nnlib import explore
from nnlib.explore import Explorer, Slider


def draw(ax, slope, shift, style="-"):
    ax.axline((0, shift), slope=slope, linestyle=style)


def say(slope, shift, style="-"):
    return f'a "line" that rises {slope:g} for each step & starts < {shift:g}'


def line():
    return Explorer(
        draw,
        say,
        "A line",
        slope=Slider(np.linspace(-1, 1, 5), 0.5, "slope", "m"),
        shift=Slider([0, 1, 2], 1, "shift"),
        style=Slider(["-", "--"], "-", "style", live_only=True),
    )


class Page(HTMLParser):
    """Elements with their ancestors; closing tags must match."""

    def __init__(self, html):
        super().__init__()
        self.open, self.elements, self.texts = [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes), tuple(self.open)))
        if tag not in ("img", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip():
            self.texts.append((tuple(self.open), data.strip()))

    def all(self, tag):
        return [attributes for name, attributes, _ in self.elements if name == tag]


# --- The static face --------------------------------------------------------------------------------------------


def test_one_picture_and_a_labelled_control_for_each_parameter_of_the_page():
    page = Page(line().html)
    (figure,), (picture,) = page.all("figure"), page.all("img")
    assert [control["aria-valuetext"] for control in page.all("input")] == ["0.5 m", "1"]
    assert all(ancestors[-1] == "label" for tag, _, ancestors in page.elements if tag == "input")
    labels = [text for where, text in page.texts if where[-2:] == ("label", "span")]
    assert labels == ["slope", "0.5 m", "shift", "1"]
    assert picture["alt"] == 'a "line" that rises 0.5 for each step & starts < 1'
    assert len(json.loads(figure["data-frames"])) == 4 + 2
    (note,) = [text for _, text in page.texts if "one slider moves at a time" in text]
    assert "return to their start, slope = 0.5 m, shift = 1, style = -. Run the notebook" in note
    assert "at a time" not in explorer([1, 2]).html


def test_nothing_clashes_or_comes_from_elsewhere():
    page = Page(line().html)
    assert not [attributes for _, attributes, _ in page.elements if "id" in attributes or "name" in attributes]
    assert page.all("script") == [] and page.all("link") == []
    sources = [page.all("img")[0]["src"], *(source for _, source in json.loads(page.all("figure")[0]["data-frames"]))]
    assert all(source.startswith("data:image/svg+xml,%3Csvg") for source in sources)


def test_every_frame_has_its_own_sentence_and_well_formed_picture():
    page = Page(line().html)
    base = [page.all("img")[0]["alt"], page.all("img")[0]["src"]]
    frames = [base, *json.loads(page.all("figure")[0]["data-frames"])]
    assert all(len(words.split()) >= 5 for words, _ in frames)
    roots = [ET.fromstring(unquote(source.partition(",")[2])) for _, source in frames]
    assert {root.tag for root in roots} == {"{http://www.w3.org/2000/svg}svg"}
    assert len({words for words, _ in frames}) == len({source for _, source in frames}) == len(frames) == 7


def test_each_control_leads_to_its_frames_and_to_the_base():
    page = Page(line().html)
    steps = [json.loads(control["data-steps"]) for control in page.all("input")]
    assert steps[0] == [["−1 m", 1], ["−0.5 m", 2], ["0 m", 3], ["0.5 m", 0], ["1 m", 4]]
    assert steps[1] == [["0", 5], ["1", 0], ["2", 6]]
    for control, positions in zip(page.all("input"), steps, strict=True):
        assert int(control["max"]) == len(positions) - 1 and positions[int(control["value"])][1] == 0


def test_parameters_vary_one_at_a_time_from_the_base():
    seen = []
    Explorer(lambda ax, **v: (seen.append(v), draw(ax, **v)), say, "t", **line().sliders)
    assert seen[0] == {"slope": 0.5, "shift": 1, "style": "-"} and len(seen) == 7
    assert all(sum(v[name] != seen[0][name] for name in v) == 1 for v in seen[1:])


def grid():
    return Explorer(
        draw,
        say,
        "A line",
        together=True,
        slope=Slider([-1.0, 0.5, 1.0], 0.5, "slope"),
        shift=Slider([0, 1], 1, "shift"),
        style=Slider(["-", "--"], "-", "style", live_only=True),
    )


def test_together_there_is_a_frame_for_every_combination():
    page = Page(grid().html)
    base = page.all("img")[0]["alt"]
    frames = [base, *(words for words, _ in json.loads(page.all("figure")[0]["data-frames"]))]
    steps = [json.loads(control["data-steps"]) for control in page.all("input")]
    for k, slope in enumerate((-1.0, 0.5, 1.0)):
        for j, shift in enumerate((0, 1)):
            assert frames[steps[0][k][1] + steps[1][j][1]] == say(slope, shift)
    assert base == say(0.5, 1) and len(set(frames)) == len(frames) == 6
    (note,) = [text for _, text in page.texts if "Run the notebook" in text]
    assert note.startswith("On this page style = -.")


def test_another_process_writes_the_same_bytes():
    here = Path(__file__).parent
    env = os.environ | {"PYTHONHASHSEED": "1", "PYTHONPATH": os.pathsep.join([str(here), str(here.parent)])}
    code = "import sys, test_explore; sys.stdout.buffer.write(test_explore.line().html.encode())"
    assert (
        subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True).stdout.decode()
        == line().html
    )


def test_a_change_in_one_frame_changes_the_stored_face():
    def dented(ax, slope, shift, style="-"):
        draw(ax, slope, shift + 0.05 * (shift == 2), style)

    assert Explorer(dented, say, "A line", **line().sliders).html != line().html


# --- Limits -----------------------------------------------------------------------------------------------------


def explorer(values, draw=lambda ax, k: ax.plot([0, k]), say=lambda k: f"a line that climbs to {k}", **options):
    return Explorer(draw, say, "t", k=Slider(values, values[0], "k", **options))


def test_so_many_frames_fit_and_one_more_does_not(monkeypatch):
    assert explore.MAX_FRAMES == 25
    monkeypatch.setattr(explore, "MAX_FRAMES", 3)
    assert explorer([1, 2, 3]).html
    with pytest.raises(ValueError, match="Explorer: 4 frames, expected at most 3"):
        explorer([1, 2, 3, 4])


def test_so_many_bytes_fit_and_one_more_does_not(monkeypatch):
    assert explore.MAX_BYTES == 150_000
    size = len(explorer([1, 2]).html.encode())
    monkeypatch.setattr(explore, "MAX_BYTES", size)
    assert explorer([1, 2]).html
    monkeypatch.setattr(explore, "MAX_BYTES", size - 1)
    with pytest.raises(ValueError, match=f"Explorer: 2 frames in {size:,} bytes"):
        explorer([1, 2])


def test_a_dead_explorer_is_caught():
    with pytest.raises(ValueError, match="Explorer: k changes nothing, its 3 frames are all the same picture"):
        explorer([1, 2, 3], draw=lambda ax, k: ax.plot([0, 1]))


@pytest.mark.parametrize("words", ["only four words here", "", None])
def test_a_frame_without_a_sentence_is_caught(words):
    with pytest.raises(ValueError, match=r"Explorer: say\(\*\*\{'k': 1\}\) returned .* at least five words"):
        explorer([1, 2], say=lambda k: words)


def test_what_draw_raises_is_raised_when_the_explorer_is_made():
    with pytest.raises(ZeroDivisionError):
        explorer([1, 0], draw=lambda ax, k: ax.plot([0, 1 / k]))


def test_an_explorer_that_moves_nothing_is_refused():
    with pytest.raises(ValueError, match="Explorer: nothing to move"):
        explorer([1, 2], live_only=True)


@pytest.mark.parametrize(
    ("values", "base", "label"), [([1.0, 2.0], 1.5, "w"), ([1.0], 1.0, "w"), ([1.0, 2.0], 1.0, " "), ([], 0.0, "w")]
)
def test_a_slider_needs_a_label_and_its_base_among_two_values(values, base, label):
    with pytest.raises(ValueError, match="Slider: got label .* expected a label and at least two values"):
        Slider(values, base, label)


def test_a_slider_forgives_the_last_digit_of_linspace():
    assert Slider(np.linspace(0, 1, 11), 0.3, "w").base == 0.3


# --- The live face ----------------------------------------------------------------------------------------------


def test_numbers_move_continuously_and_things_stay_a_choice():
    _, slope, shift, style, picture = line().live().children
    assert isinstance(slope, ipywidgets.FloatSlider) and (slope.min, slope.max, slope.value) == (-1, 1, 0.5)
    assert isinstance(shift, ipywidgets.SelectionSlider) and [v for _, v in shift.options] == [0, 1, 2]
    assert isinstance(style, ipywidgets.SelectionSlider) and slope.description == "slope (m)"


def test_all_parameters_move_together_to_values_between_the_frames():
    explorer = line()
    _, slope, shift, style, picture = explorer.live().children
    slope.value, shift.value, style.value = 0.123, 2, "--"
    words, source = explorer.frame(slope=0.123, shift=2, style="--")
    page = Page(picture.value)
    assert page.all("img")[0]["alt"] == words and page.all("img")[0]["src"] == source
    assert explorer.frame(slope=0.123, shift=2, style="-")[1] != source


def test_without_ipywidgets_the_static_face_shows_and_the_extra_is_named(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("ipywidgets"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.warns(UserWarning, match=r"pip install 'backpropagation-you-can-check\[explore\]'"):
        faces = line()._repr_mimebundle_()
    assert faces == {"text/plain": "Explorer: A line", "text/html": line().html}


def test_a_kernel_shows_both_faces_and_figures_as_svg():
    cells = [
        "import numpy as np\nfrom nnlib import plots\nfrom nnlib.explore import Explorer, Slider\nplots.use_style()",
        "\n".join(map(inspect.getsource, [draw, say, line])),
        "line()",
        "plots.figure(lambda ax: draw(ax, 1, 0))",
        "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\ndraw(ax, 1, 0)\nplt.show()",
        "plots.figure(lambda ax: draw(ax, 1, 0), png=True)",
        "Explorer(lambda ax, k: 1 / 0, lambda k: 'five words, a whole sentence', 't', k=Slider([0, 1], 0, 'k'))",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, timeout=60, allow_errors=True, kernel_name="python3").execute()
    quiet, defined, explorer, figure, pyplot, png, error = [cell.outputs for cell in notebook.cells]
    assert quiet == defined == [] and len(explorer) == len(figure) == len(pyplot) == len(png) == 1
    assert set(explorer[0].data) == {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"}
    assert explorer[0].data["text/html"] == line().html
    assert set(figure[0].data) == {"text/plain", "image/svg+xml"} and figure[0].data == pyplot[0].data
    assert figure[0].data["image/svg+xml"].startswith("<svg ")
    assert set(png[0].data) == {"text/plain", "image/png"}
    assert error[0].ename == "ZeroDivisionError"
