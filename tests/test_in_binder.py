"""The chapters run as in Binder: its Python, its packages, no network, little memory."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from test_binder import NOTEBOOKS, ROOT, WANTED_PYTHON, statements

MEMORY = 1000  # megabytes a session, of Binder's one to two gigabytes


def runs(python):
    return shutil.which(python) and subprocess.run([python, "-c", ""], capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def image():
    """The steps of Binder's image, done in a virtual environment. It takes a minute, and stays until a step changes."""
    python = WANTED_PYTHON if runs(WANTED_PYTHON) else sys.executable
    conda = Path(find_spec("repo2docker").origin).parent / "buildpacks" / "conda"
    base = (conda / f"environment.py-{WANTED_PYTHON.removeprefix('python')}-linux-64.lock").read_text()
    kernel = "ipykernel==" + re.search(r"/ipykernel-([\d.]+)-", base)[1]  # the base image brings it
    steps = [
        [python, "-m", "venv", "."],
        [
            "bin/pip",
            "install",
            "--quiet",
            "--no-compile",
            "--disable-pip-version-check",
            kernel,
            "-r",
            ROOT / "binder/requirements.txt",
        ],
    ]
    done = repr([steps, (ROOT / "binder/requirements.txt").read_text()])
    image = ROOT / "_build" / "binder"
    if not (image / "done").exists() or (image / "done").read_text() != done:
        shutil.rmtree(image, ignore_errors=True)
        image.mkdir(parents=True)
        for step in steps:
            subprocess.run(step, cwd=image, check=True)
        (image / "done").write_text(done)
    return image


@pytest.fixture(scope="module")
def repository(image, tmp_path_factory):
    """A copy of the repository as Binder has it after postBuild, and how to run a command there without a network."""
    home = tmp_path_factory.mktemp("binder")
    copy = shutil.copytree(ROOT, home / "repository", ignore=shutil.ignore_patterns(".*", "_build", "__pycache__"))
    inside = {"PATH": f"{image / 'bin'}:{os.environ['PATH']}", "HOME": str(home), "VIRTUAL_ENV": str(image)}
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JUPYTER"))
    } | inside
    subprocess.run([copy / "binder/postBuild"], cwd=copy, env=environment, check=True, capture_output=True)
    return copy, environment


def execute(repository, notebooks, notes):
    """Run notebooks one after the other, two at a time, without a network; what each process notes."""
    copy, environment = repository
    notes.mkdir()
    environment = environment | {"PYTHONPATH": str(Path(__file__).with_name("at_home")), "NOTES": str(notes)}
    commands = [["jupyter", "execute", "--timeout=180", *notebooks[k::2]] for k in range(2) if notebooks[k::2]]
    running = [
        subprocess.Popen(
            command, cwd=copy, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for command in commands
    ]
    said = [process.communicate()[0] for process in running]
    noted = {int(path.stem): json.loads(path.read_text()) for path in notes.glob("*.json")}
    return all(process.returncode == 0 for process in running), "".join(said), noted


def run(repository, notebooks, notes):
    """Notebooks run there without a network; the megabytes that the hungriest takes, with its worker processes."""
    ran, said, noted = execute(repository, notebooks, notes)
    assert ran, said
    assert [host for note in noted.values() for host in note["wanted"]] == []
    sessions = Counter()
    for note in noted.values():  # a worker has its kernel's command
        sessions[tuple(note["command"])] += note["megabytes"]
    kernels = {words: memory for words, memory in sessions.items() if any("ipykernel_launcher" in w for w in words)}
    assert len(kernels) == len(notebooks)
    return max(kernels.values())


def test_what_the_chapters_import_is_there_and_one_of_them_runs(repository, tmp_path, checked):
    every = sorted({ast.unparse(node) for path in NOTEBOOKS for node in statements(path)})
    copy = repository[0] / "chapters"
    nbformat.write(new_notebook(cells=[new_code_cell("\n".join(every), id="all")]), copy / "imports.ipynb")
    peak = run(repository, [copy / "imports.ipynb", copy / "05_a_layer.ipynb"], tmp_path / "notes")
    checked(imports_done_as_in_binder=len(every), megabytes_that_they_take=round(peak))


def test_every_notebook_runs_there(repository, tmp_path, checked):
    peak = run(repository, [path.relative_to(ROOT) for path in NOTEBOOKS], tmp_path / "notes")
    assert peak < MEMORY
    checked(notebooks_run_as_in_binder=len(NOTEBOOKS), megabytes_of_memory_at_most=round(peak))


def test_a_notebook_that_wants_the_network_is_found(repository, tmp_path):
    fetch = new_code_cell("import socket\nsocket.create_connection(('192.0.2.1', 80))", id="fetch")
    nbformat.write(new_notebook(cells=[fetch]), tmp_path / "fetch.ipynb")
    ran, said, noted = execute(repository, [tmp_path / "fetch.ipynb"], tmp_path / "notes")
    assert not ran
    assert "no network here: 192.0.2.1 is another host" in said
    assert [host for note in noted.values() for host in note["wanted"]] == ["192.0.2.1"]


def test_a_kernel_killed_at_its_end_is_counted(repository, tmp_path):
    die = new_code_cell("import atexit, os, time\natexit.register(os.kill, os.getpid(), 9)\ntime.sleep(1)", id="die")
    nbformat.write(new_notebook(cells=[die]), tmp_path / "die.ipynb")
    ran, said, noted = execute(repository, [tmp_path / "die.ipynb"], tmp_path / "notes")
    assert ran, said
    assert any("ipykernel_launcher" in words for note in noted.values() for words in note["command"])
