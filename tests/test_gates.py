"""The account that a run of the tests gives of itself: what it counted, and what it could not run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYTEST = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # other plugins take seconds to load


def test_the_counts_of_several_processes_add_up_and_nothing_counted_fails(tmp_path):
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    for number in (0, 2, 3):
        (tmp_path / f"test_{number}.py").write_text(f"def test(checked):\n    checked(things={number})\n")
    command = [
        *PYTEST,
        "-p",
        "xdist",
        "--numprocesses=2",
        "--dist=loadfile",
        tmp_path,
    ]
    said = subprocess.run(command, cwd=tmp_path, env=os.environ | ALONE, capture_output=True, text=True).stdout
    assert "checked: 5 things" in said
    assert "nothing was checked: 0 things" in said and "1 failed, 2 passed" in said


def test_without_a_browser_the_rest_runs_and_the_run_fails(tmp_path):
    """The tests that need one are named, and one sentence says what to install."""
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    (tmp_path / "test_a.py").write_text("def test_page(browser):\n    pass\n\n\ndef test_other():\n    pass\n")
    command = [*PYTEST, "-o", f"pythonpath={ROOT / 'tools'}", "-rs"]
    bare = ALONE | {"HOME": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path), "PATH": str(tmp_path)}
    run = subprocess.run([*command, tmp_path], cwd=tmp_path, env=bare, capture_output=True, text=True)
    assert "1 passed, 1 skipped" in run.stdout and run.returncode == pytest.ExitCode.TESTS_FAILED
    assert "NOT RUN, since no browser starts here: test_a.py (1)" in run.stdout
    assert "`apt-get install chromium-headless-shell " in run.stdout
