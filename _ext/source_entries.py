"""Sphinx extension: pages may link to an entry of the sources' page, [000-33](c_sources.ipynb#s-000-33).

The entries' rows are made by a cell, so MyST, which knows headings alone, would say that they are not there.
"""

import tomllib
from pathlib import Path

ENTRIES = Path(__file__).parents[1] / "chapters" / "sources.toml"
PAGE = "chapters/c_sources"


def add_targets(app, env):
    if PAGE not in env.found_docs:  # a book of other pages
        return
    targets = env.metadata[PAGE].setdefault("myst_slugs", {})
    for name in tomllib.loads(ENTRIES.read_text("utf-8")):
        targets[f"s-{name}"] = (0, f"s-{name}", name)  # line, id, what an empty link says


def setup(app):
    app.connect("env-updated", add_targets)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
