"""The chapters' assertions tested: would they notice, if a function or a value of the chapter were wrong?

One fault at a time is planted into a chapter: a function that it builds or imports returns its numbers a thousandth too
large, or with the other sign; where assertions stay silent under all of those, the values that enter them are spoiled
too. The chapter runs on until that is noticed, by an assertion or in what is printed, and as long as assertions are
ahead that depend on it and that nothing has made fail yet. Nothing is drawn, and no other processes work for a chapter.
"""

import ast
import contextlib
import functools
import io
import itertools
import multiprocessing
import os
import random
import re
import signal
import types
import warnings
from typing import NamedTuple

import nbformat
import numpy as np
import pytest
from honesty import parse

from chapters import CHAPTERS
from nnlib import CheckResult, Diagnosis, ask, explore, plots, slips

NOTEBOOKS = sorted(CHAPTERS.glob("*.ipynb"))
AT_LEAST = 0.9  # of the faults are noticed
MOST = 40  # wrong functions a chapter; of more, these are drawn
SECONDS = 100  # of computing that a fault may take: it may make a loop endless
KINDS = {  # what a wrong function does to its numbers
    "a thousandth more": lambda array: array * 1.001,
    "the other sign": lambda array: ~array if array.dtype == bool else -array,
}
SPOILED = (
    KINDS
    | {  # and what may be wrong besides, where those are not noticed
        "nothing": lambda array: array * 0,
        "one more": lambda array: array + 1,
        "one entry one more": lambda array: (
            array + (np.arange(array.size) == min(1, array.size - 1)).reshape(array.shape)
        ),
        "an entry fewer": lambda array: array[..., :-1] if array.ndim else array,
        "an axis more": lambda array: array[..., None] if array.ndim else array,
    }
)
FIRST = "its first argument"  # is what a function returns that does nothing
DIGITS = re.compile(r"(\d+\.\d{5})\d+")  # as in tests/nbval_sanitize.cfg


class Fault(NamedTuple):
    """One name of a chapter whose numbers are wrong from the cell on that binds it."""

    cell: int
    name: str
    kind: str  # of change; or another name, whose value it gets


class Run(NamedTuple):
    """What was seen while a chapter ran."""

    planted: bool  # whether any number was made wrong
    met: frozenset  # the assertions that were reached, by cell and place; one that raises says so in `said`
    failed: frozenset  # those of them that did not hold
    said: list  # what each cell printed, or the error that it raised

    def notices(self, honest):
        return bool(self.failed) or self.said != honest.said[: len(self.said)]


# A chapter that is watched --------------------------------------------------------------------------------------------


class Watched(ast.NodeTransformer):
    """Assertions that are noted down and never stop the cell, and a call after each statement that binds a name."""

    def __init__(self, cell):
        self.cell, self.count, self.depth = cell, itertools.count(), 0

    def visit_Assert(self, node):
        place = ast.Constant((self.cell, next(self.count)))
        test = "try:\n    __seen__(0, 0)\nexcept Exception as error:\n    print(type(error).__name__)"
        seen = ast.parse(test).body[0]
        seen.body[0].value.args = [place, node.test]
        return seen

    def visit_FunctionDef(self, node):
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1
        return [node, *self.plants(bound(node))]

    def visit_For(self, node):
        self.generic_visit(node)
        node.body = [*self.plants(names_in(node.target, ast.Store)), *node.body]
        return [node, *self.plants(written(node))]

    def visit_statement(self, node):
        return [node, *self.plants(bound(node))]

    visit_Assign = visit_AugAssign = visit_AnnAssign = visit_ImportFrom = visit_statement

    def plants(self, names):
        return [] if self.depth else [ast.parse(f"__plant__({name!r})").body[0] for name in names]

    def cell_of(self, tree):
        body = self.visit(tree).body
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
            yield from sorted(names_in(statement, ast.Store) | written(statement))
        case ast.For(target):
            yield from sorted(names_in(target, ast.Store) | written(statement))


def statements(tree):
    """The statements of a cell, those in loops and conditions too, but not those in functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.stmt):
            yield node
        if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.expr):
            yield from statements(node)


def assertions(trees):
    """Every assertion of a chapter, by cell and place, with the statement that it is part of."""
    found = {}
    for cell, tree in enumerate(trees):
        pairs = [(node, statement) for statement in tree.body for node in walk_in_order(statement)]
        for k, (node, statement) in enumerate(pair for pair in pairs if isinstance(pair[0], ast.Assert)):
            found[cell, k] = node, statement
    return found


def walk_in_order(node):
    yield node
    for child in ast.iter_child_nodes(node):
        yield from walk_in_order(child)


def names_in(node, *contexts):
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, contexts)}


def influence(trees):
    """A function: the names of a chapter whose values may depend on the name that it is given."""
    flows = [(names_in(statement, ast.Load), changes(statement)) for tree in trees for statement in tree.body]

    @functools.cache
    def reached(name):
        known, new = set(), {name}
        while new:
            known |= new
            new = set().union(*(bound for used, bound in flows if used & new)) - known
        return known

    return reached


def changes(statement):
    """The names that a statement of a cell binds, and those whose objects it writes to."""
    if isinstance(statement, ast.FunctionDef):
        return {statement.name}
    return names_in(statement, ast.Store) | written(statement)


def written(statement):
    """The names whose objects it writes to: entries, attributes, and by a method of which nothing is returned."""
    names = set()
    for node in ast.walk(statement):
        match node:
            case ast.Subscript(ast.Name(name), _, ast.Store()) | ast.Attribute(ast.Name(name), _, ast.Store()):
                names.add(name)
            case ast.Expr(ast.Call(ast.Attribute(ast.Name(name)))):
                names.add(name)
    return names


# Wrong numbers --------------------------------------------------------------------------------------------------------


def wrong(value, change, changed):
    """The same with every array and number in it changed; `changed` is told whether that makes a difference."""
    match value:
        case CheckResult() | Diagnosis():
            return the_contrary(value, changed) if change is KINDS["the other sign"] else value
        case np.ndarray() | np.number() | np.bool() | int() | float() | complex():
            array = np.asarray(value)
            if array.dtype == object and array.size and isinstance(array.flat[0], float):  # numbers that count
                changed.append(True)
                return change(array)
            if array.dtype.kind not in "iufcb" or array.dtype == bool and change is not KINDS["the other sign"]:
                return value
            other = np.asarray(change(array)).astype(array.dtype)
            changed.append(np.shape(other) != np.shape(value) or bool(np.any(other != value)))
            return other if isinstance(value, np.ndarray) else type(value)(other)
        case tuple() if hasattr(value, "_fields"):
            return type(value)(*(wrong(part, change, changed) for part in value))
        case tuple() | list() if change is SPOILED["one entry one more"]:
            return type(value)([*value[:-1], *(wrong(part, change, changed) for part in value[-1:])])
        case tuple() | list() | set():
            return type(value)(wrong(part, change, changed) for part in value)
        case dict():
            return dict(zip(value, wrong(list(value.values()), change, changed)))
        case types.GeneratorType():
            return (wrong(part, change, changed) for part in value)
        case types.FunctionType():
            return wrong_function(value, change, changed)
    return value


def the_contrary(verdict, changed):
    """The verdict of a check that takes right for wrong and wrong for right."""
    changed.append(True)
    if isinstance(verdict, Diagnosis):
        return verdict._replace(status="unknown" if verdict else "right", explanations=())
    worst = np.inf if verdict else 0.0
    return verdict._replace(entries=tuple(entry._replace(worst=worst) for entry in verdict.entries))


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
            if self.fault.kind == FIRST:
                self.names[name] = lambda first, *others, **how: first
            elif change := SPOILED.get(self.fault.kind):
                self.names[name] = wrong(self.names[name], change, self.changed)
            else:  # it is taken for another
                self.names[name] = self.names.get(self.fault.kind, self.names[name])

    def show(self, value):
        if isinstance(value, Diagnosis):
            print(value)
        elif value is not None and not hasattr(value, "_ipython_display_") and not hasattr(value, "_repr_html_"):
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

    def run_on(self, fault=None, honest=None, awaited=frozenset()):
        """From here on: to the end, or until a fault is noticed and no awaited assertion is ahead."""
        self.fault = fault
        while len(self.said) < len(self.code):
            ahead = any(cell >= len(self.said) for cell, _ in awaited - self.failed)
            if fault and not ahead and (not honest or self.so_far().notices(honest)):
                break
            self.run_cell()
        return self.so_far()

    def so_far(self):
        return Run(any(self.changed), frozenset(self.met), frozenset(self.failed), self.said)

    def run_with(self, faults, awaited, honest=None):
        """A run for every fault, from its cell on, in a process of its own; `awaited(fault, failed)` is what for."""
        runs, failed = {}, set()
        for cell in range(len(self.code)):
            here = [fault for fault in faults if fault.cell == cell]
            for some in (here[k : k + CPUS] for k in range(0, len(here), CPUS)):
                asked = [(fault, awaited(fault, failed)) for fault in some]
                running = [(fault, *begin(self, fault, honest, those)) for fault, those in asked if honest or those]
                for fault, process, receive in running:
                    with contextlib.suppress(EOFError):  # a process that died has noticed in its way
                        runs[fault] = receive.recv()
                        failed |= runs[fault].failed
                    process.join()
            self.run_cell()
        return runs, failed


def begin(chapter, *how):
    def run():
        signal.setitimer(signal.ITIMER_PROF, SECONDS)  # which ends the process
        send.send(chapter.run_on(*how))

    receive, send = FORK.Pipe(duplex=False)
    process = FORK.Process(target=run)
    process.start()
    send.close()
    return process, receive


FORK, CPUS = multiprocessing.get_context("fork"), os.cpu_count() or 1


class Measured(NamedTuple):
    """What the assertions and outputs of a chapter notice."""

    planted: list  # faults
    unnoticed: list  # those of them that neither an assertion nor an output noticed
    assertions: int
    silent: list  # (cell, assertion): those that no fault made fail


class Undrawn:
    """In place of an explorer or a question, whose pictures and arrays take long."""

    def __init__(self, *args, **kwargs):
        pass

    def _repr_html_(self):
        return ""


def measured(sources):
    """Plant wrong functions, then, for the assertions that no wrong function made fail, wrong values."""
    chapter = Chapter(sources)
    _, receive = begin(chapter)
    honest, found, reached = receive.recv(), assertions(chapter.trees), influence(chapter.trees)
    assert not honest.failed
    places = [(cell, statement) for cell, tree in enumerate(chapter.trees) for statement in statements(tree)]
    functions = [place for place in places if isinstance(place[1], ast.FunctionDef | ast.ImportFrom)]
    used = set().union(*(names_in(tree, ast.Load) for tree in map(undrawn, chapter.trees)))

    def reachable(fault, failed):
        """The assertions that a wrong function may make fail, and nothing has; in a function it may be any."""
        names = reached(fault.name)
        return frozenset(
            place
            for place in honest.met - failed
            if isinstance(statement := found[place][1], ast.FunctionDef) or names & names_in(statement, ast.Load)
        )

    wrong_functions = [
        Fault(cell, name, kind)
        for cell, statement in functions
        for name in bound(statement)
        for kind in KINDS
        if name in used
    ]
    if len(wrong_functions) > MOST:
        wrong_functions = random.Random(0).sample(wrong_functions, MOST)
    runs, failed = chapter.run_with(wrong_functions, reachable, honest)
    silent = {place: names_in(found[place][1], ast.Load) for place in honest.met - failed}

    def entered(fault, failed):
        return frozenset(place for place, names in silent.items() if fault.name in names and place not in failed)

    def others(name):
        return sorted(set().union(*(names for names in silent.values() if name in names)) - {name})

    wrong_values = [
        Fault(cell, name, kind)
        for cell, statement in places
        for name in bound(statement)
        for kind in [*SPOILED, *([FIRST] if (cell, statement) in functions else others(name))]
    ]
    failed |= Chapter(sources).run_with(wrong_values, entered)[1]
    planted = [fault for fault, run in runs.items() if run.planted]
    unnoticed = [fault for fault in planted if not runs[fault].notices(honest)]
    silent = [(cell, found[cell, k][0]) for cell, k in sorted(honest.met - failed)]
    return Measured(planted, unnoticed, len(honest.met), silent)


def undrawn(tree):
    """A cell without the explorer at its end, whose functions nothing else calls."""
    explorer = tree.body and isinstance(tree.body[-1], ast.Expr) and "Explorer" in names_in(tree.body[-1], ast.Load)
    return ast.Module(tree.body[:-1] if explorer else tree.body, [])


def without_pictures(path):
    """A chapter's code cells, measured where nothing is drawn, and where no process works for another."""
    from dask import base, get  # loaded only where a chapter is measured

    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plots, "figure", lambda *draws, **how: None)
        patch.setattr(explore, "Explorer", Undrawn)
        for module, name in QUESTIONS:
            patch.setattr(module, name, Undrawn)
        patch.setattr("dask.distributed.LocalCluster", None)  # what needs one raises, and its assertions are not met
        patch.setitem(base.named_schedulers, "threads", get)  # a thread does not outlive a fork
        patch.chdir(path.parent)
        return [cell.id for cell in cells], measured([cell.source for cell in cells])


QUESTIONS = [(ask, "Number"), (ask, "Expression"), (ask, "Choice"), (ask, "Lines"), (slips, "Backward")]


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
