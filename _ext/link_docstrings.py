"""Sphinx extension: where a docstring of nnlib names a chapter or an article by its number, the page links there.

In Python's help() the same docstring stays plain words.
"""

import re

PLACE = re.compile(r"\b(?P<word>chapter|appendix) (?P<number>\d+|[A-C])\b")
ARTICLE = re.compile(r"(?:\b[Aa]rticles? )?\b(?P<number>00\d)\b")


def chapters(pages):
    """The pages of the chapters by their numbers, of the appendices by their letters."""
    found = (re.match(r"chapters/(?:0*(\d+)|([a-c]))_", page) for page in pages)
    return {match[1] or match[2].upper(): match.string for match in found if match}


def linked(text, pages):
    """The same text with links; a chapter that is not there stays a word."""
    places = chapters(pages)

    def link(match):
        page = places.get(match["number"])
        return f":doc:`{match[0]} </{page}>`" if page else match[0]

    return ARTICLE.sub(r":cite:author:`article\g<number>`", PLACE.sub(link, text))


def process(app, what, name, obj, options, lines):
    lines[:] = [linked(line, app.env.found_docs) for line in lines]


def setup(app):
    app.connect("autodoc-process-docstring", process)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
