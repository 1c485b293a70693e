"""What hangs on the repository's address: nothing leads nowhere without it, and all of it is there with it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from furniture import DESCRIPTION, pages_address
from nbformat.v4 import new_markdown_cell, new_notebook

import nnlib
from chapters import CHAPTERS, MACROS, METADATA

ROOT = CHAPTERS.parent
HOW_TO_RUN = (CHAPTERS / "intro.md").read_text("utf-8").partition("**The package alone.**")[2]
DENSE = "\n```{eval-rst}\n.. py:module:: nnlib\n\n.. py:function:: dense(x, W, b)\n```\n"


def build(book, url):
    """A book of two pages with this book's settings, at an address."""
    for folder in ("_static", "_templates", "_ext"):
        shutil.copytree(ROOT / folder, book / folder)
    (book / "tests").symlink_to(ROOT / "tests")  # whose data an extension shows
    settings = (ROOT / "_config.yml").read_text("utf-8")
    assert settings.count('\n  url: ""') == 1
    (book / "_config.yml").write_text(settings.replace('\n  url: ""', f'\n  url: "{url}"'))
    (book / "_toc.yml").write_text("format: jb-book\nroot: chapters/intro\nchapters: [{file: chapters/one}]\n")
    (book / "chapters").mkdir()
    shutil.copy(CHAPTERS / "references.bib", book / "chapters")
    (book / "chapters" / "intro.md").write_text(
        "# Planted\n\nA sum, $1 + 1$.\n\nWords & no formula.\n" + DENSE + HOW_TO_RUN
    )
    cells = [new_markdown_cell(MACROS, metadata={"tags": ["remove-cell"]}), new_markdown_cell("# One\n\n$x$ only.")]
    nbformat.write(new_notebook(metadata=METADATA, cells=cells), book / "chapters" / "one.ipynb")
    command = [Path(sys.executable).with_name("jupyter-book"), "build", book, "--quiet", "-W", "-n", "--keep-going"]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return book / "_build" / "html"


@pytest.fixture(scope="module")
def at_home(tmp_path_factory):
    return build(tmp_path_factory.mktemp("home"), "")


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return build(tmp_path_factory.mktemp("published"), "https://github.com/Ada/engine")


def test_without_an_address_nothing_leads_nowhere(at_home):
    pages = "".join(page.read_text("utf-8") for page in at_home.rglob("*.html"))
    assert re.findall(r"mybinder|github\.com|rel=\"canonical\"|<base", pages) == []
    assert not (at_home / "sitemap.xml").exists()


def test_with_an_address_a_notebook_opens_in_binder(published):
    page = (published / "chapters" / "one.html").read_text("utf-8")
    assert "https://mybinder.org/v2/gh/Ada/engine/main?urlpath=lab/tree/chapters/one.ipynb" in page
    assert 'href="https://github.com/Ada/engine"' in page
    assert '<link rel="canonical" href="https://ada.github.io/engine/chapters/one.html"' in page


def test_with_an_address_there_is_a_sitemap(published):
    places = re.findall("<loc>(.*?)</loc>", (published / "sitemap.xml").read_text("utf-8"))
    assert places == [f"https://ada.github.io/engine/chapters/{name}.html" for name in ("intro", "one")]


def test_the_404_page_works_at_any_depth(published):
    page = (published / "404.html").read_text("utf-8")
    assert page.index('<base href="https://ada.github.io/engine/" />') < page.index("<link")


def test_a_page_is_described_by_its_first_plain_words(at_home):
    assert '<meta name="description" content="Words &amp; no formula." />' in (
        at_home / "chapters/intro.html"
    ).read_text("utf-8")
    assert DESCRIPTION in (at_home / "chapters/one.html").read_text("utf-8")


def test_a_link_to_a_page_shows_what_it_is(at_home, published):
    page = (published / "chapters" / "one.html").read_text("utf-8")
    told = dict(re.findall(r'<meta property="og:(\S+)" content="([^"]*)"', page))
    assert told["title"] == "1. One" or told["title"] == "One"
    assert told["description"] and told["site_name"] == "Backpropagation you can check"
    assert told["url"] == "https://ada.github.io/engine/chapters/one.html"
    assert (published / told["image"].removeprefix("https://ada.github.io/engine/")).stat().st_size < 300_000
    assert "og:image" not in (at_home / "chapters" / "one.html").read_text("utf-8")


def test_the_footer_says_the_version(at_home):
    assert f"Version {nnlib.__version__}" in (at_home / "chapters" / "one.html").read_text("utf-8")


def test_with_an_address_errors_can_be_reported_and_pages_edited(published):
    page = (published / "chapters" / "one.html").read_text("utf-8")
    assert "https://github.com/Ada/engine/issues/new" in page and "/edit/main/chapters/one.ipynb" in page


def test_the_introduction_says_how_to_run_what_is_there(published, at_home):
    told, untold = (
        re.sub("<[^>]*>", "", (book / "chapters" / "intro.html").read_text()) for book in (published, at_home)
    )
    assert "pip install git+https://github.com/Ada/engine\n" in told
    assert "The rocket at the top" in told and "a better sentence?" in told and "Not yet" not in told
    assert "pip install git+ADDRESS  # of your copy of the repository" in untold
    assert "Not yet: this copy of the book has no public address." in untold and "The rocket" not in untold


def test_with_an_address_a_function_leads_to_its_source(published, at_home):
    page = (published / "chapters" / "intro.html").read_text("utf-8")
    first, last = map(
        int, re.search(r'href="https://github\.com/Ada/engine/blob/main/nnlib/layers\.py#L(\d+)-L(\d+)"', page).groups()
    )
    lines = (ROOT / "nnlib" / "layers.py").read_text("utf-8").splitlines()[first - 1 : last]
    assert any(line.startswith("def dense(") for line in lines) and lines[-1].startswith("    return")
    assert "[source]" not in (at_home / "chapters" / "intro.html").read_text("utf-8")


@pytest.mark.parametrize(
    "url", ["https://github.com/Ada/engine", "https://github.com/Ada/engine/", "https://github.com/Ada/engine.git"]
)
def test_the_address_of_the_pages(url):
    assert pages_address(url) == "https://ada.github.io/engine/"
