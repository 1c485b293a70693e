"""Sphinx extension: pages that ask nothing of other hosts and load nothing that they do not use."""

import re
import shutil
from importlib.resources import files
from itertools import chain
from pathlib import Path

MATHJAX = Path(files("mathjax"), "static", "mathjax", "es5")  # from the package django-static-mathjax

# One file with what every page with mathematics uses. MathJax's own bundle adds a context menu, which weighs as much as
# half of the rest and makes every formula a stop of the tab key.
BUNDLE = {
    "core": "core.js",
    "input/tex": "input/tex.js",
    "[tex]/html": "input/tex/extensions/html.js",
    "output/chtml": "output/chtml.js",
    "output/chtml/fonts/tex.js": "output/chtml/fonts/tex.js",
    "a11y/assistive-mml": "a11y/assistive-mml.js",
}
ON_DEMAND = [
    "input/tex/extensions/boldsymbol.js",
    "input/tex/extensions/cancel.js",
    "input/tex/extensions/color.js",
    "input/tex/extensions/enclose.js",
    "output/chtml/fonts/woff-v2/*.woff",
]

# Font Awesome's CSS and fonts draw the theme's icons; its 1.4 MB of JavaScript would draw the same icons once more,
# and its preloads fetch two fonts that no icon uses. Jupyter Book loads thebe even where it is off.
UNUSED = re.compile(
    r"\s*<script[^>]*(?:fontawesome|sphinx-thebe)[^>]*></script>"
    r"|\s*<script>const THEBE_JS_URL.*?</script>"
    r"|\s*<link[^>]*(?:sphinx-thebe|rel=\"preload\" as=\"font\")[^>]*>"
)


def bundle():
    """MathJax's loader, told what follows it so that it does not fetch it, and then that."""
    preloaded = f"MathJax.loader.preLoad({', '.join(map(repr, BUNDLE))})"
    return ";\n".join([source("startup.js"), preloaded, *map(source, BUNDLE.values())])


def source(path):
    return (MATHJAX / path).read_text("utf-8")


def copy_mathjax(app):
    folder = Path(app.outdir, "_static", "mathjax")
    for path in chain.from_iterable(MATHJAX.glob(pattern) for pattern in ON_DEMAND):
        target = folder / path.relative_to(MATHJAX)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    (folder / "mathjax.js").write_text(bundle(), "utf-8")


def trim_pages(app):
    for page in Path(app.outdir).rglob("*.html"):
        page.write_text(UNUSED.sub("", page.read_text("utf-8")), "utf-8")


def finish(app, exception):
    if exception is None and app.builder.format == "html":
        copy_mathjax(app)
        trim_pages(app)


def setup(app):
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
