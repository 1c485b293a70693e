"""The link between a chapter and the package: a function as printed, and whether the one just built is nnlib's."""

import ast
import difflib
import importlib
import inspect
import textwrap
from collections.abc import Callable

HOMES = ("activations", "gradcheck", "losses", "layers", "network", "training")


def shown(f: Callable) -> None:
    """Print a function of nnlib's as a reader wants to see it: without decorators, docstring and annotations.

    Parameters
    ----------
    f : function
        Any that has a source.

    Notes
    -----
    Used in chapter 4 and wherever nnlib's code is shown.
    """
    print(source(f))


def source(f: Callable) -> str:
    """The head of a function without annotations, and its body as written, comments included."""
    code = textwrap.dedent(inspect.getsource(f))
    definition = definition_in(code)
    for arg in ast.walk(definition.args):
        if isinstance(arg, ast.arg):
            arg.annotation = None
    body = definition.body[1:] if ast.get_docstring(definition) is not None else definition.body
    lines = code.splitlines()[body[0].lineno - 1 :]
    return "\n".join([f"def {definition.name}({ast.unparse(definition.args)}):", *lines])


def landed(f: Callable) -> None:
    """Print whether a function is, to the token, the one of its name in nnlib.

    Docstrings, comments, annotations, decorators and layout do not count. A difference is printed, never raised, so
    that a reader who changes a cell can run on.

    Parameters
    ----------
    f : function
        As a chapter has just defined it.

    Notes
    -----
    How a function gets into the package: see the introduction.
    """
    name = getattr(f, "__name__", None)
    name = name if isinstance(name, str) else repr(f)
    home = next((module for module in map(import_home, HOMES) if inspect.isfunction(vars(module).get(name))), None)
    if home is None:
        print(f"nnlib has no function {name}")
        return
    there = f"{home.__name__}.{name}"
    try:
        mine, theirs = tokens(f), tokens(getattr(home, name))
    except (OSError, TypeError, SyntaxError):
        print(f"{name} here has no source to compare with {there}")
        return
    if mine == theirs:
        print(f"same as {there}")
    else:
        print(f"{name} here differs from {there}")
        print("\n".join(difflib.unified_diff(theirs, mine, there, f"{name} in this notebook", lineterm="", n=9)))


def import_home(module):
    return importlib.import_module(f"{__package__}.{module}")


def tokens(f: Callable) -> list:
    """The lines of a function with all that does not count taken out."""
    node = definition_in(textwrap.dedent(inspect.getsource(f)))
    if ast.get_docstring(node) is not None:
        node.body = node.body[1:] or [ast.Pass()]
    node.decorator_list, node.returns = [], None
    for arg in ast.walk(node):
        if isinstance(arg, ast.arg):
            arg.annotation = None
    return ast.unparse(node).splitlines()


def definition_in(code):
    node = ast.parse(code).body[0]
    if not isinstance(node, ast.FunctionDef):
        raise TypeError("expected a function that is defined with def")
    return node
