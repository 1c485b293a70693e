"""The pages between the chapters tell the truth: the map shows what is there, every export has its entry, and what the
introduction gives a reader to run does run."""

import re
from pathlib import Path

import link_docstrings
import nbformat
import pytest
from pages import WIDE
from sphinx_external_toc.parsing import parse_toc_yaml

import nnlib

ROOT = Path(__file__).parents[1]
INTRO = (ROOT / "chapters/intro.md").read_text("utf-8")
API = (ROOT / "chapters/nnlib.md").read_text("utf-8")
CHAPTERS = {Path(page).name for page in parse_toc_yaml(ROOT / "_toc.yml") if re.match(r"chapters/(\d\d|[abc])_", page)}


def linked(intro):
    """The chapters that the map has a link to, each with the words of the link."""
    return {name: words for words, name in re.findall(r"(?m)^\|[^|]*\| \[([^]]+)\]\((\w+)\.ipynb\)", intro)}


def title(name):
    """What a chapter is called; an appendix without its letter."""
    source = "\n".join(cell.source for cell in nbformat.read(ROOT / f"chapters/{name}.ipynb", as_version=4).cells[:3])
    return re.search(r"(?m)^# (?:[A-Z]\. )?(.+)$", source)[1]


def documented(api):
    """The names that have an entry on the API page."""
    return set(re.findall(r"(?m)^\.\. (?:auto\w+|py:data):: ([\w.]+)", api))


def test_the_map_links_every_chapter_that_is_there_and_no_other(checked):
    assert linked(INTRO) == {name: title(name) for name in CHAPTERS}
    checked(chapters_on_the_map=len(CHAPTERS))


def test_every_export_has_an_entry(checked):
    assert set(nnlib.__all__) - documented(API) == set()
    checked(exports_on_the_api_page=len(nnlib.__all__))


def in_reading_order(api):
    """The modules in the table of the API page."""
    return [name for row in re.findall(r"(?m)^\| (`.*?) \|", api) for name in re.findall(r"`(\w+)`", row)]


def imported_too_early(modules):
    """What a module of nnlib imports at its top though it stands above it in the table."""
    for k, name in enumerate(modules):
        source = (ROOT / f"nnlib/{name}.py").read_text("utf-8")
        yield from ((name, other) for other in re.findall(r"(?m)^from \.(\w+) import", source) if other in modules[k:])


def test_the_modules_stand_in_reading_order(checked):
    modules = in_reading_order(API)
    assert sorted(modules) == sorted(path.stem for path in (ROOT / "nnlib").glob("[!_]*.py"))
    assert list(imported_too_early(modules)) == []
    checked(modules_on_the_api_page=len(modules))
    early = ["layers", *(name for name in modules if name != "layers")]
    assert list(imported_too_early(early)) == [("layers", "contracts")]


def test_a_missing_link_and_a_missing_entry_are_noticed():
    without = INTRO.replace("| [Derive one neuron](01_one_neuron.ipynb)", "| One neuron")
    assert set(linked(without)) == CHAPTERS - {"01_one_neuron"}
    assert linked(INTRO.replace("[Take a whole batch]", "[Batches]"))["09_batches"] != title("09_batches")
    assert set(nnlib.__all__) - documented(API.replace(".. autofunction:: sigmoid\n", "")) == {"sigmoid"}


def users_of_diagnose():
    """The chapters in whose code `diagnose` is called."""
    for name in sorted(CHAPTERS):
        cells = nbformat.read(ROOT / f"chapters/{name}.ipynb", as_version=4).cells
        if any("diagnose(" in cell.source for cell in cells if cell.cell_type == "code"):
            yield name[:2]


def test_what_is_used_before_it_is_taught():
    assert "in chapter 1 and in chapters 5 to 11 some solutions call `nnlib.diagnose`" in INTRO
    assert [k for k in users_of_diagnose() if k <= "11"] == ["01", *(f"{k:02}" for k in range(5, 12))]


def right(params, acts, x, t):
    return nnlib.value_and_grad(params, acts, x, t, nnlib.half_mse)[1]


def first_bias_twice(params, acts, x, t):
    (dW, db), *others = right(params, acts, x, t)
    return [(dW, 2 * db), *others]


SNIPPET, CHECK = re.findall(r"(?s)```python\n(.*?)```", INTRO)
(SAID,) = re.findall(r"(?s)```text\n(.*?)```", INTRO)


def run(code, capsys, **names):
    exec(code, names)
    return capsys.readouterr().out


def test_the_first_snippet_runs_as_printed_and_says_what_is_printed(capsys):
    assert run(SNIPPET, capsys).startswith(SAID.rstrip())


def test_the_change_that_the_introduction_offers_makes_it_right(capsys):
    (better,) = re.findall(r"With `(delta1 = .*?)` it is right", INTRO)
    assert SNIPPET.count("delta1 = delta2 @ W2\n") == 1
    mended = SNIPPET.replace("delta1 = delta2 @ W2\n", f"{better}\n")
    assert run(mended, capsys).startswith("Right")


@pytest.mark.parametrize("my_backward, verdict", [(right, "right: "), (first_bias_twice, "wrong: layer 1 b")])
def test_the_check_that_the_introduction_offers(my_backward, verdict, capsys):
    assert run(CHECK, capsys, my_backward=my_backward).startswith(verdict)


# The picture ----------------------------------------------------------------------------------------------------

PICTURE = "img[src$='passes.svg']"


def pictures(browser, site, waits, **options):
    """What the introduction's picture looks like after each of these waits, in milliseconds."""
    with browser.new_context(viewport={"width": WIDE, "height": 900}, **options) as context:
        page = context.new_page()
        page.goto(site + "chapters/intro.html")
        for wait in waits:
            page.wait_for_timeout(wait)
            yield page.locator(PICTURE).screenshot()


def test_the_picture_moves_once_and_not_for_those_who_want_less_motion(browser, book):
    (still,) = pictures(browser, book, [0], reduced_motion="reduce")
    at_once, at_the_end = pictures(browser, book, [0, 6000])
    assert at_once != at_the_end and still == at_the_end


def test_a_docstring_leads_to_its_chapters_and_articles():
    pages = {"chapters/03_jacobians", "chapters/a_find_the_bug", "chapters/nnlib"}
    assert link_docstrings.linked("Built in chapter 3; articles 002 (step 1) and 004's. Appendix A.", pages) == (
        "Built in :doc:`chapter 3 </chapters/03_jacobians>`; :cite:author:`article002` (step 1) and "
        ":cite:author:`article004`'s. Appendix A."
    )
    assert link_docstrings.linked("Shown in appendix A; chapter 4; 1000.", pages) == (
        "Shown in :doc:`appendix A </chapters/a_find_the_bug>`; chapter 4; 1000."
    )
