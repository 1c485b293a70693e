"""What is installed is what the requirements say, to the byte: each lock agrees with its requirements."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS = {"linux": "posix", "darwin": "posix", "win32": "nt"}  # sys_platform, os_name
LOCKS = {"requirements.lock": "requirements.txt", "tools/next_stack.lock": "tools/next_stack.txt"}


def wanted(path):
    """The requirements of a file and of those that it begins with."""
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("-r "):
            yield from wanted(path.parent / line.removeprefix("-r "))
        elif words := line.split("#")[0].strip():
            yield Requirement(words)


def entries(text):
    """The entries of a lock: each a requirement, and how many hashes it has."""
    for entry in re.split(r"\n(?=\S)", text.strip()):
        words, *hashes = entry.split(" \\\n    --hash=sha256:")
        yield Requirement(words), len(hashes)


def environments():
    for version in PYTHONS:
        for platform, os_name in PLATFORMS.items():
            yield {
                "python_version": version,
                "python_full_version": f"{version}.9",
                "sys_platform": platform,
                "os_name": os_name,
            }


def problems(requirements, lock):
    """What a lock lacks, on any Python and system that the book is for."""
    lock = list(entries(lock))
    for pin, hashes in lock:
        if not hashes:
            yield f"{pin.name} has no hash"
        if not re.fullmatch(r"==[\w.]+", str(pin.specifier)):
            yield f"{pin.name} is not pinned"
    for environment in environments():
        there = [pin for pin, _ in lock if pin.marker is None or pin.marker.evaluate(environment)]
        pins = {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in there}
        if len(pins) < len(there):
            yield f"two versions of one package in {environment}"
        for one in requirements:
            if not one.specifier.contains(pins.get(canonicalize_name(one.name), "0.dev0")):
                yield f"{one}: {pins.get(canonicalize_name(one.name))} in {environment}"


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_agrees_with_its_requirements(lock, checked):
    requirements = list(wanted(ROOT / LOCKS[lock]))
    text = (ROOT / lock).read_text("utf-8")
    assert list(problems(requirements, text)) == [], "run `make lock`"
    checked(locked_packages=len(list(entries(text))))


GOOD = "one==1.0 \\\n    --hash=sha256:ab\ntwo==2.0 ; sys_platform == 'win32' \\\n    --hash=sha256:cd\n"
PLANTED = {
    "another version": (GOOD.replace("1.0", "1.1"), "one==1.0: 1.1"),
    "not there": (GOOD.replace("one", "three"), "one==1.0: None"),
    "not everywhere": (GOOD.replace("1.0", "1.0 ; sys_platform == 'darwin'"), "one==1.0: None"),
    "without its hash": (GOOD.replace(" \\\n    --hash=sha256:cd", ""), "two has no hash"),
    "not pinned": (GOOD.replace("two==", "two>="), "two is not pinned"),
    "twice": (GOOD + GOOD, "two versions"),
}


def test_a_lock_that_agrees_passes():
    assert list(problems([Requirement("one==1.0")], GOOD)) == []


@pytest.mark.parametrize("name", PLANTED)
def test_a_lock_that_does_not_is_found(name):
    text, words = PLANTED[name]
    assert any(problem.startswith(words) for problem in problems([Requirement("one==1.0")], text))
