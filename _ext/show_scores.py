"""Sphinx extension: the directive `score`, which shows one stored score of the project as a table, and its lists.

A score is a JSON file in chapters/scores, written by the command that it names under "made by":
"columns" and "rows" (the first column says what a row is about), "total" (a last row, or nothing), and "lists", each a
title with its entries; an entry is a list of texts, the last of them code.
"""

import json
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

SCORES = Path(__file__).parents[1] / "chapters" / "scores"


def load(name):
    return json.loads((SCORES / f"{name}.json").read_text("utf-8"))


def cell(value):
    return nodes.entry(
        "", nodes.paragraph(text=f"{value:,}".replace(",", "\u202f") if isinstance(value, int) else str(value))
    )


def table(columns, rows):
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in columns), cols=len(columns))
    group += nodes.thead("", nodes.row("", *map(cell, columns)))
    group += nodes.tbody("", *(nodes.row("", *map(cell, row)) for row in rows))
    return nodes.table("", group)


def entry(texts):
    *words, code = texts
    said = nodes.paragraph("", "; ".join(words) + ": " if words else "")
    said += nodes.literal(text=code)
    return nodes.list_item("", said)


class Score(SphinxDirective):
    """``{score} formulas``: the table of chapters/scores/formulas.json."""

    required_arguments = 1

    def run(self):
        name = self.arguments[0]
        self.env.note_dependency(str(SCORES / f"{name}.json"))
        score = load(name)
        rows = score["rows"] + ([score["total"]] if score.get("total") else [])
        shown = [table(score["columns"], rows)]
        for title, entries in score.get("lists", {}).items():
            if entries:
                shown.append(nodes.paragraph("", "", nodes.strong(text=f"{title} ({len(entries)})")))
                shown.append(nodes.bullet_list("", *map(entry, entries)))
        return shown


def setup(app):
    app.add_directive("score", Score)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
