"""Turn the roles {doc} and {term}, dead in JupyterLab and on GitHub, into links and words that work everywhere.

python tools/links.py chapters/*.ipynb
"""

import re
import sys
from pathlib import Path

import nbformat

ROLE = re.compile(r"\{(doc|term)\}`([^`<]*?)\s*(?:<([^`>]*)>)?`")


def title(path):
    """What a chapter is called: its first heading."""
    text = path.read_text("utf-8")
    if path.suffix == ".ipynb":
        text = "\n".join(
            cell.source for cell in nbformat.reads(text, as_version=4).cells if cell.cell_type == "markdown"
        )
    return re.search(r"(?m)^# (.*)$", text)[1].strip()


def page(name, folder):
    """The file of a chapter that is named without its ending."""
    for ending in (".ipynb", ".md"):
        if (path := folder / (name + ending)).exists():
            return path
    raise FileNotFoundError(f"{{doc}}`{name}`: there is no {name}.ipynb and no {name}.md in {folder}")


def plain(source, folder):
    """A Markdown text without these roles: a chapter is a link to its file, a term the word that is read."""

    def replaced(role):
        kind, words, target = role.groups()
        words = " ".join(words.split())
        if kind == "term":
            return words
        path = page(target or words, folder)
        return f"[{words if target else title(path)}]({path.name})"

    return ROLE.sub(replaced, source)


def main(paths):
    for path in map(Path, paths):
        nb = nbformat.read(path, as_version=4)
        for cell in nb.cells:
            if cell.cell_type == "markdown":
                cell.source = plain(cell.source, path.parent)
        nbformat.write(nb, path)


if __name__ == "__main__":
    main(sys.argv[1:])
