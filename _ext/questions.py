"""Sphinx extension: the script and the style of questions, on the pages that ask one and on no others.

Jupyter Book adds every file of _static to every page; here they are taken from the pages that do without.
"""

from docutils import nodes

FILES = ("ask.js", "ask.css")


def asks(doctree):
    """Whether a page has a question: the static face of one, in a cell's output."""
    return doctree is not None and any('class="ask"' in raw.astext() for raw in doctree.findall(nodes.raw))


def keep_from_others(app, pagename, templatename, context, doctree):
    if not asks(doctree):
        for key in ("script_files", "css_files"):
            context[key] = [file for file in context[key] if not str(file.filename).endswith(FILES)]


def setup(app):
    app.connect("html-page-context", keep_from_others)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
