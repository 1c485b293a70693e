"""Build the book without Jupyter Book 1, on the Sphinx that comes after its: what `make next` does.

The book's settings stay those of _config.yml. Jupyter Book turns them into Sphinx's, in its own environment; plain
Sphinx takes them over in another, where Jupyter Book could not be installed. They are the conf.py of the day it goes.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
NEXT = ROOT / "_build" / "next"

# What Jupyter Book 1 alone needs, or loads although this book does not use it
EXTENSIONS = {"jupyter_book", "sphinx_jupyterbook_latex", "sphinx_comments", "sphinx_thebe", "sphinx.ext.intersphinx"}
SETTINGS = {"use_jupyterbook_latex", "comments_config"}


def settings():
    """The book's settings in Sphinx's words."""
    from jupyter_book.config import get_final_config

    told, _ = get_final_config(
        user_yaml=ROOT / "_config.yml", cli_config={"latex_individualpages": False}, sourcedir=ROOT
    )
    told["html_theme_options"]["navbar_persistent"] = []  # where the theme would have a second search field
    told["extensions"] = [name for name in dict.fromkeys(told["extensions"]) if name not in EXTENSIONS]
    return {name: value for name, value in told.items() if name not in SETTINGS}


def build(told):
    """Build the pages, warnings as errors; whether that failed."""
    from sphinx.application import Sphinx

    sys.path[:0] = [str(ROOT), str(ROOT / "_ext")]
    book = Sphinx(
        ROOT,
        None,
        NEXT / "html",
        NEXT / "doctrees",
        "html",
        told | {"nitpicky": True},
        status=None,
        warningiserror=True,
    )
    book.build()
    return book.statuscode


if __name__ == "__main__":
    if sys.argv[1:] == ["here"]:
        sys.exit(build(json.load(sys.stdin)))
    python = NEXT / "venv" / "bin" / "python"
    sys.exit(subprocess.run([python, __file__, "here"], input=json.dumps(settings()), text=True).returncode)
