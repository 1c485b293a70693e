"""Sphinx extension: every entry of the sources' page is a label, so that any page may say {ref}`s-000-33`."""

import tomllib
from pathlib import Path

ENTRIES = Path(__file__).parents[1] / "chapters" / "sources.toml"
PAGE = "chapters/c_sources"


def add_labels(app, env):
    standard = env.get_domain("std")
    for name in tomllib.loads(ENTRIES.read_text("utf-8")):
        label = f"s-{name}"
        standard.labels[label] = PAGE, label, name
        standard.anonlabels[label] = PAGE, label


def setup(app):
    app.connect("env-updated", add_labels)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
