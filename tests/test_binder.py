"""What a reader gets in Binder: the right Python, the pinned packages, nnlib, and all that the chapters import. That
the chapters run there is seen by tests/test_in_binder.py."""

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions

import nbformat

from chapters import CHAPTERS, parse

ROOT = CHAPTERS.parent
NOTEBOOKS = sorted(CHAPTERS.glob("*.ipynb"))
WANTED_PYTHON = (ROOT / "binder/runtime.txt").read_text().strip().replace("-", "")  # python-3.12 is python3.12


def pins(path):
    """The exact pins of a requirements file: {name: version}."""
    lines = (ROOT / path).read_text("utf-8").splitlines()
    wanted = [line.split("#")[0].strip() for line in lines if line.strip() and not line.startswith(("#", "-r"))]
    assert all(re.fullmatch(r"[\w.-]+(\[[\w,]+\])?==[\w.]+", pin) for pin in wanted), wanted
    return {
        re.sub(r"[-_.]+", "-", name.split("[")[0]).lower(): version
        for name, version in (pin.split("==") for pin in wanted)
    }


def test_binder_builds_this_image(tmp_path):
    command = [
        sys.executable,
        "-m",
        "repo2docker",
        "--no-build",
        "--debug",
        "--user-id=1000",
        "--user-name=reader",
        ROOT,
    ]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    dockerfile = said.stdout + said.stderr
    assert WANTED_PYTHON.replace("python", "python=") in dockerfile
    assert 'pip install --no-cache-dir -r "binder/requirements.txt"' in dockerfile
    assert re.search(r"RUN .*binder/postBuild", dockerfile)


def test_post_build_installs_nnlib():
    script = ROOT / "binder" / "postBuild"
    assert script.stat().st_mode & 0o100, "binder/postBuild is not executable"
    assert "pip install --no-cache-dir --no-deps ." in script.read_text()


def test_every_requirement_is_pinned_once(checked):
    readers, builders = pins("binder/requirements.txt"), pins("requirements.txt")
    assert (ROOT / "requirements.txt").read_text().split("\n\n")[0].endswith("-r binder/requirements.txt")
    assert set(readers) & set(builders) == set()
    checked(pinned_packages=len(readers) + len(builders))


def statements(path):
    """What imports something in a notebook."""
    code = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    nodes = [node for source in code for node in ast.walk(parse(source))]
    return [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]


def imports(path):
    """The packages that a notebook imports, without Python's own and the book's."""
    imported = set()
    for node in statements(path):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]
        imported |= {name.split(".")[0] for name in names}
    return imported - sys.stdlib_module_names - {"nnlib", *(path.stem for path in CHAPTERS.glob("*.py"))}


def test_readers_have_what_the_chapters_import(checked):
    imported = set().union(*map(imports, NOTEBOOKS))
    homes = packages_distributions()
    assert {
        name for name in imported if not {home.lower() for home in homes[name]} & set(pins("binder/requirements.txt"))
    } == set()
    checked(packages_the_chapters_import=len(imported))
