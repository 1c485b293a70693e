"""Every page of the built book as its readers meet it: on a desk and on a phone, light and dark, from a server and from
a folder, by keyboard, by ear and on paper."""

from collections import Counter
from pathlib import Path

import nbformat
import pytest
from pages import (
    AXE_VERSION,
    HTML,
    PHONE,
    ROOT,
    WIDE,
    accessibility,
    accessibility_by_look,
    census,
    contrast,
    explorers,
    figures,
    formulas,
    inner_links,
    links,
    opened,
    other_hosts,
    overflow,
    paper,
    questions,
    raw_markup,
    reach,
    resize,
    theme,
    unfold,
    weight,
)
from sphinx_external_toc.parsing import parse_toc_yaml

PAGES = [*parse_toc_yaml(ROOT / "_toc.yml"), "404", "genindex", "search"]
FOLDER = HTML.as_uri() + "/"
KINDS = [
    "chapters/intro",
    "chapters/02_many_paths",
    "chapters/check_yours",
    "chapters/c_sources",
    "chapters/nnlib",
    "search",
]
LOOK = formulas, contrast, figures, theme, overflow, reach

seen = Counter()


def test_the_book_builds(book):
    """First, so that the time it takes is told apart from that of the pages."""
    assert (HTML / "index.html").exists()


def test_the_pages_are_those_of_the_contents(book):
    on_disk = {path.relative_to(HTML).with_suffix("").as_posix() for path in HTML.rglob("*.html")}
    assert {page for page in on_disk if not page.startswith("_static/")} == {*PAGES, "index"}, "stale pages? make clean"


@pytest.mark.parametrize("name", PAGES)
def test_page(browser, book, name):
    """Colours are those of the scheme, sizes those of the width: light and wide, dark and narrow are judged whole, the
    other two views for what lies where. Explorers and questions work the same in all."""
    with opened(browser, book, f"{name}.html", "light", WIDE) as (page, problems):
        unfold(page)
        counts = census(page)
        seen.update(counts, pages=1, links=len(inner_links(page)))
        for check in (weight, raw_markup, links, other_hosts, explorers, questions, *LOOK, accessibility):
            problems += check(page)
        page.emulate_media(color_scheme="dark")
        problems += overflow(page) + reach(page)
        resize(page, PHONE)
        for check in (*LOOK, accessibility_by_look):
            problems += check(page)
        page.emulate_media(color_scheme="light")
        problems += overflow(page) + reach(page) + paper(page)
    assert problems == []
    assert counts.items() >= in_notebook(name).items()


@pytest.mark.parametrize("name", KINDS)
def test_page_from_a_folder(browser, book, name):
    with opened(browser, FOLDER, f"{name}.html", "dark", PHONE) as (page, problems):
        unfold(page)
        for check in (explorers, questions, *LOOK):
            problems += check(page)
    assert problems == []


def in_notebook(name):
    """How many figures, explorers and questions a page's notebook holds."""
    path = ROOT / f"{name}.ipynb"
    if not path.exists():
        return {}
    code = (cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")
    data = [output.get("data", {}) for cell in code for output in cell.outputs]
    html = [bundle.get("text/html", "") for bundle in data]  # an explorer, or the card of a diagnosis with its drawing
    pictures = sum(any(kind.startswith("image/") for kind in bundle) for bundle in data)
    return {
        "figures": pictures + "".join(html).count("<img "),
        "explorers": sum('class="explorer"' in page for page in html),
        "questions": sum('class="ask"' in page for page in html),
    }


def test_every_notebook_can_be_downloaded(book, checked):
    notebooks = [name for name in PAGES if (ROOT / f"{name}.ipynb").exists()]
    for name in notebooks:
        assert f"_sources/{name}.ipynb" in Path(HTML, f"{name}.html").read_text("utf-8")
        assert Path(HTML, "_sources", f"{name}.ipynb").read_bytes() == Path(ROOT, f"{name}.ipynb").read_bytes()
    checked(downloads=len(notebooks))


INKS = "[...['', ' .fwd', ' .grad'].map((part) => getComputedStyle(document.querySelector('mjx-math' + part)).color)]"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_flows_forward_and_back_has_its_colour(browser, book, scheme):
    with opened(browser, book, "chapters/05_a_layer.html", scheme) as (page, _):
        inks = page.evaluate(INKS)
    assert len(set(inks)) == 3, inks


def test_the_search_finds_a_page(browser, book):
    for place in (book, FOLDER):
        with opened(browser, place, "search.html?q=sigmoid") as (page, problems):
            page.locator("#search-results ul.search li a").first.wait_for()
            hits = page.locator("#search-results ul.search li a").all_inner_texts()
        assert any("neuron" in hit for hit in hits), hits
        assert problems == []


def test_the_front_door_leads_in(browser, book):
    with opened(browser, book, "404.html") as (page, _):
        page.goto(book)
        page.wait_for_url("**/chapters/intro.html")


def test_everything_was_seen(checked):
    assert seen["pages"] == len(PAGES)
    checked(**seen, **{f"pages_by_axe-core_{AXE_VERSION}": seen["pages"]})
