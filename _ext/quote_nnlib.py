"""Sphinx extension: the directive `quote`, which prints functions as nnlib ships them, less docstring, decorators."""

import inspect

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import nnlib
from nnlib.literate import source


class Quote(SphinxDirective):
    """``{quote} dense dense_vjp``: one block of code with these functions."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        for module in vars(nnlib).values():
            if inspect.ismodule(module) and module.__name__.startswith("nnlib."):
                self.env.note_dependency(module.__file__)
        code = "\n\n".join(source(getattr(nnlib, name)) for name in self.arguments[0].split())
        return [nodes.literal_block(code, code, language="python")]


def setup(app):
    app.add_directive("quote", Quote)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
