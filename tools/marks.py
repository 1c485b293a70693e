"""Resolve the marks in the prose: does every number that repeats an output still stand there?

    python tools/marks.py chapters/09_batches.ipynb     one chapter, for the person who edits it
    python tools/marks.py                               all of them
    python tools/marks.py --score                       and store how many there are

A mark is a comment right behind a number, in a text, a caption or an alternative text. No reader sees it.

    off by 0.83<!-- total-check -->                     stands in what the cell total-check shows
    35<!-- lopsided "size 1:" --> of the 50             there or in the cell's code, behind these words
    15<!-- lopsided "# right" --> lie right             among these words, at the #
    seven<!-- whole "large" / "small" --> times         computed from such numbers
    four<!-- rules count "passes" --> of them           how often these words stand there
    999 000<!-- = 1000**2 - 1000 --> zeros              computed from nothing else
    in 1936<!-- given -->                               not to be checked

It agrees if the shown number rounds to the one that is written: 0.83 is anything from 0.825 to 0.835. Words count, as
in "more than twice", "nearly 1800", "a third", "one in seven". A mark that would take the next number as well (0.84)
has to say more. And a number of two digits or more needs a mark, unless the chapter's code or its formulas contain it.
"""

import argparse
import html
import json
import re
import sys
from pathlib import Path
from typing import NamedTuple

import nbformat
from judge.score import title
from numerals import DIGITS, written

from chapters import CHAPTERS, COMMENT, seen, tags
from nnlib.grammar import Complaint, evaluate

MARK = re.compile(r'<!-- (?P<cell>[a-z0-9-]+|=)(?P<where>(?:[^">]|"[^"]*")*?) -->')
QUOTED = re.compile(r'(?P<count>\bcount )?"(?P<words>[^"]*)"')
GIVEN, COMPUTED = "given", "="

# Numbers that are shown -----------------------------------------------------------------------------------------------

SHOWN = r"(?<![\w.])[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?(?:e[-+]?\d+)?%?"
FRAMES = re.compile(r'data-frames="([^"]*)"')  # what an explorer says in its other states


def value(number):
    """What a number in an output is worth."""
    worth = float(number.strip("%").replace(",", ""))
    return worth / 100 if number.endswith("%") else worth


def plain(text):
    return html.unescape(re.sub(r"<[^>]*>", " ", text)).replace("−", "-")


def shown(cell):
    """The text of what a cell shows: what it prints, its tables, the words of its figures and explorers."""
    texts = []
    for output in cell.get("outputs", ()):
        data = output.get("data", {})
        texts += [output.get("text", ""), *(str(data.get(f"text/{kind}", "")) for kind in ("plain", "markdown"))]
        for page in (data.get("text/html", ""), data.get("image/svg+xml", "")):
            texts += [plain(page), *re.findall("<!-- (.*?) -->", page)]
            texts += [frame[0] for frames in FRAMES.findall(page) for frame in json.loads(html.unescape(frames))]
    return "\n".join(texts).replace("−", "-")


def there(words, cell):
    """The number that stands behind some words, or among them at a #, in what a cell shows or else in its code."""
    before, _, after = map(spaced, words.partition("#"))
    pattern = rf"{before}\s*({SHOWN})\s*{after}"
    for text in (shown(cell), cell.source):
        if found := re.search(pattern, text):
            return value(found[1])
    raise Complaint(f'cell {cell.id} has no number at "{words}"')


def times(words, cell):
    """How often some words stand in what a cell shows."""
    return len(re.findall(spaced(words), shown(cell)))


def spaced(words):
    """A pattern for words, with any space between them."""
    return r"\s+".join(map(re.escape, words.replace("−", "-").split()))


# Marks ----------------------------------------------------------------------------------------------------------------


class Mark(NamedTuple):
    """A mark in its place: the cell that it stands in, the text before it, the cell that it names, and where there."""

    at: str
    before: str
    cell: str
    where: str

    def __str__(self):
        return f"cell {self.at}, ...{self.before[-30:]}<!-- {self.cell}{self.where} -->"


def texts(nb):
    """What is written in a notebook: its texts, captions and alternative texts, each with its cell's id."""
    for cell in nb.cells:
        figure = cell.metadata.get("mystnb", {})
        if cell.cell_type == "markdown" and "remove-cell" not in tags(cell):
            yield cell.id, cell.source
        yield from ((cell.id, figure[key][name]) for key, name in TEXTS if name in figure.get(key, {}))


TEXTS = (("image", "alt"), ("figure", "caption"))


def marks(nb):
    for at, text in texts(nb):
        for found in MARK.finditer(text):
            yield Mark(at, seen(text[: found.start()]), found["cell"], found["where"])


def wrong(mark, cells):
    """What is wrong with a mark, or None."""
    if (number := written(mark.before)) is None:
        return "no number stands before the mark"
    if mark.cell == GIVEN:
        return
    if mark.cell not in cells and mark.cell != COMPUTED:
        return f"there is no cell {mark.cell}"
    try:
        stands = numbers(mark, cells.get(mark.cell))
    except Complaint as complaint:
        return str(complaint)
    if not any(map(number.agrees, stands)):
        return f"{number.value:.6g} is not there: {', '.join(f'{other:.6g}' for other in stands[:9]) or 'nothing'}"
    if any(number.agrees(other, moved) for other in stands for moved in (-1, 1)):
        return f"{number.value:.6g} could be {number.step:.1g} more or less: say behind which words it stands"


def numbers(mark, cell):
    """The numbers that a mark may mean: those that a cell shows, or the one that its words lead to."""
    if not mark.where:
        return [value(number) for number in re.findall(SHOWN, shown(cell))]
    found = {}

    def name(quoted):
        read = times if quoted["count"] else there
        found[f"n{len(found)}"] = read(quoted["words"], cell)
        return f"n{len(found) - 1}"

    return [float(evaluate(QUOTED.sub(name, mark.where), found))]


# Numbers without a mark -----------------------------------------------------------------------------------------------

NO_PROSE = re.compile(
    r"<!--.*?-->|^ *```.*?^ *```|`[^`]+`|\$\$.*?\$\$(?: \([\w:.-]+\))?|(?<!\\)\$[^$]+\$"  # code, formulas
    r"|\[[^\]]*\]\([^)]*\)|^#[^\n]*$|^ *:[^\n]*$|^\([\w-]+\)=$|^\*\*It takes\*\*[^\n]*$",  # links, headings, directives
    re.DOTALL | re.MULTILINE,
)
ALONE = re.compile(r"\$[-+]?\d+(?:\.\d+)?\$")  # a formula that is a number is prose
NAMED = re.compile(r"\b(?:[Cc]hapters?|[Aa]rticles?|[Ss]ections?|[Cc]ases?|[Pp]ages?)(?:,? (?:\d+|to|and|or))* $")


def unmarked(nb):
    """Numbers of two digits or more that have no mark and stand neither in code nor in formulas."""
    known = {float(n) for cell in nb.cells for n in re.findall(r"\d+(?:\.\d+)?", settings(cell))}
    for at, text in texts(nb):
        prose = NO_PROSE.sub(blank, text)
        for found in DIGITS.finditer(prose):
            digits = re.sub(r"[^\d.]", "", found["digits"])
            end = found.end() + text.startswith("$", found.end())
            named = NAMED.search(prose[: found.start()])
            if len(digits) > 1 and not named and not MARK.match(text, end) and float(digits) not in known:
                yield f"cell {at}, ...{text[max(found.start() - 30, 0) : end]}: a number without a mark"


def blank(found):
    """As many spaces."""
    return found[0] if ALONE.fullmatch(found[0]) else re.sub(r"[^\n]", " ", found[0])


def settings(cell):
    """Where a cell gives numbers: its code but for what it asserts, or its formulas."""
    if cell.cell_type == "code":
        return re.sub(r"^ *assert .*$", "", cell.source, flags=re.MULTILINE)
    given = (found[0] for found in NO_PROSE.finditer(cell.source) if not ALONE.fullmatch(found[0]))
    return " ".join(text.replace(r"\,", "") for text in given if text[0] in "$` ")


# The command ----------------------------------------------------------------------------------------------------------


def complaints(nb):
    """What is wrong with the marks of a notebook, and which numbers have none."""
    cells = {cell.id: cell for cell in nb.cells}
    for mark in marks(nb):
        if why := wrong(mark, cells):
            yield f"{mark}: {why}"
    for at, text in texts(nb):
        yield from (f"cell {at}: not a mark: {c}" for c in COMMENT.findall(text) if not MARK.fullmatch(c))
    yield from unmarked(nb)


def table(notebooks):
    """How many numbers of each page are tied to what: stored for the page that shows the project's scores."""
    rows = []
    for name, nb in notebooks.items():
        kinds = [mark.cell if mark.cell in (COMPUTED, GIVEN) else "shown" for mark in marks(nb)]
        if kinds:
            rows.append([title(name), *map(kinds.count, ("shown", COMPUTED, GIVEN))])
    return {
        "made by": "python tools/marks.py --score",
        "columns": ["page", "stand in a cell", "computed", "given"],
        "rows": rows,
        "total": ["all", *map(sum, list(zip(*rows))[1:])],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all in chapters/")
    parser.add_argument("--score", action="store_true", help="also store how many numbers have a mark")
    options = parser.parse_args()
    paths = options.notebooks or sorted(CHAPTERS.glob("*.ipynb"))
    notebooks = {path.stem: nbformat.read(path, as_version=4) for path in paths}
    found = {name: list(complaints(nb)) for name, nb in notebooks.items()}
    for name, nb in notebooks.items():
        print("\n".join([*found[name], f"{name}: {len(list(marks(nb)))} marks, {len(found[name])} complaints"]))
    if options.score and not options.notebooks:
        text = json.dumps(table(notebooks), indent=1, ensure_ascii=False)
        (CHAPTERS / "scores" / "marks.json").write_text(text + "\n", "utf-8")
    sys.exit(any(found.values()))


if __name__ == "__main__":
    main()
