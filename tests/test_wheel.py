"""The wheel, as somebody else installs it: into an empty environment, with NumPy alone."""

import os
import re
import subprocess
import sys
import zipfile
from email import message_from_string
from pathlib import Path

import numpy
import pytest
import yaml

import nnlib

ROOT = Path(__file__).parents[1]
NAME = "backpropagation-you-can-check"
SNIPPET = re.compile(r"```python\n(.*?)```\n+(?:.*\n+)?```text\n(.*?)```", re.DOTALL)


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    """An interpreter that has the wheel, what it depends on, and nothing else."""
    home = tmp_path_factory.mktemp("empty")
    run(sys.executable, "-m", "venv", home)
    pinned = f"numpy=={numpy.__version__}"
    run(home / "bin" / "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check", pinned, wheel)
    return home / "bin" / "python"


def test_it_says_what_it_is(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = (archive.read(name).decode() for name in names if name.endswith(".dist-info/METADATA"))
    about = message_from_string(metadata)
    assert (about["Name"], about["Version"], about["License-Expression"]) == (NAME, nnlib.__version__, "MIT")
    assert about["Author"] and "Typing :: Typed" in about.get_all("Classifier")
    assert {"nnlib/py.typed", "nnlib/book.mplstyle"} <= set(names)
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"nnlib"}
    address = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["repository"]["url"]
    urls = about.get_all("Project-URL") or []
    assert bool(address) == bool(urls) and all(address in url or ".github.io/" in url for url in urls)


def test_one_version_and_one_date_everywhere():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    version, released = re.search(r"\n## (\S+), (.+)", (ROOT / "CHANGELOG.md").read_text("utf-8")).groups()
    assert version == nnlib.__version__ == cited["version"]
    assert released == str(cited.get("date-released", "not yet released"))


def test_the_readmes_snippet_prints_what_it_shows(python, tmp_path, checked):
    snippets = SNIPPET.findall((ROOT / "README.md").read_text("utf-8"))
    for code, shown in snippets:
        alone = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        assert run(python, "-c", code, cwd=tmp_path, env=alone).strip() == shown.strip()
    checked(snippets_run_from_a_wheel=len(snippets))


@pytest.mark.parametrize("module, extra", [("nnlib.plots", "plots"), ("nnlib.explore", "plots")])
def test_without_matplotlib_the_extra_is_named(python, tmp_path, module, extra):
    alone = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run([python, "-c", f"import {module}"], cwd=tmp_path, env=alone, capture_output=True, text=True)
    assert f"pip install '{NAME}[{extra}]'" in done.stderr
