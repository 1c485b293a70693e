"""How soon chapter 1 shows, beside the same chapter in a default build."""

import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from pages import ROOT, serve

CHAPTER = "chapters/01_one_neuron"
LOADS = 4  # of each, by turns; the best one counts, since other work on the machine can only slow a load down
CONNECTION = {
    "offline": False,
    "latency": 40,
    "downloadThroughput": 10e6 / 8,
    "uploadThroughput": 10e6 / 8,
}  # 10 Mbit/s

CDN = "https://cdn.jsdelivr.net/npm/mathjax@3/es5/"
MATHJAX = Path(str(files("mathjax")), "static", "mathjax", "es5")

# The first frame after the last formula was drawn
WATCH = """
new MutationObserver((changes) => {
  if (changes.some(({ addedNodes }) => [...addedNodes].some((node) => node.localName === "mjx-container")))
    requestAnimationFrame(() => setTimeout(() => { window.mathematics = performance.now(); }));
}).observe(document, { childList: true, subtree: true });
"""
TIMES = """() => MathJax.startup.promise
  .then(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100))))
  .then(() => [performance.getEntriesByName("first-contentful-paint")[0].startTime, mathematics])"""


@pytest.fixture(scope="module")
def default_book(tmp_path_factory):
    """The chapter as Jupyter Book builds it with nothing set but what its markup needs. The MathJax that it would
    fetch from another host comes from the same server as all else, to its advantage."""
    source = tmp_path_factory.mktemp("default")
    shutil.copytree(ROOT / "chapters", source / "chapters")
    ours = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    config = {
        "title": ours["title"],
        "execute": ours["execute"],
        "parse": ours["parse"],
        "only_build_toc_files": True,
        "bibtex_bibfiles": ours["bibtex_bibfiles"],
        "sphinx": {
            "extra_extensions": ["sphinx_exercise", "sphinxcontrib.bibtex"],
            "config": {
                "mathjax3_config": {"loader": {"load": ["[tex]/html"]}, **ours["sphinx"]["config"]["mathjax3_config"]}
            },
        },
    }
    (source / "_config.yml").write_text(yaml.safe_dump(config), "utf-8")
    (source / "_toc.yml").write_text(f"format: jb-book\nroot: {CHAPTER}\n", "utf-8")
    command = [Path(sys.executable).with_name("jupyter-book"), "build", source, "--quiet"]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    html = source / "_build" / "html"
    page = html / f"{CHAPTER}.html"
    text = page.read_text("utf-8")
    assert CDN in text
    page.write_text(text.replace(CDN, "/mathjax/"), "utf-8")
    (html / "mathjax").symlink_to(MATHJAX)
    with serve(html) as address:
        yield address


def load(browser, address, held_up=0):
    """Milliseconds to the first paint and to the last formula, over a usual connection, with nothing in the cache.

    What a page asks of other hosts is refused at once, to the advantage of the page that asks. A page that is held up
    first works for so many milliseconds.
    """
    context = browser.new_context()
    try:
        context.route(lambda url: not url.startswith(address), lambda route: route.abort())
        page = context.new_page()
        context.new_cdp_session(page).send("Network.emulateNetworkConditions", CONNECTION)
        page.add_init_script(WATCH + f"while (performance.now() < {held_up});")
        page.goto(f"{address}{CHAPTER}.html", timeout=120_000)
        return page.evaluate(TIMES)
    finally:
        context.close()


def race(browser, ours, default, loads, **options):
    """The best times of each to each event: {event: (ours, the default's)}."""
    pairs = [(load(browser, ours, **options), load(browser, default)) for _ in range(loads)]
    return {
        event: tuple(round(min(pair[side][k] for pair in pairs)) for side in (0, 1))
        for k, event in enumerate(("first_paint", "mathematics_ready"))
    }


def lost(times):
    return [event for event, (ours, default) in times.items() if ours >= default]


def test_the_page_shows_sooner_than_a_default_one(browser, book, default_book, checked):
    times = race(browser, book, default_book, LOADS)
    assert lost(times) == []
    for event, (ours, default) in times.items():
        checked(**{f"milliseconds_to_{event}": ours, f"milliseconds_to_{event}_in_a_default_build": default})


def test_a_page_that_is_held_up_loses(browser, book, default_book):
    times = race(browser, book, default_book, 1, held_up=15_000)
    assert lost(times) == ["first_paint", "mathematics_ready"], times
