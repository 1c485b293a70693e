"""The package as a whole: light, in layers, complete, and documented."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from calls import FUNCTIONS
from test_landing import LANDINGS, SHOWN

import nnlib

SOURCES = {path.stem: path for path in sorted(Path(nnlib.__file__).parent.glob("*.py"))}
ORDER = [
    "contracts",
    "arguments",
    "activations",
    "operations",
    "gradcheck",
    "losses",
    "layers",
    "network",
    "training",
    "slots",
    "mistakes",
    "search",
    "checks",
    "card",
    "verdict",
    "clues",
    "conventions",
    "diagnosis",
    "plots",
    "explore",
    "grammar",
    "ask",
    "slips",
]
APART = {"plots", "explore"}  # matplotlib and ipywidgets: not imported with the rest
INTERFACE = """
    identity sigmoid tanh relu softmax identity_vjp sigmoid_vjp tanh_vjp relu_vjp softmax_vjp VJP
    half_mse bce cross_entropy sigmoid_bce softmax_cross_entropy half_mse_grad bce_grad cross_entropy_grad sigmoid_bce_grad
    softmax_cross_entropy_grad GRAD one_hot dense dense_vjp init_params forward backward value_and_grad
    numerical_grad numerical_jacobian vjp_error check_vjp check_grads CheckResult sgd_step batches train Step landed SuspiciousInput
    diagnose diagnose_function Diagnosis Cause relative_error shown check_chain grads_of_step
""".split()


def test_import_brings_numpy_and_nothing_else():
    code = "import sys, numpy.random; before = set(sys.modules); import nnlib; print(*{name.split('.')[0] for name in set(sys.modules) - before})"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=SOURCES["layers"].parents[1],
    )
    assert set(run.stdout.split()) - set(sys.stdlib_module_names) == {"nnlib"}


def imports(tree):
    """The modules of the package, and the packages outside, that a module imports when it is imported."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.level:
            yield from [node.module] if node.module else [alias.name for alias in node.names]
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from [node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]


def breaches(module, source):
    """Imports from below, and packages other than NumPy and the standard library, in sentences."""
    for name in imports(ast.parse(source)):
        root = name.split(".")[0]
        if root in ORDER or root == "literate":
            if root not in ORDER[: ORDER.index(module)]:
                yield f"{module} imports {root}, which does not stand above it"
        elif root != "numpy" and root not in sys.stdlib_module_names and module not in APART:
            yield f"{module} imports {root}"


@pytest.mark.parametrize("module", sorted(SOURCES.keys() - {"__init__", "literate"}))
def test_a_module_imports_only_from_above(module):
    assert list(breaches(module, SOURCES[module].read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "line",
    ["from .network import forward", "from . import training", "import matplotlib.pyplot", "from tqdm import tqdm"],
)
def test_an_import_out_of_order_is_found(line):
    assert len(list(breaches("layers", line))) == 1
    assert list(breaches("layers", f"def draw():\n    {line}")) == []


def test_literate_imports_nothing_of_the_package():
    """It looks the functions up by name, in whatever module they stand."""
    imported = {name.split(".")[0] for name in imports(ast.parse(SOURCES["literate"].read_text("utf-8")))}
    assert imported and imported <= sys.stdlib_module_names


def test_the_interface_is_complete():
    assert sorted(nnlib.__all__) == sorted(INTERFACE)
    assert all(hasattr(nnlib, name) for name in nnlib.__all__)


def sections(f):
    """The headings of a numpydoc docstring, each with its text."""
    parts = re.split(r"^(\w+)\n-+$", inspect.getdoc(f) or "", flags=re.MULTILINE)
    return {"Summary": parts[0].strip(), **dict(zip(parts[1::2], map(str.strip, parts[2::2])))}


PAIRS = {f.__name__ for pair in nnlib.VJP.items() for f in pair}  # their arguments are said once, for the module
CHAPTER = r"\b(chapters? \d+|appendix A|introduction)\b"


@pytest.mark.parametrize("name", sorted(FUNCTIONS.keys() - PAIRS))
def test_a_public_function_is_documented(name):
    f = FUNCTIONS[name]
    told = sections(f)
    first, *_ = told["Summary"].split("\n\n")
    assert first and first.endswith((".", "?")) or "math::" in first
    documented = re.findall(r"^([\w*, ]+?)(?: : .*)?$", told.get("Parameters", ""), flags=re.MULTILINE)
    parameters = [word.lstrip("*") for line in documented for word in line.split(", ")]
    assert parameters == list(inspect.signature(f).parameters)
    if name not in ("landed", "shown"):  # they return nothing
        assert ("Returns" in told) != ("Yields" in told)
    assert re.search(CHAPTER, told["Notes"])


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_a_pair_is_seen_at_a_glance(name):
    """A formula, a chapter, and nothing that the module has said."""
    doc = inspect.getdoc(FUNCTIONS[name])
    assert len(doc.splitlines()) <= 5 and re.search(CHAPTER, doc)
    assert not sections(FUNCTIONS[name]).keys() - {"Summary"}


@pytest.mark.parametrize("module", ["activations", "losses", "layers", "network", "training"])
def test_a_mathematical_module_begins_with_mathematics(module):
    """No check stands in one: what an argument must be is said once, in `arguments`."""
    functions = [
        node for node in ast.parse(SOURCES[module].read_text("utf-8")).body if isinstance(node, ast.FunctionDef)
    ]
    assert functions[0].name in FUNCTIONS
    assert not [f.name for f in functions if f.name.startswith("check_")]


@pytest.mark.parametrize(
    ("chapter", "name"), [(chapter, name) for chapter, names in LANDINGS.items() for name in names]
)
def test_the_docstring_names_the_chapter_that_builds_it(chapter, name):
    assert re.search(rf"\bBuilt in chapter\s+{int(chapter[:2])}\b", inspect.getdoc(FUNCTIONS[name]))


@pytest.mark.parametrize("name", sorted(FUNCTIONS.keys() - SHOWN))
def test_a_landed_function_is_mathematics_only(name):
    """Checks stand in decorators, so that a chapter's cell can hold the whole function."""
    body = ast.parse(inspect.getsource(FUNCTIONS[name])).body[0]
    assert not [
        node
        for node in ast.walk(body)
        if isinstance(node, ast.Raise | ast.Assert | ast.Try | ast.Import | ast.ImportFrom)
    ]
