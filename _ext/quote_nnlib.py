"""Sphinx extension: the directive `quote`, which prints functions as nnlib ships them, less docstring, decorators."""

import ast
import inspect

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import nnlib


def shortened(function):
    """The head of a function without annotations, and its body as written, comments included."""
    source = inspect.getsource(function)
    definition = ast.parse(source).body[0]
    for arg in ast.walk(definition.args):
        if isinstance(arg, ast.arg):
            arg.annotation = None
    body = definition.body[1:] if ast.get_docstring(definition) is not None else definition.body
    return "\n".join(
        [f"def {definition.name}({ast.unparse(definition.args)}):", *source.splitlines()[body[0].lineno - 1 :]]
    )


class Quote(SphinxDirective):
    """``{quote} dense dense_vjp``: one block of code with these functions."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        for module in vars(nnlib).values():
            if inspect.ismodule(module) and module.__name__.startswith("nnlib."):
                self.env.note_dependency(module.__file__)
        code = "\n\n".join(shortened(getattr(nnlib, name)) for name in self.arguments[0].split())
        return [nodes.literal_block(code, code, language="python")]


def setup(app):
    app.add_directive("quote", Quote)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
