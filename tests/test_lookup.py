"""The pages between the chapters tell the truth: the map shows what is there, every export has its entry, and what the
introduction gives a reader to run does run."""

import re
from pathlib import Path

import pytest
from sphinx_external_toc.parsing import parse_toc_yaml

import nnlib

ROOT = Path(__file__).parents[1]
INTRO = (ROOT / "chapters/intro.md").read_text("utf-8")
API = (ROOT / "chapters/nnlib.md").read_text("utf-8")
CHAPTERS = {Path(page).name for page in parse_toc_yaml(ROOT / "_toc.yml") if re.match(r"chapters/(\d\d|[abc])_", page)}


def linked(intro):
    """The chapters that the map has a link to."""
    return set(re.findall(r"(?m)^\|.*\{doc\}`(\w+)`", intro))


def documented(api):
    """The names that have an entry on the API page."""
    return set(re.findall(r"(?m)^\.\. (?:auto\w+|py:data):: ([\w.]+)", api))


def test_the_map_links_every_chapter_that_is_there_and_no_other(checked):
    assert linked(INTRO) == CHAPTERS
    checked(chapters_on_the_map=len(CHAPTERS))


def test_every_export_has_an_entry(checked):
    assert set(nnlib.__all__) - documented(API) == set()
    checked(exports_on_the_api_page=len(nnlib.__all__))


def test_a_missing_link_and_a_missing_entry_are_noticed():
    assert linked(INTRO.replace("| {doc}`01_one_neuron`", "| One neuron")) == CHAPTERS - {"01_one_neuron"}
    assert set(nnlib.__all__) - documented(API.replace(".. autofunction:: sigmoid\n", "")) == {"sigmoid"}


def right(params, acts, x, t):
    return nnlib.value_and_grad(params, acts, x, t, nnlib.half_mse)[1]


def first_bias_twice(params, acts, x, t):
    (dW, db), *others = right(params, acts, x, t)
    return [(dW, 2 * db), *others]


@pytest.mark.parametrize("my_backward, verdict", [(right, "right: "), (first_bias_twice, "wrong: layer 1 b")])
def test_the_check_that_the_introduction_offers(my_backward, verdict, capsys):
    (code,) = re.findall(r"(?s)```python\n(.*?)```", INTRO)
    exec(code, {"my_backward": my_backward})
    assert capsys.readouterr().out.startswith(verdict)
