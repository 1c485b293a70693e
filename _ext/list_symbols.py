"""Sphinx extension: the directive `symbols`, the table of what the letters of the whole book mean, from its legend.

The same lines say what a formula is evaluated with: so a letter cannot mean one thing on the notation page and another
to the judge.
"""

import sys
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "chapters" / "legends" / "book.yml"


def table():
    """The lines of a Markdown table."""
    sys.path.append(str(ROOT / "tools"))
    from judge.legend import read
    from judge.tree import node, tex

    def shape(text):
        axes = [tex(node("name", value=axis)) for axis in text.split()]
        return "one number" if text == "number" else "$" + r" \times ".join(axes) + "$"

    yield from ("| Symbol | Shape | Code | Meaning |", "| --- | --- | --- | --- |")
    for name, spec in read(BOOK)["symbols"].items():
        if "means" in spec:
            letter = tex(node("name", value=name))
            yield f"| ${letter}$ | {shape(spec['shape'])} | `{spec['code']}` | {spec['means']} |"


class Symbols(SphinxDirective):
    def run(self):
        self.env.note_dependency(str(BOOK))
        found = nodes.Element()
        self.state.nested_parse(StringList(list(table()), str(BOOK)), self.content_offset, found)
        return found.children


def setup(app):
    app.add_directive("symbols", Symbols)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
