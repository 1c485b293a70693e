"""Sphinx extension: the marks behind numbers (tools/marks.py) stay in the sources, and out of the pages."""

import re

from docutils import nodes

COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def hide(app, doctree):
    for comment in list(doctree.findall(nodes.raw)):
        if COMMENT.fullmatch(comment.astext().strip()):
            comment.parent.remove(comment)
    for image in doctree.findall(nodes.image):
        if "alt" in image:
            image["alt"] = COMMENT.sub("", image["alt"])


def setup(app):
    app.connect("doctree-read", hide)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
