"""Sphinx extension: the directive `bad-input`, a table of bad input and what nnlib says of it, from the tests' data.

Every row is tried while the page is built; one that is accepted, or ends in another error, stops the build.
"""

import re
import sys
import warnings
from pathlib import Path

from sphinx.util.docutils import SphinxDirective

sys.path.append(str(Path(__file__).parents[1] / "tests"))
try:
    from bad_input import KINDS, ROWS, SHAPES
    from calls import call, honest
except ModuleNotFoundError:  # a book of other pages, which has no tests beside it
    KINDS, ROWS, SHAPES = {}, (), {}

from nnlib import SuspiciousInput
from nnlib.contracts import brief

WHAT = {**SHAPES, **KINDS}


def cases():
    """(function, what it is given, its arguments): every way to spoil x of `forward`, then all the other rows."""
    for what, spoil in WHAT.items():
        yield "forward", f"x: {what}", honest("forward") | {"x": spoil(honest("forward")["x"])}
    for name, spoiled, _ in ROWS:
        yield name, ", ".join(f"{key} = {in_words(value)}" for key, value in spoiled.items()), honest(name) | spoiled


def in_words(value):
    """A value in few words, without a place in memory."""
    if isinstance(value, list) and any(map(callable, value)):
        return f"[{', '.join(map(in_words, value))}]"
    text = getattr(value, "__name__", None) or brief(value)
    return " ".join(re.sub(r"( object| instance)? at 0x\w+", "", text).split())


def said(name, arguments):
    """The error that a call ends in, or None."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            call(name, arguments)
        except (ValueError, TypeError, FloatingPointError, SuspiciousInput) as error:
            return f"{type(error).__name__}: {error}" if str(error).startswith(name) else None
    return None


def table():
    """Rows without repetitions: (function, given, what happens)."""
    if not ROWS:
        raise ValueError("bad-input: no rows, expected tests/bad_input.py")
    rows = []
    for name, given, arguments in cases():
        complaint = said(name, arguments)
        if complaint is not None:
            rows.append((name, given, re.sub(r" at 0x\w+", "", complaint)))
        elif (name, given) not in {("forward", f"x: {w}") for w in ("one row fewer", "one row", "complex")}:
            raise ValueError(f"bad-input: {name} accepted {given}")
    return list(dict.fromkeys(rows))


class BadInput(SphinxDirective):
    """``{bad-input}``: the table."""

    def run(self):
        lines = [
            ".. list-table::",
            "   :header-rows: 1",
            "   :class: fits",
            "",
            "   * - Function",
            "     - Given",
            "     - What happens",
        ]
        for row in table():
            lines += [f"   {'*' if k == 0 else ' '} - ``{' '.join(cell.split())}``" for k, cell in enumerate(row)]
        return self.parse_text_to_nodes("```{eval-rst}\n" + "\n".join(lines) + "\n```")


def setup(app):
    app.add_directive("bad-input", BadInput)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
