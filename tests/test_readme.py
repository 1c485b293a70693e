"""The README tells the truth: its picture is what nnlib draws, its files and commands are there."""

import re
from pathlib import Path

from picture import PICTURE, picture

ROOT = Path(__file__).parents[1]
GUIDES = {name: (ROOT / name).read_text("utf-8") for name in ("README.md", "CONTRIBUTING.md")}


def test_the_picture_is_what_nnlib_draws():
    assert PICTURE.read_text("utf-8") == picture()


def test_every_command_of_the_guides_is_in_the_makefile(checked):
    makefile = (ROOT / "Makefile").read_text("utf-8")
    commands = {command for text in GUIDES.values() for command in re.findall(r"\bmake (\w+)\b(?=`|\n|  )", text)}
    assert {"book", "test"} <= commands
    assert [command for command in commands if not re.search(rf"(?m)^{command}:", makefile)] == []
    checked(commands_of_the_guides=len(commands))


def test_every_file_that_the_guides_name_exists(checked):
    paths = {path for text in GUIDES.values() for path in re.findall(r"\]\((?!http|#)([^)]+)\)", text)}
    assert [path for path in paths if not (ROOT / path).exists()] == []
    checked(files_named_in_the_guides=len(paths))
