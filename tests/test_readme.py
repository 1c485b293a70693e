"""The README tells the truth: the pictures are what nnlib draws, its files and commands are there."""

import re
from pathlib import Path

import pytest
from picture import PICTURES, SECONDS, STATIC, moments, neuron

from nnlib import plots

ROOT = Path(__file__).parents[1]
GUIDES = {name: (ROOT / name).read_text("utf-8") for name in ("README.md", "CONTRIBUTING.md")}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_what_nnlib_draws(name):
    assert (STATIC / name).read_text("utf-8") == PICTURES[name]()


def test_the_two_passes_travel_every_edge_within_five_seconds():
    ways = plots.steps(neuron())
    at = moments(ways)
    assert at[0] == 0 and at[-1] == len(ways) and at == sorted(set(at))
    assert (STATIC / "passes.svg").read_text("utf-8").count("animation-delay") == len(at) - 1
    assert SECONDS * len(at) < 5


def test_every_command_of_the_guides_is_in_the_makefile(checked):
    makefile = (ROOT / "Makefile").read_text("utf-8")
    commands = {command for text in GUIDES.values() for command in re.findall(r"\bmake (\w+)\b(?=`|\n|  )", text)}
    assert {"book", "test"} <= commands
    assert [command for command in commands if not re.search(rf"(?m)^{command}:", makefile)] == []
    checked(commands_of_the_guides=len(commands))


def test_every_file_that_the_guides_name_exists(checked):
    prose = (re.sub(r"(`+).*?\1", "", text, flags=re.DOTALL) for text in GUIDES.values())  # without the links in code
    paths = {path for text in prose for path in re.findall(r"\]\((?!http|#)([^)]+)\)", text)}
    assert [path for path in paths if not (ROOT / path).exists()] == []
    checked(files_named_in_the_guides=len(paths))
