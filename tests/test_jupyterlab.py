"""Chapter 1 in a real JupyterLab: read before anything has run, run, and moved by hand."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from pages import CHECKS, ROOT, opened
from playwright.sync_api import expect

from chapters import COLLAPSED, MACROS, METADATA

CHAPTER = ROOT / "chapters" / "01_one_neuron.ipynb"
BIN = Path(sys.executable).parent
TOKEN = "reader"

# Everything that JupyterLab reads or writes, in a folder of the test
PLACES = {
    "IPYTHONDIR": "ipython",
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_DATA_DIR": "data",
    "JUPYTER_RUNTIME_DIR": "runtime",
    "JUPYTERLAB_SETTINGS_DIR": "settings",
    "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
}
UNKNOWN = """\
$x^2$ and $\\unknown{x}$

:::{nowhere}
:::
"""
MARKED = """\
It fell from 0.83<!-- loss "at first:" --> to **0.25**<!-- loss -->, and $7$<!-- = 1 + 6 --> times.

| at last |
|---------|
| 0.25<!-- loss --> |

:::{dropdown} Answer
- a third<!-- given -->
:::
"""
LINKED = "Go on: [Add up the paths](02_many_paths.ipynb), [000-33](c_sources.ipynb#s-000-33)"
CELLS = [
    new_markdown_cell(MACROS, id="macros"),
    new_markdown_cell(UNKNOWN, id="unknown"),
    new_markdown_cell(MARKED, id="marked"),
    new_markdown_cell(LINKED, id="linked"),
    new_markdown_cell("## Deeper: lies open", id="open"),
    new_markdown_cell("Not folded", id="not-folded"),
    new_markdown_cell("(a-fold)=\n## Deeper: the fold", id="deeper", metadata={COLLAPSED: True}),
    new_markdown_cell("Words inside", id="words"),
    new_code_cell("answer = 42", id="code"),
    new_markdown_cell("### Inside still", id="inner"),
    new_markdown_cell("## After it", id="after"),
]
INSIDE = ("Words inside", "answer = 42", "Inside still")
EVERY_CELL = '{"windowingMode": "none"}'  # also those out of view


def free_port():
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab on a copy of the chapters."""
    home, port = tmp_path_factory.mktemp("lab"), free_port()
    chapters = shutil.copytree(CHAPTER.parent, home / "chapters")
    nbformat.write(new_notebook(cells=CELLS, metadata=METADATA), chapters / "planted.ipynb")
    settings = home / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text(EVERY_CELL)
    environment = os.environ | {name: str(home / place) for name, place in PLACES.items()}
    # as `make lab` and Binder do: JupyterLab hides the figures of a notebook that is not trusted
    subprocess.run([BIN / "jupyter-trust", chapters / CHAPTER.name], env=environment, check=True, capture_output=True)

    command = [
        BIN / "jupyter-lab",
        chapters,
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        "--ServerApp.port_retries=0",
    ]
    command += [f"--IdentityProvider.token={TOKEN}", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    with open(home / "log", "w") as log:
        server = subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        address = f"http://127.0.0.1:{port}/"
        wait_for(f"{address}api?token={TOKEN}", server, home / "log")
        yield address
    finally:
        server.terminate()
        try:
            server.wait(30)
        except (
            subprocess.TimeoutExpired
        ):  # it waits for a kernel that was still starting; kernels end with their parent
            server.kill()
            server.wait(30)


def wait_for(address, server, log):
    for _ in range(240):
        assert server.poll() is None, log.read_text()
        try:
            return urlopen(address).close()
        except URLError:
            time.sleep(0.25)
    raise TimeoutError(log.read_text())


@contextmanager
def in_lab(browser, lab, name):
    """A notebook as JupyterLab opens it, in a workspace of its own, its text drawn."""
    with opened(browser, lab, f"lab/workspaces/{name}/tree/{name}.ipynb?token={TOKEN}") as (page, _):
        page.locator(".jp-MarkdownCell").first.wait_for(timeout=60_000)
        expect(page.locator(".jp-MarkdownCell:not(:has(.myst > *))")).to_have_count(1, timeout=60_000)  # the macros
        yield page.locator(".jp-Notebook")


@pytest.fixture(scope="module")
def notebook(browser, lab):
    with in_lab(browser, lab, CHAPTER.stem) as opened_chapter:
        yield opened_chapter


@pytest.fixture(scope="module")
def planted(browser, lab):
    with in_lab(browser, lab, "planted") as opened_notebook:
        yield opened_notebook


def stored(kind, words=""):
    """How many of the chapter's stored outputs are of a kind, and hold these words."""
    cells = nbformat.read(CHAPTER, as_version=4).cells
    data = [output.get("data", {}) for cell in cells for output in cell.get("outputs", ())]
    return sum(words in bundle[kind] for bundle in data if kind in bundle)


def test_before_anything_has_run_its_figures_and_explorers_are_there(notebook, checked):
    figures = notebook.locator("[data-mime-type='image/svg+xml'] img")
    explorers = notebook.locator("figure.explorer:has(input[type=range]) img")
    expect(figures).to_have_count(stored("image/svg+xml"))
    expect(explorers).to_have_count(stored("text/html", 'class="explorer"'))
    for pictures in (figures, explorers):
        assert (
            pictures.evaluate_all(
                "(all) => all.filter((picture) => !picture.naturalWidth || !picture.checkVisibility())"
            )
            == []
        )
    checked(figures_in_jupyterlab=figures.count(), explorers_in_jupyterlab=explorers.count())


def unrendered(notebook):
    """Markup that reached the reader as it was typed, and directives that JupyterLab does not know."""
    return (
        notebook.evaluate(f"(place) => {CHECKS}.rawMarkup(place)")
        + notebook.get_by_text("Unknown Directive").all_inner_texts()
    )


def test_all_its_markup_is_rendered(notebook, checked):
    cells = nbformat.read(CHAPTER, as_version=4).cells
    expect(notebook.locator(".jp-Cell")).to_have_count(len(cells))
    assert unrendered(notebook) == []
    checked(formulas_in_jupyterlab=notebook.locator(".katex").count())


def test_it_runs_and_its_explorer_moves(notebook):
    page = notebook.page
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    running = notebook.get_by_text("[*]:", exact=True)
    running.first.wait_for()
    expect(running).to_have_count(0, timeout=60_000)
    failures = "[data-mime-type='application/vnd.jupyter.error'], [data-mime-type='application/vnd.jupyter.stderr']"
    assert notebook.locator(failures).all_inner_texts() == []

    live = notebook.locator(".jupyter-widgets:has(img)").last
    before = live.locator("img").get_attribute("src")
    live.locator("xpath=..").get_by_role("slider").first.press("ArrowRight")
    expect(live.locator("img")).not_to_have_attribute("src", before)


# What a notebook may hold, planted ------------------------------------------------------------------------------------


def test_markup_that_is_not_rendered_is_found(planted):
    found = unrendered(planted)
    assert r"raw markup in the text: \unknown{x}" in found
    assert "nowhere - Unknown Directive" in found


def test_a_mark_behind_a_number_is_not_seen(planted):
    text = planted.locator(".jp-MarkdownCell").filter(has_text="It fell").locator(".myst")
    expect(text.locator("p").first).to_have_text(re.compile(r"^It fell from 0.83 to 0.25, and .*7 times\.$"))
    expect(text.locator("td").first).to_have_text("0.25")
    for word in ("loss", "given", "<!--", "-->", "= 1"):
        assert word not in text.text_content()


def test_a_deeper_section_is_folded_and_opens(planted):
    inside = [planted.locator(".jp-Cell").filter(has_text=words) for words in INSIDE]
    for cell in inside:
        expect(cell).to_be_hidden()
    expect(planted.locator(".jp-Cell").filter(has_text="After it")).to_be_visible()
    planted.locator(".jp-Cell").filter(has_text="Deeper: the fold").click()
    planted.page.keyboard.press("Escape")
    planted.page.keyboard.press("ArrowRight")  # JupyterLab's key for "expand this heading"
    for cell in inside:
        expect(cell).to_be_visible()
    planted.page.keyboard.press("ArrowLeft")
    for cell in inside:
        expect(cell).to_be_hidden()


def test_a_deeper_section_that_says_nothing_to_jupyterlab_lies_open(planted):
    expect(planted.locator(".jp-Cell").filter(has_text="Not folded")).to_be_visible()


@pytest.mark.parametrize("words, name", [("Add up the paths", "02_many_paths"), ("000-33", "c_sources")])
def test_a_link_opens_another_notebook(planted, words, name):
    """JupyterLab goes on to headings, not to a row of a table; the page goes there too."""
    planted.locator("a", has_text=words).evaluate("(link) => link.click()")
    expect(planted.page.get_by_role("tab", name=f"{name}.ipynb")).to_be_visible(timeout=60_000)
