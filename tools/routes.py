"""Count what each route through a chapter asks of a reader, and hold the core to its limits.

    python tools/routes.py                          every numbered chapter, as a table
    python tools/routes.py chapters/05_a_layer.ipynb

A chapter's core is all before its questions, without the sections headed "Deeper: …" and without what is folded.
"""

import argparse
import ast
import re
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from chapters import CHAPTERS, parse, seen, tags

MAX_EQUATIONS, MAX_CELLS, WORDS_PER_LINE = 16, 40, 10
MINUTES = range(25, 46)
HONEST = 0.2  # how far the minutes that a chapter states may be from those that are estimated
SHORT = 5  # minutes

# A reader of the core takes a minute for 100 words, for a displayed formula, or for 12 lines of code.
# Fitted to the minutes that a new reader needed for chapters 0 to 6 as they once were: 40, 50, 75, 120, 40, 40, 65.
WORDS_A_MINUTE, FORMULAS_A_MINUTE, LINES_A_MINUTE = 100, 1, 12

STATED = re.compile(
    r"^\*\*It takes\*\* about (?P<core>\d+) minutes"
    r"(?:, (?P<deeper>\d+) more with the sections headed \*Deeper\*)?"
    r", and (?P<questions>\d+) more with the questions and exercises\.$",
    re.MULTILINE,
)
HEADING = re.compile(r"(?:\([\w-]+\)=\n+)?(?P<marks>#+) (?P<text>.+)")
FORMULA = re.compile(r"^[ ]*\$\$\n.*?^[ ]*\$\$", re.MULTILINE | re.DOTALL)
FOLDED = re.compile(r"^\s*:::+\{dropdown\}.*?^\s*:::+\s*$", re.MULTILINE | re.DOTALL)
NO_PROSE = re.compile(r"^\s*(?:\(.*\)=|:::.*|:\w+:.*|```.*)$", re.MULTILINE)
INLINE = re.compile(r"\$[^$]+\$|`[^`]+`")


@dataclass
class Part:
    """What one part of a chapter holds, folded things left out; `bare` are cells that only draw or only assert."""

    words: int = 0
    formulas: int = 0
    cells: int = 0
    lines: int = 0
    bare: list = field(default_factory=list)

    @property
    def minutes(self):
        return self.words / WORDS_A_MINUTE + self.formulas / FORMULAS_A_MINUTE + self.lines / LINES_A_MINUTE


def parts(nb):
    """A notebook's cells counted by route: core, deeper, questions."""
    counted, route, level = defaultdict(Part), "core", None
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            if heading := HEADING.match(cell.source):
                depth, text = len(heading["marks"]), heading["text"]
                if text.startswith("Five questions"):
                    route, level = "questions", 0
                elif level is None or 0 < depth <= level:
                    route, level = ("deeper", depth) if text.startswith("Deeper: ") else ("core", None)
            add_text(counted[route], cell)
        elif not tags(cell) & {"hide-cell", "hide-input", "remove-cell", "remove-input"}:
            add_code(counted[route], cell)
    return counted


def add_text(part, cell):
    if "remove-cell" in tags(cell):
        return
    text = FOLDED.sub("", seen(cell.source))
    part.formulas += len(FORMULA.findall(text))
    prose = INLINE.sub("x", NO_PROSE.sub("", FORMULA.sub("", text)))
    part.words += sum(any(map(str.isalnum, word)) for word in prose.split())


def add_code(part, cell):
    part.cells += 1
    part.lines += sum(bool(line.strip()) for line in cell.source.splitlines())
    if what := bare(cell):
        part.bare.append(f"{cell.id} only {what}")


def bare(cell):
    """'asserts' or 'draws' where a cell does nothing else."""
    body = parse(cell.source).body
    if body and all(map(asserts, body)):
        return "asserts"
    if any(map(draws, body)) and all(draws(statement) or is_function(statement) for statement in body):
        return "draws"


def asserts(statement):
    if isinstance(statement, ast.For | ast.With):
        return all(map(asserts, statement.body))
    return isinstance(statement, ast.Assert)


def draws(statement):
    """A function that draws on an axes, or a call of what draws: plots.figure(...), Explorer(...)."""
    if is_function(statement):
        return [arg.arg for arg in statement.args.args[:1]] == ["ax"]
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and ast.unparse(call.func) in ("plots.figure", "Explorer")


def is_function(statement):
    return isinstance(statement, ast.FunctionDef)


def stated(nb):
    """The minutes that a chapter's opening states, by route; None where it states none in the one form."""
    opening = next((cell.source for cell in nb.cells if cell.cell_type == "markdown" and "\n# " in cell.source), "")
    found = STATED.search(opening)
    return found and {route: int(minutes or 0) for route, minutes in found.groupdict().items()}


def violations(nb):
    """What a chapter asks too much of a reader, in words."""
    counted, says = parts(nb), stated(nb)
    core = counted["core"]
    if core.formulas > MAX_EQUATIONS:
        yield f"{core.formulas} displayed equations in the core, at most {MAX_EQUATIONS}"
    if core.cells > MAX_CELLS:
        yield f"{core.cells} visible code cells in the core, at most {MAX_CELLS}"
    if core.words < WORDS_PER_LINE * core.lines:
        yield f"{core.words / core.lines:.1f} words a visible line of code in the core, at least {WORDS_PER_LINE}"
    yield from (f"in the core, cell {cell}: fold it" for cell in core.bare)
    if says is None:
        yield "the opening states no minutes in the one form: **It takes** about 40 minutes, and 20 more with ..."
        return
    if says["core"] not in MINUTES:
        yield f"the core takes {says['core']} minutes, expected {MINUTES[0]} to {MINUTES[-1]}"
    for route in ("core", "deeper"):
        estimate = counted[route].minutes
        if abs(says[route] - estimate) > max(SHORT, HONEST * estimate):
            yield f"{route}: {says[route]} minutes stated, {estimate:.0f} estimated"


WIDTHS = (12, 11, 11, 7, 12, 12, 11, 7)


def rows(notebooks):
    """The table, line by line."""
    yield f"{'':24}{'the core':>13}{'deeper':>49}"
    heads = zip(("minutes", "estimated", "equations", "cells", "words/line", "minutes", "equations", "cells"), WIDTHS)
    yield f"{'chapter':20}" + "".join(f"{head:>{width}}" for head, width in heads)
    for name, nb in notebooks.items():
        counted, says = parts(nb), stated(nb) or {"core": "?", "deeper": "?"}
        core, deeper = counted["core"], counted["deeper"]
        cells = [says["core"], f"{core.minutes:.0f}", core.formulas, core.cells]
        cells += [f"{core.words / max(core.lines, 1):.1f}", says["deeper"], deeper.formulas, deeper.cells]
        yield f"{name:20}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, WIDTHS))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all that are numbered")
    paths = parser.parse_args().notebooks or sorted(CHAPTERS.glob("[0-9]*.ipynb"))
    notebooks = {path.stem: nbformat.read(path, as_version=4) for path in paths}
    print("\n".join(rows(notebooks)))
    found = [f"{name}: {breach}" for name, nb in notebooks.items() for breach in violations(nb)]
    sys.exit("\n" + "\n".join(found) if found else 0)


if __name__ == "__main__":
    main()
