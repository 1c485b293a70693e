"""The formulas of a page: where each stands, displayed or inline."""

import fnmatch
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat

CHAPTERS = Path(__file__).parents[2] / "chapters"
FORMULA = re.compile(
    r"(?P<fence>^(?P<ticks>```+)(?P<language>[^\n`]*)\n.*?^(?P=ticks)`*\s*$)"
    r"|(?P<code>(?P<tick>`+)[^`].*?(?P=tick))"
    r"|(?P<comment><!--.*?-->)"
    r"|\$\$(?P<display>.+?)\$\$(?:\s*\((?P<label>[\w:.-]+)\))?"
    r"|(?<![\\$])\$(?P<inline>[^$]+?)(?<!\\)\$"
    r"|^#+ (?P<heading>[^\n]+)",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Place:
    """Where a formula stands: the page, the cell, the headings above it, and the equation's label."""

    page: str
    cell: str
    headings: tuple
    label: str
    text: str

    def matches(self, pattern):
        """A pattern is a cell's id (with * for a family of cells), a heading (`## Exercises`), a label (`eq:...`), or a formula (`$...$`)."""
        if pattern.startswith("#"):
            return pattern.lstrip("# ") in self.headings
        if pattern.startswith("$"):
            return squeezed(pattern.strip("$")) == squeezed(self.text)
        return any(fnmatch.fnmatchcase(name, pattern) for name in (self.cell, self.label) if name)

    def __str__(self):
        return f"{self.page}, cell {self.cell}" + (f", {self.label}" if self.label else "")


@dataclass(frozen=True)
class Formula:
    place: Place
    text: str
    displayed: bool


def squeezed(text):
    return re.sub(r"\s|\\[,;!]", "", text)


def pages(folder=CHAPTERS):
    """All pages that can hold formulas, in the order of their names."""
    return sorted(p for p in [*folder.glob("*.ipynb"), *folder.glob("*.md")] if not p.name.startswith("."))


def cells(path):
    """The texts of a page, each with a name: the markdown cells of a notebook and its captions, or the whole of a text page."""
    if path.suffix == ".md":
        return [(path.stem, path.read_text("utf-8"))]
    found = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            found.append((cell.id, cell.source))
        elif caption := cell.metadata.get("mystnb", {}).get("figure", {}).get("caption"):
            found.append((cell.id, caption))
    return found


def formulas(path, texts=None):
    """Every formula of a page, in reading order."""
    found, headings = [], []
    for cell, source in cells(path) if texts is None else texts:
        if re.match(r"---\nmath:", source):
            continue
        found += of_text(path.stem, cell, source, headings)
    return found


def of_text(page, cell, source, headings):
    for match in FORMULA.finditer(source):
        if match["heading"]:
            level = len(match[0]) - len(match[0].lstrip("#"))
            headings[:] = [*headings[: level - 1], match["heading"].strip()]
        elif match["fence"] and match["language"].startswith("{") and "code" not in match["language"]:
            inside = re.sub(r"\A```+[^\n]*\n|\n```+`*\s*\Z", "", match[0])
            yield from of_text(page, cell, inside, headings)
        elif text := match["display"] or match["inline"]:
            place = Place(page, cell, tuple(headings), match["label"] or "", text.strip())
            yield Formula(place, text.strip(), bool(match["display"]))
