"""Every chapter's core keeps its limits, and the tool that counts it finds what is planted."""

import copy

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from routes import parts, rows, stated, violations

from chapters import CHAPTERS

NUMBERED = sorted(CHAPTERS.glob("[0-9]*.ipynb"))
DEEPER, QUESTIONS = "5 more with the sections headed *Deeper*", "10 more with the questions and exercises"
TAKES = f"**It takes** about 30 minutes, {DEEPER}, and {QUESTIONS}."
FORMULA = "$$\na = b\n$$ (eq:planted)\n\n"


def good():
    """A chapter with one of everything: 3000 words, 3 formulas and 24 lines in its core."""
    return new_notebook(
        cells=[
            new_markdown_cell(f"(planted)=\n# Plant a limit\n\nWords.\n\n{TAKES}", id="title"),
            new_markdown_cell("## Read\n\n" + "word " * 2500 + "\n\n" + 3 * FORMULA, id="text"),
            new_code_cell("x = 1\n" * 12, id="code"),
            new_code_cell("assert x == 1", id="check", metadata={"tags": ["hide-cell"]}),
            new_markdown_cell("## Deeper: more", id="deeper"),
            new_markdown_cell(300 * "word " + "\n\n" + FORMULA, id="more"),
            new_code_cell("y = 1\n\n" * 6, id="more-code"),
            new_markdown_cell("### A part of it", id="part"),
            new_code_cell("plots.figure(print)", id="more-figure"),
            new_markdown_cell("## Read on\n\n:::{dropdown} Answer\nFolded words do not count.\n:::", id="on"),
            new_markdown_cell("## Five questions\n\nOne?", id="questions"),
            new_code_cell("assert x", id="starter"),
            new_markdown_cell("## Exercises\n\nTwo.", id="exercises"),
        ]
    )


def cell(nb, name):
    return next(cell for cell in nb.cells if cell.id == name)


def add(name, text):
    return lambda nb: cell(nb, name).update(source=cell(nb, name).source + text)


PLANTED = {
    "too many equations": (add("text", 14 * FORMULA), "17 displayed equations in the core, at most 16"),
    "an indented equation": (add("text", "1. One\n\n   $$\n   a = b\n   $$\n" * 14), "17 displayed equations"),
    "too many cells": (
        lambda nb: nb.cells.__setitem__(slice(3, 3), [new_code_cell("x = 1", id=f"c{k}") for k in range(40)]),
        "41 visible code cells in the core",
    ),
    "too little prose": (add("code", "x = 1\n" * 300), "words a visible line of code in the core, at least 10"),
    "a bare assertion": (lambda nb: cell(nb, "check").metadata.clear(), "cell check only asserts"),
    "bare assertions in a loop": (
        lambda nb: cell(nb, "code").update(source="for x in y:\n    assert x"),
        "cell code only asserts",
    ),
    "a bare figure": (
        lambda nb: cell(nb, "code").update(source="plots.figure(lambda ax: ax.plot(x))"),
        "cell code only draws",
    ),
    "an explorer's functions": (
        lambda nb: cell(nb, "code").update(source="def draw(ax, x):\n    ax.plot(x)\n\n\ndef say(x):\n    return x"),
        "cell code only draws",
    ),
    "no minutes": (lambda nb: cell(nb, "title").update(source="# Plant\n\nWords."), "states no minutes"),
    "minutes in another form": (
        lambda nb: cell(nb, "title").update(source="(a)=\n# Plant\n\nAbout 30 minutes."),
        "states no minutes",
    ),
    "too long": (
        lambda nb: cell(nb, "title").update(source=f"(a)=\n# A\n\n{TAKES.replace('30', '50')}"),
        "takes 50 minutes",
    ),
    "minutes too few": (add("text", "word " * 1200), "core: 30 minutes stated, 41 estimated"),
    "deeper minutes too few": (add("more", "word " * 1000), "deeper: 5 minutes stated, 15 estimated"),
}


def test_a_good_chapter_is_counted():
    counted = parts(good())
    core, deeper, questions = (counted[route] for route in ("core", "deeper", "questions"))
    assert (core.formulas, core.cells, core.lines, core.bare) == (3, 1, 12, [])
    assert (deeper.formulas, deeper.cells, deeper.lines) == (1, 2, 7)
    assert (questions.cells, questions.words) == (1, 5)
    assert 2500 < core.words < 2540 and 300 < deeper.words < 310
    assert stated(good()) == {"core": 30, "deeper": 5, "questions": 10}
    assert list(violations(good())) == []


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_breach_is_found(name, checked):
    plant, words = PLANTED[name]
    nb = copy.deepcopy(good())
    plant(nb)
    assert [breach for breach in violations(nb) if words in breach], list(violations(nb))
    checked(planted_limits=1)


@pytest.mark.parametrize("path", NUMBERED, ids=lambda path: path.stem)
def test_the_core_of_a_chapter_keeps_its_limits(path, checked):
    assert list(violations(nbformat.read(path, as_version=4))) == []
    checked(cores=1)


def test_the_table_has_a_line_for_each_chapter():
    lines = list(rows({"planted": good()}))
    assert lines[-1].split() == ["planted", "30", "29", "3", "1", "210.8", "5", "1", "2"]
