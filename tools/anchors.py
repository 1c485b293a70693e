"""Keep the anchors of the built book, to which others may link, in tests/anchors.txt: new ones are added, none goes.

A section or an equation may move and be renamed; its anchor stays, so that links from elsewhere do not die silently. An
anchor that has to go is taken out of the list by hand, and CHANGELOG.md says where its subject is now.
"""

import re
import sys
from html import unescape
from pathlib import Path

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html"
STORED = ROOT / "tests" / "anchors.txt"
NO_NAMES = re.compile(r"id\d+$|exercise-content$|index-|MathJax")  # given by order, or to several places of a page


def anchors(html):
    """The anchors of sections, equations, figures, exercises, terms and functions in a page."""
    article = html.partition("<article")[2].partition("</article>")[0]
    places = re.findall(
        r"<(section|figure|dt|span|div(?=[^>]* class=\"[^\"]*\b(?:math|admonition)\b))\b([^>]*)>", article
    )
    named = (re.search(r'\bid="([^"]+)"', attributes) for _, attributes in places)
    return {unescape(found[1]) for found in named if found and not NO_NAMES.match(found[1])}


def built(folder=HTML):
    """Those of a whole book: chapters/05_a_layer.html#eq-dense, ..."""
    return {
        f"{page.relative_to(folder).as_posix()}#{name}"
        for page in (folder / "chapters").glob("*.html")
        for name in anchors(page.read_text("utf-8"))
    }


def stored():
    return set(STORED.read_text("utf-8").split()) if STORED.exists() else set()


def main():
    old = stored()
    new = built() - old
    STORED.write_text("".join(f"{anchor}\n" for anchor in sorted(old | new)), "utf-8")
    print(f"{len(new)} new anchors, {len(old | new)} in all: {STORED.relative_to(ROOT)}")
    return len(old - built())


if __name__ == "__main__":
    sys.exit("Some stored anchors are not in the built book." if main() else 0)
