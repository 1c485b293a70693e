"""Sphinx extension: links to the entries of the sources' page, and from its table to the chapters.

[000-33](c_sources.ipynb#s-000-33) leads to a row that a cell makes, so MyST, which knows headings alone, would say that
it is not there. And the table names a chapter by its file, as JupyterLab and GitHub want it; that becomes its page.
"""

import re
import tomllib
from pathlib import Path

from docutils import nodes

ENTRIES = Path(__file__).parents[1] / "chapters" / "sources.toml"
PAGE = "chapters/c_sources"
NOTEBOOK = re.compile(r'(?<=href=")([\w-]+)\.ipynb(?=["#])')


def add_targets(app, env):
    if PAGE not in env.found_docs:  # a book of other pages
        return
    targets = env.metadata[PAGE].setdefault("myst_slugs", {})
    for name in tomllib.loads(ENTRIES.read_text("utf-8")):
        targets[f"s-{name}"] = (0, f"s-{name}", name)  # line, id, what an empty link says


def link_chapters(app, doctree, page):
    if page == PAGE:
        for raw in doctree.findall(nodes.raw):
            html = NOTEBOOK.sub(lambda name: app.builder.get_relative_uri(PAGE, f"chapters/{name[1]}"), raw.astext())
            raw.children[:] = [nodes.Text(html)]


def setup(app):
    app.connect("env-updated", add_targets)
    app.connect("doctree-resolved", link_chapters)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
