"""Execute notebooks and store them in their normal form: the one place with the rules of what a stored chapter is.

The rules against checks that check nothing stand beside it, in honesty.py.

    python tools/chapters.py                       every chapter
    python tools/chapters.py chapters/05_a_layer.ipynb

A notebook that breaks a rule is not stored; what is wrong with it is printed.
"""

import argparse
import ast
import base64
import copy
import io
import json
import os
import re
import statistics
import sys
from collections import Counter
from pathlib import Path

import nbformat
from honesty import lies, parse
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image
from tqdm import tqdm

CHAPTERS = Path(__file__).parents[1] / "chapters"

# The first cell of every notebook. JupyterLab takes the macros from it; the book takes them from _config.yml.
MACROS = r"""---
math:
  '\fwd': '\textcolor{##0072B2}{#1}'
  '\grad': '\textcolor{##D55E00}{#1}'
  '\shape': '\underbrace{#1}_{#2}'
---"""

METADATA = {  # nothing that changes with a patch release of Python
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
COLLAPSED = "jp-MarkdownHeadingCollapsed"  # JupyterLab folds what follows this heading
CELL_METADATA = {"tags", "mystnb", "jupyter", COLLAPSED}
BYTES = {"image/png", "image/jpeg"}
PICTURES = BYTES | {"image/svg+xml"}
WIDGET = "application/vnd.jupyter.widget-view+json"

MAX_BYTES = 500_000
MAX_LINES = 20
MAX_COLUMNS = 80  # what a page shows beside both sidebars
MEDIAN_LINES = 6
CELLS_PER_IGNORED = 20
MIN_ALT_WORDS = 5

MACHINE_PATH = re.compile(r"(?<![\w.:/-])/(?:home|root|tmp|Users|usr|opt|var|work|mnt|private|shared)/\w|\b[A-Z]:\\\w")
OVERWRITTEN = re.compile(r"[^\n]*\r(?!\n)|\x1b\[2K")
MEMORY_ADDRESS = re.compile(r"\b0x[0-9a-f]{8,}")
FOREIGN = re.compile(r"""<script[^>]+src=|\b(?:src|href)=["']?(?:https?:)?//""")
DEEPER = re.compile(r"(?:\([\w-]+\)=\n)?^#{2,} Deeper: .+$", re.MULTILINE)
DEAD_ROLE = re.compile(r"\{(?:doc|term)\}`[^`]*`")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
RANDOM_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){0,3}(-[0-9a-f]{12})?")


def normalise(nb):
    """A copy of a notebook without all that may differ between two honest runs."""
    nb = copy.deepcopy(nb)
    nb.metadata = nbformat.from_dict(METADATA)
    nb.nbformat, nb.nbformat_minor = 4, 5
    for cell in nb.cells:
        cell.id = cell.metadata.get("id", cell.id)  # where jupytext keeps an id
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k in CELL_METADATA})
        if cell.cell_type == "code":
            cell.outputs = join_streams(cell.outputs)
            for output in cell.outputs:
                output.get("data", {}).pop(WIDGET, None)
                if "metadata" in output:
                    output.metadata = nbformat.from_dict({})
    return nb


def join_streams(outputs):
    """What a cell printed arrives in pieces, cut by chance; what a progress bar wrote over itself is gone."""
    joined = []
    for output in outputs:
        if joined and output.output_type == "stream" and joined[-1].get("name") == output.name:
            joined[-1].text += output.text
        else:
            joined.append(output)
    for output in joined:
        if output.output_type == "stream":
            output.text = OVERWRITTEN.sub("", output.text)
    return [output for output in joined if output.get("text") != ""]


def violations(nb):
    """Every breach of the normal form in a notebook, in words; none when the list is empty."""
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    found = list(notebook_violations(nb, code))
    for number, cell in enumerate(code, start=1):
        found += [f"cell {cell.id}: {breach}" for breach in code_violations(cell, number)]
    for cell in nb.cells:
        found += [f"cell {cell.id}: {breach}" for breach in cell_violations(cell)]
    return found


def notebook_violations(nb, code):
    if nb.metadata != METADATA:
        yield f"the metadata are {dict(nb.metadata)}, expected {METADATA}"
    if (nb.nbformat, nb.nbformat_minor) != (4, 5):
        yield f"the format is {nb.nbformat}.{nb.nbformat_minor}, expected 4.5"
    first = nb.cells[0] if nb.cells else {}
    if first.get("source") != MACROS or first.metadata.get("tags") != ["remove-cell"]:
        yield "the first cell is not the macro cell, tagged remove-cell"
    if not code:
        yield "there is no code cell"
    for name, count in Counter(cell.id for cell in nb.cells).items():
        if count > 1:
            yield f"the cell id {name} is used {count} times"
    size = len(json.dumps(nb, indent=1, ensure_ascii=False).encode())
    if size > MAX_BYTES:
        yield f"the notebook has {size} bytes, at most {MAX_BYTES} are allowed"
    ignored = sum("nbval-ignore-output" in tags(cell) for cell in code)
    if ignored * CELLS_PER_IGNORED > len(code):
        yield f"{ignored} of {len(code)} code cells ignore their output, at most one in {CELLS_PER_IGNORED} may"
    shown = [cell for cell in code if "remove-input" not in tags(cell)]  # a question's code is its answer, and hidden
    if shown and statistics.median(len(cell.source.splitlines()) for cell in shown) > MEDIAN_LINES:
        yield f"the median code cell is longer than {MEDIAN_LINES} lines"


def cell_violations(cell):
    if not re.fullmatch(r"[a-z0-9-]{1,64}", cell.id) or RANDOM_ID.fullmatch(cell.id):
        yield "the id says nothing (lower-case words with hyphens, please)"
    if unknown := set(cell.metadata) - CELL_METADATA:
        yield f"metadata {sorted(unknown)}, allowed are {sorted(CELL_METADATA)}"
    if MACHINE_PATH.search(cell.source):
        yield f"a machine's path in the source: {MACHINE_PATH.search(cell.source).group()}"
    if cell.cell_type == "markdown" and (role := DEAD_ROLE.search(cell.source)):
        yield f"{role.group()} is dead in JupyterLab and on GitHub: tools/links.py turns it into a link or a word"
    if cell.cell_type == "markdown":
        yield from fold_violations(cell)


def fold_violations(cell):
    """The page folds a section by its heading's first word, JupyterLab the cells below a heading that says so."""
    deeper = DEEPER.search(cell.source)
    if bool(deeper) != bool(cell.metadata.get(COLLAPSED)):
        yield f"a heading 'Deeper: ...' and the metadata {COLLAPSED}: true go together"
    if deeper and not DEEPER.fullmatch(cell.source.strip()):
        yield "a heading 'Deeper: ...' stands alone in its cell (its label may stand above it)"


def code_violations(cell, number):
    lines = cell.source.splitlines()
    if cell.execution_count != number:
        yield f"execution_count is {cell.execution_count}, expected {number}"
    if not cell.source.strip():
        yield "empty code cell"
    if len(lines) > MAX_LINES:
        yield f"{len(lines)} lines of code, at most {MAX_LINES} are allowed"
    if wide := [line for line in lines if len(line) > MAX_COLUMNS]:
        yield f"{len(wide[0])} columns of code, at most {MAX_COLUMNS} are allowed: {wide[0].strip()}"
    if cell.source.rstrip().endswith(";"):
        yield "a trailing ; (nbval does not honour it: end with a call that returns None)"
    if tags(cell) & {"nbval-skip", "raises-exception", "nbval-raises-exception"} or re.search(
        r"#\s*NBVAL_", cell.source
    ):
        yield "a cell that is not checked like all others"
    if any(PICTURES & set(output.get("data", {})) for output in cell.outputs):
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        if len(seen(alt).split()) < MIN_ALT_WORDS:
            yield f"a figure whose mystnb image alt is {alt!r}: at least {MIN_ALT_WORDS} words"
    yield from width_violations(cell)
    yield from output_violations(cell, number)
    yield from verdict_violations(cell)


def width_violations(cell):
    """A PNG has more pixels than it is to be shown with; a stored output keeps no width, so the cell has to say it."""
    given = cell.metadata.get("mystnb", {}).get("image", {}).get("width")
    for output in cell.outputs:
        if png := output.get("data", {}).get("image/png"):
            picture = Image.open(io.BytesIO(base64.b64decode(png)))
            width = f"{96 * picture.width / picture.info['dpi'][0]:.0f}px"
            if given != width:
                yield f"a PNG whose mystnb image width is {given!r}, expected {width!r} (96 pixels for an inch)"


def output_violations(cell, number):
    for output in cell.outputs:
        text = output_text(output)
        if output.output_type == "error":
            yield f"an error is stored: {output.ename}"
        if output.get("name") == "stderr":
            yield f"something on stderr: {output.text[:80]!r}"
        if output.output_type == "execute_result" and output.execution_count != number:
            yield f"an output's execution_count is {output.execution_count}, expected {number}"
        if WIDGET in output.get("data", {}):
            yield "a stored widget-view"
        for what, pattern in {
            "a machine's path": MACHINE_PATH,
            "a memory address": MEMORY_ADDRESS,
            "something from another host": FOREIGN,
        }.items():
            if match := pattern.search(text):
                yield f"{what} in an output: {match.group()}"


def verdict_violations(cell):
    """Every `landed(f)` must have said that f is the function that nnlib ships."""
    expected = sum(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "landed"
        for node in ast.walk(parse(cell.source))
    )
    if expected:
        said = "".join(map(output_text, cell.outputs)).splitlines()
        if len(said) != expected or not all(re.fullmatch(r"same as nnlib\.\w+\.\w+", line) for line in said):
            yield f"landed said {said}, expected {expected} times 'same as nnlib...'"


def tags(cell):
    return set(cell.metadata.get("tags", ()))


def seen(text):
    """A text as its reader sees it, without the marks of tools/marks.py."""
    return COMMENT.sub("", text)


def output_text(output):
    data = output.get("data", {})
    return output.get("text", "") + "".join(str(value) for mime, value in data.items() if mime not in BYTES)


def execute(nb, path):
    """Run a notebook from its own folder, with a bar that counts its code cells."""
    total = sum(cell.cell_type == "code" for cell in nb.cells)
    with tqdm(total=total, desc=path.name, unit="cell", disable=None) as bar:
        NotebookClient(
            nb,
            timeout=60,
            kernel_name=METADATA["kernelspec"]["name"],
            resources={"metadata": {"path": str(path.parent)}},
            record_timing=False,
            store_widget_state=False,
            on_cell_executed=lambda **_: bar.update(),
            extra_arguments=["--log-level=ERROR"],
        ).execute()
    return nb


def store(nb, path):
    """Write a notebook whole or not at all."""
    draft = path.with_name(f".{path.name}.tmp")
    nbformat.write(nb, draft)
    os.replace(draft, path)


def make(path):
    """Execute, normalise, check and store one notebook; return what kept it from being stored."""
    nb = nbformat.read(path, as_version=4)
    try:
        nb = normalise(execute(nb, path))
    except CellExecutionError as error:
        return [str(error)]
    problems = [*violations(nb), *lies(nb)]
    if not problems:
        store(nb, path)
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all in chapters/")
    paths = parser.parse_args().notebooks or sorted(CHAPTERS.glob("*.ipynb"))
    if not paths:
        sys.exit(f"no notebooks in {CHAPTERS}")
    failed = 0
    for path in paths:
        problems = make(path.resolve())
        failed += bool(problems)
        print("\n".join([f"{path}: {'not ' if problems else ''}stored", *problems]))
    sys.exit(f"{failed} of {len(paths)} notebooks not stored" if failed else 0)


if __name__ == "__main__":
    main()
