"""Every numbered equation of a chapter is asserted before its section ends, or named as a definition."""

import re
from pathlib import Path

import nbformat
import pytest

CHAPTERS = sorted((Path(__file__).parent.parent / "chapters").glob("*.ipynb"))
LABEL = re.compile(r"^\$\$ \((eq:[\w-]+)\)$", re.MULTILINE)


def equations(nb):
    """The labels of a notebook's numbered equations, each with whether an assertion follows in its section."""
    for k, cell in enumerate(nb.cells):
        for label in LABEL.findall(cell.source) if cell.cell_type == "markdown" else ():
            section = []
            for later in nb.cells[k + 1 :]:
                if later.cell_type == "markdown" and re.search(r"^## ", later.source, re.MULTILINE):
                    break
                section.append(later)
            yield (
                label,
                any(re.search(r"^\s*assert ", c.source, re.MULTILINE) for c in section if c.cell_type == "code"),
            )


def unchecked(nb):
    return [label for label, asserted in equations(nb) if not asserted and "-def-" not in label]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_numbered_equation_is_asserted_or_a_definition(path):
    nb = nbformat.read(path, as_version=4)
    found = list(equations(nb))
    definitions = [label for label, _ in found if "-def-" in label]
    print(
        f"{path.stem}: {len(found)} numbered equations, "
        f"{sum(asserted for _, asserted in found)} asserted, {len(definitions)} definitions"
    )
    assert not unchecked(nb)
    if re.match(r"0[1-9]|10", path.stem):  # the chapters that derive
        assert len(found) - len(definitions) >= 3


def test_no_label_is_used_twice():
    labels = [label for path in CHAPTERS for label, _ in equations(nbformat.read(path, as_version=4))]
    assert len(labels) == len(set(labels)) > 0


def test_an_equation_without_an_assertion_is_found():
    new = nbformat.v4
    equation = new.new_markdown_cell("## One\n\n$$\na = b\n$$ (eq:planted)")
    check = new.new_code_cell("assert 1 + 1 == 2")
    assert unchecked(new.new_notebook(cells=[equation, check])) == []
    assert unchecked(new.new_notebook(cells=[equation, new.new_markdown_cell("## Two"), check])) == ["eq:planted"]
    assert unchecked(new.new_notebook(cells=[equation, new.new_code_cell("# assert nothing")])) == ["eq:planted"]
