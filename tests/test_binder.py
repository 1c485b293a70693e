"""What a reader gets in Binder: the right Python, the pinned packages, nnlib, and all that the chapters import."""

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions

import nbformat
from chapters import CHAPTERS, parse

ROOT = CHAPTERS.parent


def pins(path):
    """The exact pins of a requirements file: {name: version}."""
    lines = (ROOT / path).read_text("utf-8").splitlines()
    wanted = [line.split("#")[0].strip() for line in lines if line.strip() and not line.startswith(("#", "-r"))]
    assert all(re.fullmatch(r"[\w.-]+(\[\w+\])?==[\w.]+", pin) for pin in wanted), wanted
    return {re.sub(r"[-_.]+", "-", name.split("[")[0]).lower(): version for name, version in (pin.split("==") for pin in wanted)}


def test_binder_builds_this_image(tmp_path):
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", "--user-id=1000", "--user-name=reader", ROOT]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    dockerfile = said.stdout + said.stderr
    assert f"python={(ROOT / 'binder/runtime.txt').read_text().strip().removeprefix('python-')}" in dockerfile
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


def test_readers_have_what_the_chapters_import(checked):
    imported = set()
    for path in CHAPTERS.glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            for node in ast.walk(parse(cell.source)) if cell.cell_type == "code" else ():
                if isinstance(node, ast.Import):
                    imported |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    imported.add(node.module.split(".")[0])
    foreign = imported - sys.stdlib_module_names - {"nnlib"}
    homes = packages_distributions()
    assert {name for name in foreign if not {home.lower() for home in homes[name]} & set(pins("binder/requirements.txt"))} == set()
    checked(packages_the_chapters_import=len(foreign))
