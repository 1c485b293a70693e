"""The link between a chapter and the package: is the function just built the one that nnlib ships?"""

import ast
import difflib
import importlib
import inspect
import textwrap
from collections.abc import Callable

HOMES = ("activations", "gradcheck", "losses", "layers", "network", "training")


def landed(f: Callable) -> None:
    """Print whether a function is, to the token, the one of its name in nnlib.

    Docstrings, comments, annotations, decorators and layout do not count. A difference is printed, never raised, so that
    a reader who changes a cell can run on.

    Parameters
    ----------
    f : function
        As a chapter has just defined it.

    Notes
    -----
    How a function gets into the package: see the introduction.
    """
    name = getattr(f, "__name__", repr(f))
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
    node = ast.parse(textwrap.dedent(inspect.getsource(f))).body[0]
    if not isinstance(node, ast.FunctionDef):
        raise TypeError("expected a function that is defined with def")
    if ast.get_docstring(node) is not None:
        node.body = node.body[1:] or [ast.Pass()]
    node.decorator_list, node.returns = [], None
    for arg in ast.walk(node):
        if isinstance(arg, ast.arg):
            arg.annotation = None
    return ast.unparse(node).splitlines()
