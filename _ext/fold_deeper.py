"""Sphinx extension: a section headed "Deeper: …" is folded whole, its code cells too, and opens at its heading.

The browser's own disclosure does the work: it opens by keyboard, says its state to a screen reader, and opens by itself
when a link or a search leads inside. _static/fold.js adds links to the heading; book.css opens it on paper.
"""

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

HEADING = "Deeper: "


def is_deeper(section):
    title = section.next_node(nodes.title, descend=True)
    return title is not None and title.parent is section and title.astext().startswith(HEADING)


class FoldDeeper(SphinxPostTransform):
    """The heading stays the section's own, so that its number, anchor and place in every table of contents stay too."""

    default_priority = 900  # when all references are resolved
    formats = ("html",)

    def run(self, **kwargs):
        for section in filter(is_deeper, list(self.document.findall(nodes.section))):
            k = section.first_child_matching_class(nodes.title)
            title, content = section[k], section[k + 1 :]
            section[k:] = [
                html('<details class="deeper"><summary>'),
                title,
                html("</summary>"),
                *content,
                html("</details>"),
            ]


def html(text):
    return nodes.raw(text, text, format="html")


def setup(app):
    app.add_post_transform(FoldDeeper)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
