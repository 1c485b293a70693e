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
CONTINUES = re.compile(r"=|\+|-|\\(?:approx|odot|cdot|le|ge)\b")


@dataclass(frozen=True)
class Place:
    """Where a formula stands: the page, the cell, the headings above it, and the equation's label."""

    page: str
    cell: str
    headings: tuple
    label: str
    text: str

    def matches(self, pattern):
        """How closely a pattern names this place: a heading (`## Exercises`) 1, a cell's id 2, a label 3, the
        formula (`$...$`) 4; else 0.
        """
        if pattern.startswith("#"):
            return int(pattern.lstrip("# ") in self.headings)
        if pattern.startswith("$"):
            return 4 * (squeezed(pattern.strip("$")) == squeezed(self.text))
        if self.label and fnmatch.fnmatchcase(self.label, pattern):
            return 3
        return 2 * fnmatch.fnmatchcase(self.cell, pattern)

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
    """The texts of a page, each with a name: the markdown cells of a notebook and its captions, or the whole of a
    text page.
    """
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
    found, end = [], None
    for match in FORMULA.finditer(source):
        if match["heading"]:
            level = len(match[0]) - len(match[0].lstrip("#"))
            headings[:] = [*headings[: level - 1], match["heading"].strip()]
        elif match["fence"] and match["language"].startswith("{") and "code" not in match["language"]:
            inside = re.sub(r"\A```+[^\n]*\n|\n```+`*\s*\Z", "", match[0])
            found += of_text(page, cell, inside, headings)
        elif text := match["display"] or match["inline"]:
            text = text.strip()
            if found and CONTINUES.match(text) and end is not None and not source[end : match.start()].strip():
                text = f"{found.pop().text} {text}"  # one formula in two, so that a phone can break the line
            place = Place(page, cell, tuple(headings), match["label"] or "", text)
            found.append(Formula(place, text, bool(match["display"])))
            end = match.end()
    return found
