"""A gate that checked nothing has not passed: each one counts, and the counts are printed at the end of the run."""

import os
from collections import Counter

import pytest

COUNTS = pytest.StashKey[Counter]()


def pytest_configure(config):
    config.stash[COUNTS] = Counter()


@pytest.fixture
def checked(pytestconfig):
    """Say what a gate has checked: checked(notebooks=21, cells=640). Nothing at all is a failure."""

    def count(**numbers):
        empty = [what for what, number in numbers.items() if not number]
        assert not empty, f"nothing was checked: 0 {', '.join(empty)}"
        pytestconfig.stash[COUNTS].update(numbers)

    return count


def pytest_terminal_summary(terminalreporter, config):
    if config.stash[COUNTS]:
        counts = (f"{number} {what.replace('_', ' ')}" for what, number in config.stash[COUNTS].items())
        terminalreporter.write_line("checked: " + ", ".join(counts))


def pytest_sessionfinish(session):
    """In CI everything is installed, so a skipped test is a failed one."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if hasattr(session.config, "workeroutput"):  # one of several processes hands its counts over
        session.config.workeroutput["counts"] = dict(session.config.stash[COUNTS])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    node.config.stash[COUNTS].update(getattr(node, "workeroutput", {}).get("counts", {}))


def pytest_collection_modifyitems(items):
    """The pages first: they take longest, and with several processes none should wait for them at the end."""
    items.sort(key=lambda item: "book" not in getattr(item, "fixturenames", ()))
