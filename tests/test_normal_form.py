"""Every chapter is stored in its normal form, and every rule of that form catches what it is there for."""

import base64
import copy
import io
import json
import tempfile

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

import chapters
from chapters import CHAPTERS, MACROS, METADATA, WIDGET, make, normalise, violations

NOTEBOOKS = sorted(CHAPTERS.glob("*.ipynb"))


def test_there_are_chapters(checked):
    cells = sum(len(nbformat.read(path, as_version=4).cells) for path in NOTEBOOKS)
    checked(notebooks_in_normal_form=len(NOTEBOOKS), cells_in_normal_form=cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_chapter_is_in_normal_form(path):
    """JupyterLab adds to what it saves: `make chapters` takes it away again."""
    problems = violations(nbformat.read(path, as_version=4))
    assert problems == [], f"python tools/chapters.py chapters/{path.name}, or make chapters, stores it anew"


def test_the_macros_of_jupyterlab_are_the_books():
    book = yaml.safe_load((CHAPTERS.parent / "_config.yml").read_text())["sphinx"]["config"]["mathjax3_config"]["tex"][
        "macros"
    ]
    cell = yaml.safe_load(MACROS.strip("-"))["math"]
    assert {rf"\{name}" for name in book} == set(cell)


SVG = {"image/svg+xml": "<svg/>", "text/plain": "<Figure size 640x480 with 1 Axes>"}
ALT = {"image": {"alt": "A curve that falls to zero"}}


def png(width, dpi):
    """A PNG output of so many pixels, so many to the inch."""
    out = io.BytesIO()
    Image.new("L", (width, 1)).save(out, "png", dpi=(dpi, dpi))
    return new_output("display_data", {"image/png": base64.b64encode(out.getvalue()).decode()})


def printed(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def code(name, source, *outputs, count=1, **metadata):
    return new_code_cell(source, id=name, outputs=list(outputs), execution_count=count, metadata=metadata)


FOLDED = {"jp-MarkdownHeadingCollapsed": True}


def good():
    """A notebook in normal form, with one of everything."""
    return new_notebook(
        metadata=METADATA,
        cells=[
            new_markdown_cell(MACROS, id="macros", metadata={"tags": ["remove-cell"]}),
            new_markdown_cell("# Plant a defect", id="title"),
            new_markdown_cell("(more)=\n## Deeper: more", id="deeper", metadata=FOLDED),
            code("sum", "print(1 + 1)", printed("2\n")),
            code("value", "1 + 1", new_output("execute_result", {"text/plain": "2"}, execution_count=2), count=2),
            code("curve", "plt.show()", new_output("display_data", SVG), count=3, mystnb=ALT),
            code("land-relu", "landed(relu)", printed("same as nnlib.activations.relu\n"), count=4),
            code(
                "noise", "plt.show()", png(832, dpi=160), count=5, mystnb={"image": ALT["image"] | {"width": "499px"}}
            ),
        ],
    )


def cell(nb, name):
    return next(cell for cell in nb.cells if cell.id == name)


def set_source(name, source):
    return lambda nb: cell(nb, name).update(source=source)


def set_output(name, *outputs):
    return lambda nb: cell(nb, name).update(outputs=list(outputs))


def add_ignored(nb):
    cell(nb, "sum").metadata["tags"] = ["nbval-ignore-output"]


def set_html(html):
    return set_output("sum", new_output("display_data", {"text/html": html}))


def say(words):
    return lambda nb: cell(nb, "title").update(source=f"# Plant a defect\n\n{words}")


PLANTED = {
    "a chapter by its role": (say("See {doc}`05_a_layer`."), "{doc}`05_a_layer` is dead in JupyterLab"),
    "a word by its role": (say("One {term}`epoch`."), "{term}`epoch` is dead in JupyterLab"),
    "no execution count": (
        lambda nb: cell(nb, "sum").update(execution_count=None),
        "execution_count is None, expected 1",
    ),
    "cleared notebook": (lambda nb: [c.update(execution_count=None) for c in nb.cells[3:]], "execution_count is None"),
    "cells run out of order": (
        lambda nb: cell(nb, "value").update(execution_count=7),
        "execution_count is 7, expected 2",
    ),
    "stale count in an output": (
        lambda nb: cell(nb, "value").outputs[0].update(execution_count=9),
        "output's execution_count is 9",
    ),
    "stderr": (set_output("sum", printed("Warning!", "stderr")), "something on stderr"),
    "error": (
        set_output("sum", new_output("error", ename="ValueError", evalue="", traceback=[])),
        "an error is stored",
    ),
    "path in an output": (set_output("sum", printed("File /home/ada/book/x.py")), "a machine's path in an output"),
    "Windows path": (set_output("sum", printed(r"C:\Users\ada")), "a machine's path in an output"),
    "path in a value": (set_html(f"<p>{tempfile.gettempdir()}/x</p>"), "a machine's path in an output"),
    "path in the source": (set_source("sum", "open('/usr/share/data')"), "a machine's path in the source"),
    "memory address": (set_output("sum", printed("<f at 0x7fd7e1c489d0>")), "a memory address"),
    "script from another host": (set_html('<script src="x.js"></script>'), "something from another host"),
    "picture from another host": (set_html('<img src="https://example.org/a.png">'), "something from another host"),
    "trailing semicolon": (set_source("curve", "plt.show();"), "a trailing ;"),
    "stored widget": (set_output("sum", new_output("display_data", {WIDGET: {}})), "a stored widget-view"),
    "timestamps": (
        lambda nb: cell(nb, "sum").metadata.update(execution={"iopub.status.busy": "2024"}),
        "metadata ['execution']",
    ),
    "widget state": (lambda nb: nb.metadata.update(widgets={}), "the metadata are"),
    "Python's version": (lambda nb: nb.metadata.update(language_info={"version": "3.12.1"}), "the metadata are"),
    "old format": (lambda nb: nb.update(nbformat_minor=4), "the format is 4.4"),
    "too big": (set_output("sum", printed("x" * chapters.MAX_BYTES)), "bytes, at most"),
    "too many ignored": (add_ignored, "1 of 5 code cells ignore their output"),
    "skipped cell": (lambda nb: cell(nb, "sum").metadata.update(tags=["nbval-skip"]), "not checked like all others"),
    "skipped by a comment": (set_source("sum", "# NBVAL_IGNORE_OUTPUT\nprint(1 + 1)"), "not checked like all others"),
    "random id": (lambda nb: cell(nb, "sum").update(id="4fd1a0c3"), "the id says nothing"),
    "two cells of one id": (lambda nb: cell(nb, "value").update(id="sum"), "the cell id sum is used 2 times"),
    "other verdict": (
        set_output("land-relu", printed("relu here differs from nnlib.activations.relu\n")),
        "landed said",
    ),
    "no verdict": (set_output("land-relu"), "landed said []"),
    "long cell": (set_source("sum", "x = 1\n" * 21), "21 lines of code"),
    "long cells": (lambda nb: [set_source(c.id, "x = 1\n" * 7)(nb) for c in nb.cells[3:6]], "the median code cell"),
    "empty cell": (set_source("sum", ""), "empty code cell"),
    "no code": (lambda nb: nb.update(cells=nb.cells[:2]), "there is no code cell"),
    "figure without text": (lambda nb: cell(nb, "curve").metadata.clear(), "a figure whose mystnb image alt is ''"),
    "figure with four words": (
        lambda nb: cell(nb, "curve").metadata.update(mystnb={"image": {"alt": "A curve that falls"}}),
        "a figure whose mystnb image alt is",
    ),
    "figure as wide as its pixels": (
        lambda nb: cell(nb, "noise").metadata["mystnb"]["image"].pop("width"),
        "width is None, expected '499px'",
    ),
    "figure of another width": (set_output("noise", png(992, dpi=160)), "width is '499px', expected '595px'"),
    "wide code": (set_source("sum", "print(1 + 1)  # " + "x" * 65), "81 columns of code"),
    "a fold in the page alone": (lambda nb: cell(nb, "deeper").metadata.clear(), "go together"),
    "a fold in JupyterLab alone": (set_source("deeper", "## More"), "go together"),
    "a folded heading with text": (set_source("deeper", "## Deeper: more\n\nText."), "stands alone in its cell"),
    "no macros": (lambda nb: nb.cells.pop(0), "the first cell is not the macro cell"),
    "other macros": (set_source("macros", MACROS.replace("0072B2", "0000FF")), "the first cell is not the macro cell"),
}


def test_a_good_notebook_has_no_violations():
    assert violations(good()) == []


@pytest.mark.parametrize("name", PLANTED)
def test_planted_defect_is_caught(name):
    plant, words = PLANTED[name]
    nb = good()
    plant(nb)
    assert [breach for breach in violations(nb) if words in breach], violations(nb)


def test_one_ignored_cell_in_twenty_is_allowed():
    nb = good()
    nb.cells += [code(f"more-{count}", "pass", count=count) for count in range(6, 21)]
    add_ignored(nb)
    assert violations(nb) == []


def test_normalise_brings_a_fresh_run_into_normal_form():
    fresh = good()
    fresh.metadata = nbformat.from_dict(
        {"kernelspec": METADATA["kernelspec"], "language_info": {"name": "python", "version": "3.13.0"}, "widgets": {}}
    )
    fresh.nbformat_minor = 4
    cell(fresh, "sum").metadata.update(id="first-sum", execution={"iopub.status.busy": "2024"})
    cell(fresh, "sum").outputs = [printed("2"), printed("\n")]
    cell(fresh, "curve").outputs[0].data[WIDGET] = {"model_id": "x"}
    before = copy.deepcopy(fresh)

    normal = normalise(fresh)

    assert fresh == before
    assert violations(normal) == []
    assert cell(normal, "first-sum").outputs == [printed("2\n")]
    assert normalise(normal) == normal


def test_a_progress_bar_leaves_only_what_stood_at_its_end():
    nb = new_notebook(
        cells=[
            code("bar", "", printed("\r[ ] 0%"), printed("\r[#] 99%\r\x1b[2K")),
            code("last", "", printed("a\n[ ] 0%\r[#] 100%\nb\n")),
        ]
    )
    bar, last = normalise(nb).cells
    assert bar.outputs == [] and last.outputs == [printed("a\n[#] 100%\nb\n")]


def test_only_what_keeps_the_rules_is_stored(tmp_path):
    path = tmp_path / "planted.ipynb"
    source = "from nnlib import landed\n\ndef relu(z):\n    return z\n\nlanded(relu)"
    nb = new_notebook(metadata=METADATA, cells=[good().cells[0], new_code_cell(source, id="relu")])
    nbformat.write(nb, path)
    stored = path.read_bytes()

    problems = make(path)

    assert len(problems) == 1 and "relu here differs from nnlib.activations.relu" in problems[0]
    assert path.read_bytes() == stored

    nb.cells[1].source = "assert True"
    nbformat.write(nb, path)

    assert make(path) == ["cell relu: an assertion that cannot fail: True"]

    nb.cells[1].source = "print('stored')"
    nbformat.write(nb, path)

    assert make(path) == []
    assert json.loads(path.read_text())["cells"][1]["outputs"][0]["text"] == ["stored\n"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_chapter_that_raises_is_not_stored(tmp_path):
    path = tmp_path / "planted.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("1 / 0", id="raise")]), path)
    assert "ZeroDivisionError" in make(path)[0]
