"""Questions: the grammar of both faces against NumPy, what is said of an answer, and the page by keyboard and by ear."""

import numpy as np
import pytest
from formulas import NAMES, agree, by_numpy, formulas
from pages import ROOT, browser  # noqa: F401, a fixture

from nnlib.ask import Case, Choice, Expression, Line, Lines, Number, Option
from nnlib.grammar import Complaint, evaluate

SCRIPT = (ROOT / "_static" / "ask.js").read_text("utf-8")
COUNT = 900


@pytest.fixture(scope="module")
def page(browser):  # noqa: F811
    """An empty page with the questions' script."""
    with browser.new_page() as page:
        page.add_script_tag(content=SCRIPT)
        yield page


IN_THE_PAGE = """([formulas, names]) => formulas.map((formula) => {
  try {
    const { shape, data } = ask.evaluate(formula, ask.scope(names));
    return { shape, data: data.map(String) };
  } catch (error) {
    return error.kind ?? `a fault: ${error.message}`;
  }
})"""


def in_the_page(page, typed):
    answers = page.evaluate(IN_THE_PAGE, [typed, {name: value.tolist() for name, value in NAMES.items()}])
    return [a if isinstance(a, str) else a | {"data": [float(x.replace("Infinity", "inf")) for x in a["data"]]} for a in answers]


def in_python(formula):
    try:
        value = np.asarray(evaluate(formula, NAMES), dtype=float)
    except Complaint as complaint:
        return complaint.kind
    return {"shape": list(value.shape), "data": value.ravel().tolist()}


def disagreements(answers, expected):
    return [(f, got, want) for (f, want), got in zip(expected.items(), answers, strict=True) if not agree(got, want)]


@pytest.fixture(scope="module")
def expected():
    """What NumPy makes of random formulas."""
    return {f: value for f in formulas(COUNT) if (value := by_numpy(f)) != "attribute"}


def test_the_formulas_are_of_all_kinds(expected, checked):
    values = [value for value in expected.values() if not isinstance(value, str)]
    assert len(values) >= 400 and {len(value["shape"]) for value in values} == {0, 1, 2}
    assert list(expected.values()).count("shape") >= 50
    checked(formulas_against_numpy=len(expected))


def test_the_page_evaluates_as_numpy_does(page, expected):
    assert disagreements(in_the_page(page, list(expected)), expected) == []


def test_the_kernel_evaluates_as_numpy_does(expected):
    assert disagreements([in_python(f) for f in expected], expected) == []
