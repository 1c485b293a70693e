"""The chapters' assertions tested: would they notice, if a function or a value of the chapter were wrong?

One fault at a time is planted into a chapter: a function that it builds or imports returns its numbers a thousandth too
large, or with the other sign; where assertions stay silent under all of those, the values that enter them are spoiled
too. The chapter runs on, every assertion is watched, and what is printed is compared. Figures are not drawn.
"""

import ast
import contextlib
import functools
import io
import itertools
import multiprocessing
import os
import re
import types
import warnings
from typing import NamedTuple

import nbformat
import numpy as np
import pytest
from honesty import parse

from chapters import CHAPTERS
from nnlib import explore, plots

NOTEBOOKS = sorted(CHAPTERS.glob("*.ipynb"))
AT_LEAST = 0.9  # of the faults are noticed
KINDS = {  # what a wrong function does to its numbers
    "a thousandth more": lambda array: array * 1.001,
    "the other sign": lambda array: -array,
}
SPOILED = (
    KINDS
    | {  # and what may be wrong about a value besides
        "one more": lambda array: array + 1,
        "an entry fewer": lambda array: array[..., :-1] if np.ndim(array) else array,
        "an axis more": lambda array: array[..., None] if np.ndim(array) else array,
    }
)
DIGITS = re.compile(r"(\d+\.\d{5})\d+")  # as in tests/nbval_sanitize.cfg


class Fault(NamedTuple):
    """One name of a chapter whose numbers are wrong from the cell on that binds it."""

    cell: int
    name: str
    kind: str  # of change; or another name, whose value it gets


class Run(NamedTuple):
    """What was seen while a chapter ran."""

    planted: bool  # whether any number was made wrong
    failed: frozenset  # the assertions that did not hold, by cell and place; one that raises says so in `said`
    said: list  # what each cell printed, or the error that it raised


# A chapter that is watched --------------------------------------------------------------------------------------------


class Watched(ast.NodeTransformer):
    """Assertions that are noted down and never stop the cell, and a call after each statement that binds a name."""

    def __init__(self, cell):
        self.cell, self.count = cell, itertools.count()

    def visit_Assert(self, node):
        place = ast.Constant((self.cell, next(self.count)))
        seen = ast.parse("try:\n    __seen__(0, 0)\nexcept Exception as error:\n    print(type(error).__name__)").body[
            0
        ]
        seen.body[0].value.args = [place, node.test]
        return seen

    def cell_of(self, tree):
        body = []
        for statement in tree.body:
            names = list(bound(statement))
            body.append(self.visit(statement))
            body += [ast.parse(f"__plant__({name!r})").body[0] for name in names]
        if body and isinstance(body[-1], ast.Expr):
            body[-1] = ast.Expr(ast.Call(ast.Name("__show__", ast.Load()), [body[-1].value], []))
        return compile(ast.fix_missing_locations(ast.Module(body, [])), f"cell {self.cell}", "exec")


def bound(statement):
    """The names that a statement of a cell binds: functions, imports from nnlib, values."""
    match statement:
        case ast.FunctionDef(name):
            yield name
        case ast.ImportFrom("nnlib", aliases):
            yield from (alias.asname or alias.name for alias in aliases)
        case ast.Assign() | ast.AugAssign() | ast.AnnAssign():
            yield from dict.fromkeys(
                node.id
                for node in ast.walk(statement)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            )


def assertions(trees):
    """Every assertion of a chapter, by cell and place."""
    found = {}
    for cell, tree in enumerate(trees):
        for k, node in enumerate(node for node in walk_in_order(tree) if isinstance(node, ast.Assert)):
            found[cell, k] = node
    return found


def walk_in_order(node):
    yield node
    for child in ast.iter_child_nodes(node):
        yield from walk_in_order(child)


# Wrong numbers --------------------------------------------------------------------------------------------------------


def wrong(value, change, changed):
    """The same with every array and number in it changed; `changed` is told whether that makes a difference."""
    match value:
        case np.ndarray() | np.number() | int() | float() | complex() if np.asarray(value).dtype.kind in "iufc":
            other = np.asarray(change(value)).astype(np.asarray(value).dtype)
            changed.append(np.shape(other) != np.shape(value) or bool(np.any(other != value)))
            return other if isinstance(value, np.ndarray) else type(value)(other)
        case tuple() if hasattr(value, "_fields"):
            return type(value)(*(wrong(part, change, changed) for part in value))
        case tuple() | list():
            return type(value)(wrong(part, change, changed) for part in value)
        case dict():
            return {key: wrong(part, change, changed) for key, part in value.items()}
        case types.GeneratorType():
            return (wrong(part, change, changed) for part in value)
        case types.FunctionType():
            return wrong_function(value, change, changed)
    return value


def wrong_function(function, change, changed):
    @functools.wraps(function)
    def planted(*args, **kwargs):
        return wrong(function(*args, **kwargs), change, changed)

    planted.__original__ = getattr(function, "__original__", function)  # what nnlib's tables know it by
    planted.__dict__.pop("__bare__", None)
    return planted


# Running --------------------------------------------------------------------------------------------------------------


class Chapter:
    def __init__(self, sources):
        self.trees = [parse(source) for source in sources]
        self.code = [Watched(k).cell_of(parse(source)) for k, source in enumerate(sources)]
        self.names = {"__name__": "__main__", "__seen__": self.seen, "__plant__": self.plant, "__show__": self.show}
        self.failed, self.met, self.changed, self.said, self.fault = set(), set(), [], [], None

    def seen(self, place, holds):
        self.met.add(place)
        if not holds:
            self.failed.add(place)

    def plant(self, name):
        if self.fault and (self.fault.cell, self.fault.name) == (len(self.said), name):
            if change := SPOILED.get(self.fault.kind):
                self.names[name] = wrong(self.names[name], change, self.changed)
            else:  # it is taken for another
                self.names[name] = self.names.get(self.fault.kind, self.names[name])

    def show(self, value):
        if value is not None and not hasattr(value, "_ipython_display_") and not hasattr(value, "_repr_html_"):
            print(repr(value))

    def run_cell(self):
        out = io.StringIO()
        with contextlib.redirect_stdout(out), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                exec(self.code[len(self.said)], self.names)
            except Exception as error:
                print(type(error).__name__)
        self.said.append(DIGITS.sub(r"\1", out.getvalue()))

    def run_on(self, fault=None):
        """From here to the end."""
        self.fault = fault
        while len(self.said) < len(self.code):
            self.run_cell()
        return Run(any(self.changed), frozenset(self.failed), self.said)

    def run_with(self, wanted):
        """One run without a fault, and from the cell of every wanted fault on one with it, in a process of its own."""
        runs = {}
        while len(self.said) < len(self.code):
            here = [fault for fault in wanted if fault.cell == len(self.said)]
            for some in (here[k : k + (os.cpu_count() or 1)] for k in range(0, len(here), os.cpu_count() or 1)):
                running = [(fault, *begin(self, fault)) for fault in some]
                for fault, process, receive in running:
                    with contextlib.suppress(EOFError):  # a process that died has noticed in its way
                        runs[fault] = receive.recv()
                    process.join()
            self.run_cell()
        return self.run_on(), runs


def begin(chapter, fault):
    receive, send = FORK.Pipe(duplex=False)
    process = FORK.Process(target=lambda: send.send(chapter.run_on(fault)))
    process.start()
    send.close()
    return process, receive


FORK = multiprocessing.get_context("fork")


def kinds(name, silent):
    """How a value is to be spoiled, for the assertions that nothing has made fail yet."""
    entered = [{node.id for node in ast.walk(test) if isinstance(node, ast.Name)} for test in silent]
    others = set().union(*(names for names in entered if name in names))
    return [*SPOILED, *sorted(others - {name})] if others else []


class Measured(NamedTuple):
    """What the assertions and outputs of a chapter notice."""

    planted: list  # faults
    unnoticed: list  # those of them that neither an assertion nor an output noticed
    assertions: int
    silent: list  # (cell, assertion): those that no fault made fail


class Undrawn:
    """In place of an explorer, whose pictures take long."""

    def __init__(self, *args, **kwargs):
        pass

    def _repr_html_(self):
        return ""


def measured(sources):
    """Plant wrong functions, then, for the assertions that no wrong function made fail, wrong values."""
    first = Chapter(sources)
    functions = [
        Fault(cell, name, kind)
        for cell, tree in enumerate(first.trees)
        for statement in tree.body
        if isinstance(statement, ast.FunctionDef | ast.ImportFrom)
        for name in bound(statement)
        for kind in KINDS
    ]
    honest, runs = first.run_with(functions)
    assert not honest.failed
    found = assertions(first.trees)
    failed = set().union(*(run.failed for run in runs.values()))
    spoiled = [
        Fault(cell, name, kind)
        for cell, tree in enumerate(first.trees)
        for statement in tree.body
        if isinstance(statement, ast.Assign | ast.AugAssign)
        for name in bound(statement)
        for kind in kinds(name, [found[place] for place in found.keys() - failed])
    ]
    if spoiled:
        failed |= set().union(*(run.failed for run in Chapter(sources).run_with(spoiled)[1].values()))
    planted = [fault for fault, run in runs.items() if run.planted]
    unnoticed = [fault for fault in planted if not runs[fault].failed and runs[fault].said == honest.said]
    return Measured(
        planted, unnoticed, len(found), [(cell, found[cell, k]) for cell, k in sorted(found.keys() - failed)]
    )


def without_pictures(path):
    """A chapter's code cells, measured where nothing is drawn."""
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plots, "figure", lambda *draws, **how: None)
        patch.setattr(explore, "Explorer", Undrawn)
        patch.chdir(path.parent)
        return [cell.id for cell in cells], measured([cell.source for cell in cells])


def table(found):
    """What is stored of it, for the page that shows it; `found` is {chapter: (ids of its cells, what was measured)}."""
    rows, silent, unnoticed = [], [], []
    for chapter, (ids, m) in found.items():
        rows.append(
            [chapter, m.assertions, m.assertions - len(m.silent), len(m.planted), len(m.planted) - len(m.unnoticed)]
        )
        silent += [[f"{chapter}, cell {ids[cell]}", ast.unparse(node)] for cell, node in m.silent]
        unnoticed += [[f"{chapter}, cell {ids[fault.cell]}", fault.kind, fault.name] for fault in m.unnoticed]
    return {
        "made by": "make mutants",
        "columns": ["chapter", "assertions", "that fail under a fault", "wrong functions", "noticed"],
        "rows": rows,
        "total": ["all", *(sum(column) for column in list(zip(*rows))[1:])],
        "lists": {"Assertions that no fault makes fail": silent, "Wrong functions that nothing notices": unnoticed},
    }


def test_the_assertions_notice(score, checked):
    seen = table({path.stem: without_pictures(path) for path in NOTEBOOKS})
    score("assertions", seen)
    _, total, useful, planted, noticed = seen["total"]
    assert noticed >= AT_LEAST * planted and useful >= AT_LEAST * total
    checked(assertions_watched=total, wrong_functions=planted)


# The measure measured -------------------------------------------------------------------------------------------------

GOOD = [
    "import numpy as np\nfrom nnlib import tanh",
    "z = np.array([0.5, 2.0])\ndef slope(z):\n    return 1 - tanh(z) ** 2",
    "a = tanh(z)\nassert np.allclose(slope(z), 1 - a * a, rtol=1e-9)",
]


@pytest.mark.parametrize(
    ("check", "silent"),
    [
        ("assert np.allclose(a, np.sinh(z) / np.cosh(z), rtol=1e-9)", 0),
        ("assert True", 1),
        ("assert np.allclose(a, np.sinh(z) / np.cosh(z), atol=3)", 1),
        ("assert a.shape == z.shape", 0),
        ("for k in range(2):\n    assert abs(a[k] - np.tanh(z[k])) < 1e-12", 0),
    ],
)
def test_an_assertion_that_notices_nothing_is_listed(check, silent):
    m = measured([*GOOD, check])
    assert len(m.silent) == silent and m.assertions == 2
    assert {(fault.name, fault.kind) for fault in m.planted} == set(itertools.product(["tanh", "slope"], KINDS))


def test_a_wrong_function_that_nothing_notices_is_listed():
    m = measured([*GOOD[:2], "a = slope(z)"])
    assert m.unnoticed == m.planted != []
    m = measured([*GOOD[:2], "print(slope(z).round(4))"])
    assert m.unnoticed == [(0, "tanh", "the other sign")]  # its square is the same
