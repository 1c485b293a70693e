"""Sections headed "Deeper: …" in a real browser: folded whole, open to the keyboard, to links, a search, on paper."""

import re
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from pages import CHECKS, ROOT, accessibility, links, opened, paper, serve, unfold

from chapters import MACROS, METADATA, violations

FOLDED = {"jp-MarkdownHeadingCollapsed": True}
CELLS = [
    new_markdown_cell(MACROS, id="macros", metadata={"tags": ["remove-cell"]}),
    new_markdown_cell("(planted)=\n# Plant a fold\n\nA page with one folded section.", id="title"),
    new_markdown_cell("## In the open\n\nSee {eq}`eq:inside` and {ref}`the label <way-in>`.", id="open"),
    new_markdown_cell("(way-in)=\n## Deeper: the fold", id="deeper", metadata=FOLDED),
    new_markdown_cell("A hidden walrus.\n\n$$\na = b\n$$ (eq:inside)", id="text"),
    new_code_cell(
        "print(6 * 7)", id="code", execution_count=1, outputs=[new_output("stream", name="stdout", text="42\n")]
    ),
    new_markdown_cell("### Deeper still\n\nAn inner word.", id="inner"),
    new_markdown_cell("## After the fold\n\nIn the open again.", id="after"),
]
INTRO = "# A book\n\n{ref}`To the fold <way-in>`\n"
FOLD = "details.deeper"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A small book with the settings of this one."""
    folder = tmp_path_factory.mktemp("folded")
    for place in ("_ext", "_static", "_templates"):
        shutil.copytree(ROOT / place, folder / place, ignore=shutil.ignore_patterns("__pycache__"))
    config = (ROOT / "_config.yml").read_text("utf-8")
    (folder / "_config.yml").write_text(config.replace("chapters/references.bib", "references.bib"), "utf-8")
    (folder / "references.bib").touch()
    (folder / "_toc.yml").write_text("format: jb-book\nroot: intro\nchapters:\n- file: planted\n")
    (folder / "intro.md").write_text(INTRO)
    nbformat.write(new_notebook(metadata=METADATA, cells=CELLS), folder / "planted.ipynb")
    command = [Path(sys.executable).with_name("jupyter-book"), "build", ".", "--quiet", "-W", "-n", "--keep-going"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder / "_build" / "html"


# -------------------------------------------------------------------------- checks: each yields what is wrong, in words


def is_open(page):
    return page.locator("text=A hidden walrus.").evaluate("(place) => place.checkVisibility()")


def whole(browser, site):
    """All of the section is folded, code and subsections too, and nothing else."""
    with opened(browser, site, "planted.html") as (page, problems):
        for words, seen in {
            "Deeper: the fold": True,
            "A hidden walrus.": False,
            "42": False,
            "An inner word.": False,
            "In the open again.": True,
        }.items():
            if page.get_by_text(words).last.evaluate("(place) => place.checkVisibility()") != seen:
                yield f"{words!r} is {'folded' if seen else 'in the open'}"
        yield from problems


def by_keyboard(browser, site):
    """Enter opens and closes it, and a screen reader is told."""
    with opened(browser, site, "planted.html") as (page, problems):
        if not page.locator(f"{FOLD} > summary").count():
            yield "there is no disclosure"
            return
        page.locator(f"{FOLD} > summary").focus()
        for expected in (False, True, False):
            if is_open(page) != expected or expanded(page) != expected:
                yield f"open is {is_open(page)} and said to be {expanded(page)}, expected {expected}"
            page.keyboard.press("Enter")
        yield from problems


def expanded(page):
    """What assistive technology hears of the fold's state."""
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    for node in tree:
        if "the fold" in node.get("name", {}).get("value", "") and node["role"]["value"] == "DisclosureTriangle":
            return next(p["value"]["value"] for p in node["properties"] if p["name"] == "expanded")


def by_address(browser, site):
    """The address of the heading, of its label, of an equation and of a subsection inside."""
    for anchor in ("deeper-the-fold", "way-in", "equation-eq-inside", "deeper-still"):
        with opened(browser, site, f"planted.html#{anchor}") as (page, problems):
            page.wait_for_timeout(100)
            yield from opens(page, anchor) + problems


def by_link(browser, site):
    """A link on the page, also once more after it was closed; a link on another page."""
    with opened(browser, site, "planted.html") as (page, problems):
        for time in ("first", "second"):
            page.get_by_role("link", name="the label").click()
            page.wait_for_timeout(100)
            yield from opens(page, f"the {time} click")
            page.locator(FOLD).evaluate("(fold) => (fold.open = false)")
        yield from problems
    with opened(browser, site, "intro.html") as (page, problems):
        page.get_by_role("link", name="To the fold").click()
        page.wait_for_load_state()
        page.wait_for_timeout(100)
        yield from opens(page, "a link on another page") + problems


def opens(page, way):
    if not is_open(page):
        return [f"{way}: closed"]
    shown = "(place) => place.getBoundingClientRect().top < innerHeight"
    return [] if page.locator(f"{FOLD} > summary").evaluate(shown) else [f"{way}: open out of view"]


def by_search(browser, site):
    """The book's own search marks its words; the browser's finds them in what is folded, as a link to a text does."""
    with opened(browser, site, "search.html?q=walrus") as (page, problems):
        page.locator("#search-results ul.search li a").first.click()
        page.locator("main .highlighted").first.wait_for(state="attached")
        page.wait_for_timeout(100)
        yield from opens(page, "the book's search") + problems
    with opened(browser, site, "planted.html#:~:text=hidden%20walrus") as (page, problems):
        page.wait_for_timeout(500)
        yield from opens(page, "the browser's search") + problems


def on_paper(browser, site):
    with opened(browser, site, "planted.html") as (page, problems):
        yield from paper(page)
        yield from problems


def good_page(browser, site):
    """Links, numbers and accessibility, closed and open."""
    with opened(browser, site, "planted.html") as (page, problems):
        yield from [*links(page), *accessibility(page), *page.evaluate(f"{CHECKS}.formulas()")]
        unfold(page)
        yield from accessibility(page)
        if "(1)" not in page.locator("#equation-eq-inside").inner_text():
            yield "the equation has lost its number"
        if not page.locator("nav.page-toc a, .bd-toc a").get_by_text("Deeper: the fold").count():
            yield "the page's contents do not list it"
        yield from problems


WAYS = (whole, by_keyboard, by_address, by_link, by_search, on_paper, good_page)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_deeper_section(browser, built, way):
    with serve(built) as site:
        assert list(way(browser, site)) == []


# ---------------------------------------------------------------------------------------------------- planted defects


def replace(name, old, new):
    def plant(folder):
        text = (folder / name).read_text("utf-8")
        changed = re.sub(old, new, text, flags=re.DOTALL)
        assert changed != text
        (folder / name).write_text(changed, "utf-8")

    return plant


PAGE, SCRIPT, STYLE = "planted.html", "_static/fold.js", "_static/book.css"
PLANTED = {
    "no fold": (whole, replace(PAGE, '<details class="deeper">', '<details class="deeper" open>'), "in the open"),
    "a fold that ends before the code": (
        whole,
        replace(PAGE, r'(<div class="cell docutils.*?)</details>', r"</details>\1"),
        "'42' is in the open",
    ),
    "a fold that takes what follows": (
        whole,
        replace(PAGE, r'(</details></section>)(\n<section id="after.*?</section>)', r"\2\1"),
        "'In the open again.' is folded",
    ),
    "a heading for the eye alone": (by_keyboard, replace(PAGE, "<(/?)summary>", r"<\1div>"), "no disclosure"),
    "a state kept to itself": (by_keyboard, replace(PAGE, "<summary>", '<summary role="img">'), "said to be None"),
    "a link to the heading": (by_address, replace(SCRIPT, ".*", ""), "deeper-the-fold: closed"),
    "a link clicked again": (by_link, replace(SCRIPT, r'addEventListener\("click.*', ""), "second click: closed"),
    "a link on the page": (by_link, replace(SCRIPT, '"hashchange"', '"nothing"'), "first click: closed"),
    "a word searched for": (by_search, replace(SCRIPT, "[.]highlighted", ".nothing"), "book's search: closed"),
    "a word that the browser cannot find": (
        by_search,
        replace(STYLE, "$", "details.deeper:not([open]) > :not(summary) { display: none }"),
        "browser's search: closed",
    ),
    "a fold on paper": (on_paper, replace(STYLE, "details::details-content", "details.none"), "folded on paper"),
    "an equation without its number": (good_page, replace(PAGE, r'eqno">\(1\)', 'eqno">'), "its number"),
    "a heading without a name": (good_page, replace(PAGE, "<summary><h2>.*?</h2>", "<summary>"), "axe summary-name"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_defect_is_found(browser, built, tmp_path, name, checked):
    way, plant, words = PLANTED[name]
    folder = shutil.copytree(built, tmp_path / "html")
    plant(folder)
    with serve(folder) as site:
        with closing(way(browser, site)) as problems:
            assert any(words in problem for problem in problems)
    checked(planted_folds=1)


# -------------------------------------------------------------------------------------------------- the stored notebook


def test_the_notebook_is_in_normal_form():
    assert violations(new_notebook(metadata=METADATA, nbformat_minor=5, cells=CELLS)) == []
