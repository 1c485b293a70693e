"""The chapters are tests because nbval compares what they print and draw: these tests see it compare."""

import copy
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat import write
from nbformat.v4 import new_code_cell, new_notebook

from chapters import METADATA, execute, normalise, violations

ROOT = Path(__file__).parents[1]

CELLS = {
    "number": "print(f'{2 / 3:.4f}')",
    "digits": "print(2 / 3)",
    "curve": "from nnlib import plots\n\nplots.use_style()\nplots.figure(lambda ax: ax.plot([0, 1, 4]))",
    "land": "from nnlib import landed\n\ndef identity(z):\n    return +z\n\nlanded(identity)",
}


def stored_number(nb):
    nb.cells[0].outputs[0].text = "0.6668\n"


def stored_last_digit(nb):
    nb.cells[1].outputs[0].text = "0.6666666666666667\n"


def stored_curve(nb):
    """One point of the plotted line, a tenth of a point lower."""
    data = nb.cells[2].outputs[0].data
    line = re.search(r'<path d="(M [^"]*)" clip-path', data["image/svg+xml"]).group(1)
    x, y = re.search(r"L (\S+) (\S+)", line).groups()
    data["image/svg+xml"] = data["image/svg+xml"].replace(f"L {x} {y}", f"L {x} {float(y) + 0.1:.6f}", 1)


def landed_token(nb):
    nb.cells[3].source = nb.cells[3].source.replace("+z", "-z")


def stripped(nb):
    for cell in nb.cells:
        cell.update(execution_count=None, outputs=[])


PLANTED = {  # what was changed, and the code cell at which nbval must stop it
    "untouched": (lambda nb: None, None),
    "number": (stored_number, 0),
    "last_digit": (stored_last_digit, None),
    "curve": (stored_curve, 2),
    "landed": (landed_token, 3),
    "stripped": (stripped, None),
}


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """A notebook as `make chapters` stores it."""
    cells = [new_code_cell(source, id=name) for name, source in CELLS.items()]
    folder = tmp_path_factory.mktemp("honest")
    return normalise(execute(new_notebook(metadata=METADATA, cells=cells), folder / "honest.ipynb"))


@pytest.fixture(scope="module")
def nbval(honest, tmp_path_factory):
    """Run the planted notebooks as `make test` runs the chapters: the cells that failed, and all that was said."""
    folder = tmp_path_factory.mktemp("planted")
    for name, (plant, _) in PLANTED.items():
        nb = copy.deepcopy(honest)
        plant(nb)
        assert name == "untouched" or nb != honest
        write(nb, folder / f"{name}.ipynb")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        ROOT / "pyproject.toml",
        "--rootdir",
        folder,
        "--color=no",
        "-rfE",
        folder,
    ]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return re.findall(r"(?:FAILED|ERROR) \S*?(\w+)\.ipynb::Cell (\d+)", run.stdout), run.stdout


def test_nbval_fails_exactly_where_something_was_planted(nbval, checked):
    failed, said = nbval
    assert set(failed) == {(name, str(cell)) for name, (_, cell) in PLANTED.items() if cell is not None}, said
    assert f"{len(PLANTED) * len(CELLS) - len(failed)} passed" in said
    checked(planted_notebooks=len(PLANTED))


def test_a_changed_function_is_named_in_both_places(nbval):
    _, said = nbval
    assert "nnlib.activations.identity" in said and "identity in this notebook" in said


def test_what_nbval_does_not_compare_breaks_the_normal_form(honest):
    """A cell without an execution count is run but never compared, so a stripped chapter must not pass."""
    nb = copy.deepcopy(honest)
    stripped(nb)
    counts = [breach for breach in violations(nb) if "execution_count is None" in breach]
    assert len(counts) == len(CELLS)


def test_the_counts_of_several_processes_add_up_and_nothing_counted_fails(tmp_path):
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    for number in (0, 2, 3):
        (tmp_path / f"test_{number}.py").write_text(f"def test(checked):\n    checked(things={number})\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--numprocesses=2",
        "--dist=loadfile",
        "-p",
        "no:cacheprovider",
        tmp_path,
    ]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stdout
    assert "checked: 5 things" in said
    assert "nothing was checked: 0 things" in said and "1 failed, 2 passed" in said


def test_without_a_browser_the_rest_runs_and_the_run_fails(tmp_path):
    """The tests that need one are named, and one sentence says what to install."""
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    (tmp_path / "test_a.py").write_text("def test_page(browser):\n    pass\n\n\ndef test_other():\n    pass\n")
    command = [sys.executable, "-m", "pytest", "-o", f"pythonpath={ROOT / 'tools'}", "-p", "no:cacheprovider", "-rs"]
    bare = {"HOME": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path), "PATH": str(tmp_path)}
    run = subprocess.run([*command, tmp_path], cwd=tmp_path, env=bare, capture_output=True, text=True)
    assert "1 passed, 1 skipped" in run.stdout and run.returncode == pytest.ExitCode.TESTS_FAILED
    assert "NOT RUN, since no browser starts here: test_a.py (1)" in run.stdout
    assert "`apt-get install chromium " in run.stdout
