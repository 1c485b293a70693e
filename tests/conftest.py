"""What all tests share: the book in a browser, and an account of what was checked, what was not, how long it took."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

SCORES = Path(__file__).parents[1] / "chapters" / "scores"
COUNTS = pytest.StashKey[Counter]()
SECONDS = pytest.StashKey[Counter]()
NO_BROWSER = "needs a browser. "

# Each test belongs to a part: that of the first of these words in its name. `pytest -m pages` runs one part.
PARTS = {
    "test_in_binder": "seldom",
    "test_page_race": "seldom",
    "test_a_dead_link_is_found": "seldom",
    "test_the_book_builds": "book",
    "test_furniture": "book",
    ".ipynb::": "notebooks",
    "test_page": "pages",
    "test_folding": "pages",
    "test_cheat_sheet": "pages",
    "test_pdf": "pdf",
    "test_wheel": "wheel",
    "test_binder": "binder",
    "test_jupyterlab": "jupyterlab",
    "test_mutations": "mutants",
    "test_assertions": "mutants",
    "": "package",
}


def part(name):
    return next(part for words, part in PARTS.items() if words in name)


@pytest.fixture(scope="module")
def browser():
    """One browser for a module. Where none starts the other tests still run, and the run fails at its end."""
    from browser import NoBrowser, chromium  # loaded only where pages are looked at

    try:
        with chromium() as running:
            yield running
    except NoBrowser as none:
        pytest.skip(NO_BROWSER + str(none))


@pytest.fixture(scope="module")
def book():
    """The address at which the book is served."""
    from pages import HTML, build, serve

    build()
    with serve(HTML) as address:
        yield address


@pytest.fixture
def score(pytestconfig):
    """Hold a score that the book shows to what was seen: score("rot", seen). `--store-scores` writes it first."""

    def hold(name, seen):
        path = SCORES / f"{name}.json"
        if pytestconfig.option.store_scores:
            path.write_text(json.dumps(seen, indent=1, ensure_ascii=False) + "\n", "utf-8")
        assert json.loads(path.read_text("utf-8")) == seen, f"run `{seen['made by']}`"

    return hold


@pytest.fixture
def checked(pytestconfig):
    """Say what a gate has checked: checked(notebooks=21, cells=640). Nothing at all is a failure."""

    def count(**numbers):
        empty = [what for what, number in numbers.items() if not number]
        assert not empty, f"nothing was checked: 0 {', '.join(empty)}"
        pytestconfig.stash[COUNTS].update(numbers)

    return count


def pytest_addoption(parser):
    parser.addoption("--store-scores", action="store_true", help="store the scores that the book shows")


def pytest_configure(config):
    config.stash[COUNTS], config.stash[SECONDS] = Counter(), Counter()
    config.pluginmanager.register(Clock(config.stash[SECONDS]))


class Clock:
    """Adds up how long each part of the tests takes."""

    def __init__(self, seconds):
        self.seconds = seconds

    def pytest_runtest_logreport(self, report):
        self.seconds[part(report.nodeid)] += report.duration


def without_browser(reporter):
    """How many tests of each file were not run for want of a browser."""
    skipped = reporter.stats.get("skipped", ())
    return Counter(report.nodeid.split("::")[0] for report in skipped if NO_BROWSER in str(report.longrepr))


def pytest_terminal_summary(terminalreporter, config):
    say = terminalreporter.write_line
    if config.stash[COUNTS]:
        say("checked: " + ", ".join(f"{n} {what.replace('_', ' ')}" for what, n in config.stash[COUNTS].items()))
    if config.stash[SECONDS]:
        say("seconds: " + ", ".join(f"{part} {round(s)}" for part, s in config.stash[SECONDS].most_common()))
    if not_run := without_browser(terminalreporter):
        say(
            "NOT RUN, since no browser starts here: " + ", ".join(f"{file} ({n})" for file, n in not_run.items()),
            red=True,
        )


def pytest_sessionfinish(session):
    """What needs a browser must have run; in CI everything is installed, so there each skipped test is a failed one."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and (without_browser(reporter) or os.environ.get("CI") and reporter.stats.get("skipped")):
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
    if hasattr(session.config, "workeroutput"):  # one of several processes hands its counts over
        session.config.workeroutput["counts"] = dict(session.config.stash[COUNTS])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    node.config.stash[COUNTS].update(getattr(node, "workeroutput", {}).get("counts", {}))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """With several processes the longest file first, the pages, which begin with building the book; what else is read
    in the built book after what is not, so that no process waits for it."""
    for item in items:
        item.add_marker(part(item.nodeid))
    readers = {item.path for item in items if "book" in getattr(item, "fixturenames", ())}

    def place(item):
        return "test_pages.py" not in item.nodeid, item.path.suffix == ".ipynb", item.path in readers

    items.sort(key=place)
