"""A change that makes a chapter lie is noticed: each kind is planted in a copy, and a named gate must stop it.

The gates: nbval, as `make test` runs it; the rules of tools/honesty.py; the normal form of tools/chapters.py; the list
of landings. A change that does no harm must pass them all.
"""

import base64
import copy
import io
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from honesty import lies
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from pictures import MOST, difference
from PIL import Image, ImageChops, ImageFilter
from test_landing import GOOD, OTHERS, problems

from chapters import CHAPTERS, MACROS, METADATA, execute, normalise, violations

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted(CHAPTERS.glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_chapter_does_not_lie(path, checked):
    nb = nbformat.read(path, as_version=4)
    assert list(lies(nb)) == []
    checked(cells_without_a_lie=len(nb.cells))


# A small chapter with one of everything -------------------------------------------------------------------------------

ALT = {"mystnb": {"image": {"alt": "A parabola that climbs from 0 to 4"}}}
CELLS = {
    "start": "import numpy as np\n\nfrom nnlib import identity, landed, plots, relative_error, tanh\n\nz = np.array([0.5, 2.0])\nplots.use_style()",
    "number": "print(f'{2 / 3:.4f}')",
    "words": "print('right:', tanh(z).sum() < 2)",
    "small": "print(f'{2 / 3 * 1e-8:.2e}')",
    "value": "z.tolist()",
    "digits": "print(2 / 3)",
    "curve": "plots.figure(lambda ax: ax.plot([0, 1, 2], [0, 1, 4]))",
    "noise": "plots.figure(lambda ax: ax.plot([0, 1, 2], [0, 1, 4]), png=True)",
    "page": "import base64, io\nfrom IPython.display import HTML\nfrom matplotlib.figure import Figure\n\n"
    "fig, page = Figure((2, 1)), io.BytesIO()\nfig.subplots().plot([0, 1, 4])\nfig.savefig(page, format='png')\n"
    "png = base64.b64encode(page.getvalue()).decode()\nHTML(f'<b>7</b><img src=\"data:image/png;base64,{png}\">')",
    "check": "assert relative_error(tanh(z), np.sinh(z) / np.cosh(z)) < 1e-12",
    "guarded": "try:\n    tanh('one')\nexcept TypeError as error:\n    print('refused')",
    "land": "def identity(z):\n    return +z\n\nlanded(identity)",
}


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """It, as `make chapters` stores it."""
    metadata = {"curve": ALT, "noise": {"mystnb": {"image": {**ALT["mystnb"]["image"], "width": "499px"}}}}
    cells = [new_code_cell(source, id=name, metadata=metadata.get(name, {})) for name, source in CELLS.items()]
    first = new_markdown_cell(MACROS, id="macros", metadata={"tags": ["remove-cell"]})
    folder = tmp_path_factory.mktemp("honest")
    nb = normalise(execute(new_notebook(metadata=METADATA, cells=[first, *cells]), folder / "honest.ipynb"))
    png = data(nb, "noise")["image/png"]
    picture = Image.open(io.BytesIO(base64.b64decode(png)))
    cell(nb, "noise").metadata["mystnb"]["image"]["width"] = f"{96 * picture.width / picture.info['dpi'][0]:.0f}px"
    assert violations(nb) == list(lies(nb)) == []
    return nb


def cell(nb, name):
    return next(cell for cell in nb.cells if cell.id == name)


def data(nb, name):
    return cell(nb, name).outputs[0].data


# What only running the chapter again shows: the stored output of one cell is changed ----------------------------------


def printed(name, old, new):
    """Other words in what a cell printed."""

    def plant(nb):
        text = cell(nb, name).outputs[0].text
        assert old in text
        cell(nb, name).outputs[0].text = text.replace(old, new)

    return plant


def shown(name, mime, change):
    """Another picture, page or value."""

    def plant(nb):
        data(nb, name)[mime] = change(data(nb, name)[mime])

    return plant


def point_moved(svg):
    line = re.search(r'<path d="(M [^"]*)" clip-path', svg).group(1)
    x, y = re.search(r"L (\S+) (\S+)", line).groups()
    return svg.replace(f"L {x} {y}", f"L {x} {float(y) + 0.1:.6f}", 1)


def pixels(change):
    """What `change` makes of a PNG's picture, in the same number of dots to the inch."""

    def changed(png):
        out, picture = io.BytesIO(), Image.open(io.BytesIO(base64.b64decode(png)))
        change(picture.convert("RGB")).save(out, "png", dpi=picture.info.get("dpi"), compress_level=1)
        return base64.b64encode(out.getvalue()).decode()

    return changed


def in_page(change):
    return lambda html: re.sub(r"(?<=base64,)[A-Za-z0-9+/=]+", lambda png: pixels(change)(png.group()), html)


def white(picture):
    return Image.new("RGB", picture.size, "white")


def mirrored(picture):
    return picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM)


def shifted(picture):
    return ImageChops.offset(picture, 1, 0)


def smoothed(picture):
    return picture.filter(ImageFilter.GaussianBlur(0.5))


def source(name, old, new):
    def plant(nb):
        assert old in cell(nb, name).source
        cell(nb, name).source = cell(nb, name).source.replace(old, new)

    return plant


RUN = {  # what is changed: the cell, how, and whether it is a lie
    "a printed number": ("number", printed("number", "0.6667", "0.6668"), True),
    "a printed word": ("words", printed("words", "True", "False"), True),
    "a small number with an exponent": ("small", printed("small", "6.67e-09", "6.68e-09"), True),
    "the exponent of a number": ("small", printed("small", "e-09", "e-08"), True),
    "the value of a cell": ("value", shown("value", "text/plain", lambda text: text.replace("2.0", "2.5")), True),
    "a line more in an output": ("words", printed("words", "True\n", "True\nall is well\n"), True),
    "an output removed": ("number", lambda nb: cell(nb, "number").outputs.clear(), True),
    "a point of a curve (SVG)": ("curve", shown("curve", "image/svg+xml", point_moved), True),
    "the colour of a curve (SVG)": ("curve", shown("curve", "image/svg+xml", lambda svg: re.sub("#[0-9a-f]{6}", "#123456", svg)), True),
    "a PNG made white": ("noise", shown("noise", "image/png", pixels(white)), True),
    "a PNG upside down": ("noise", shown("noise", "image/png", pixels(mirrored)), True),
    "a PNG removed": ("noise", lambda nb: data(nb, "noise").pop("image/png"), True),
    "a PNG inside HTML made white": ("page", shown("page", "text/html", in_page(white)), True),
    "a number inside HTML": ("page", shown("page", "text/html", lambda html: html.replace("<b>7", "<b>8")), True),
    "an operator in a checked function": ("check", source("check", "np.sinh(z) / ", "np.sinh(z) * "), True),
    "a token of a landed function": ("land", source("land", "+z", "-z"), True),
    "an error that does not come any more": ("guarded", source("guarded", "'one'", "z"), True),
    "the last digits of a number": ("digits", printed("digits", "0.6666666666666666", "0.6666666666666669"), False),
    "a PNG packed otherwise": ("noise", shown("noise", "image/png", pixels(lambda picture: picture)), False),
    "a PNG shifted by one pixel": ("noise", shown("noise", "image/png", pixels(shifted)), False),
    "a PNG inside HTML, smoothed": ("page", shown("page", "text/html", in_page(smoothed)), False),
    "a comment": ("number", source("number", "print", "# two thirds\nprint"), False),
    "another name of a variable": ("guarded", source("guarded", "error:", "refusal:"), False),
    "a docstring in a landed function": ("land", source("land", "    return", "    '''As it is.'''\n    return"), False),
}  # fmt: skip


@pytest.fixture(scope="module")
def failed(honest, tmp_path_factory):
    """The changes at which nbval stops, of all planted into one chapter, where each has a cell of its own."""
    folder = tmp_path_factory.mktemp("rot")
    shutil.copy(CHAPTERS / "conftest.py", folder)
    cells = [cell(honest, "start")]
    for name, plant, _ in RUN.values():
        nb = copy.deepcopy(honest)
        plant(nb)
        assert cell(nb, name) != cell(honest, name)
        cells.append(cell(nb, name))
        cells[-1].id = f"cell-{len(cells)}"
    nbformat.write(new_notebook(metadata=METADATA, cells=cells), folder / "rot.ipynb")
    command = [sys.executable, "-m", "pytest", "-c", ROOT / "pyproject.toml", "--rootdir", folder, "--color=no", "-rfE"]
    run = subprocess.run([*command, folder], cwd=ROOT, capture_output=True, text=True)
    cells = {int(k) for k in re.findall(r"(?:FAILED|ERROR) \S*?rot\.ipynb::Cell (\d+)", run.stdout)}
    return {name for k, name in enumerate(RUN, start=1) if k in cells}, run.stdout


def test_nbval_stops_at_every_lie_and_at_nothing_else(failed, checked):
    stopped, said = failed
    assert stopped == {name for name, (*_, lie) in RUN.items() if lie}, said
    checked(lies_run=len(stopped), harmless_changes_run=len(RUN) - len(stopped))


def test_a_landed_function_that_differs_is_named_in_both_places(failed):
    assert "nnlib.activations.identity" in failed[1] and "identity in this notebook" in failed[1]


def test_a_picture_that_differs_is_named_with_the_size_of_the_difference(failed):
    assert "pixel picture 0 differs from the stored one by 100% of what is drawn" in failed[1]


# What can be read off the stored notebook -----------------------------------------------------------------------------


def another(code, *outputs):
    """One cell more, as it would be stored."""

    def plant(nb):
        count = sum(cell.cell_type == "code" for cell in nb.cells) + 1
        nb.cells.append(new_code_cell(code, id="planted", execution_count=count, outputs=list(outputs)))

    return plant


def says(text):
    return new_output("stream", name="stdout", text=text)


def tagged(tag):
    return lambda nb: cell(nb, "number").metadata.update(tags=[tag])


def titled(old, new):
    def plant(nb):
        words = cell(nb, "curve").metadata["mystnb"]["image"]
        words["alt"] = words["alt"].replace(old, new)

    return plant


CHECK = CELLS["check"]
READ = {  # what is changed, how, and what the rules say to it
    "every assertion replaced by True": (source("check", CHECK, "assert True"), "cannot fail"),
    "an assertion of a text": (source("check", CHECK, "assert 'tanh is right'"), "cannot fail"),
    "an assertion of a pair": (source("check", CHECK, f"assert ({CHECK[7:]}, 'tanh')"), "cannot fail"),
    "an assertion with 'or True'": (source("check", CHECK, f"{CHECK} or True"), "cannot fail"),
    "a number compared with itself": (source("check", CHECK, "assert (z == z).all()"), "cannot fail"),
    "an array close to itself": (source("check", CHECK, "assert np.allclose(z, z)"), "cannot fail"),
    "an assertion about NumPy alone": (source("check", CHECK, "assert np.pi > 3"), "no name of the chapter"),
    "a tolerance of 1": (source("check", "1e-12", "1"), "a tolerance of 1 without a comment"),
    "a tolerance of 1 in a keyword": (source("check", CHECK, "assert np.allclose(tanh(z), 1, atol=1)"), "a tolerance of 1"),
    "a tolerance of 0.5 on a difference": (source("check", CHECK, "assert abs(tanh(z) - 1).max() < 0.5"), "a tolerance of 0.5"),
    "an assertion that is never reached": (source("check", CHECK, f"if False:\n    {CHECK}"), "never reached"),
    "a failed assertion swallowed": (source("check", CHECK, f"try:\n    {CHECK}\nexcept Exception:\n    print('ok')"), "would be swallowed"),
    "an exception swallowed": (source("guarded", "print('refused')", "pass"), "an exception is swallowed"),
    "an exception suppressed": (source("guarded", CELLS["guarded"], "with suppress(TypeError):\n    tanh('one')"), "suppress"),
    "a return out of finally": (another("def f():\n    try:\n        g()\n    finally:\n        return 1"), "out of finally"),
    "landed shadowed by a function": (source("land", "def identity", "def landed(f):\n    print('same as nnlib.activations.identity')\n\ndef identity"), "landed is shadowed"),
    "landed shadowed by a value": (source("start", "z =", "landed = print\nz ="), "landed is shadowed"),
    "landed taken from elsewhere": (source("start", "z =", "from verdicts import landed\nz ="), "landed is shadowed"),
    "landed replaced in nnlib": (source("start", "z =", "import nnlib\nnnlib.landed = print\nz ="), "nnlib.landed is replaced"),
    "print shadowed": (source("start", "z =", "print = str\nz ="), "print is shadowed"),
    "# PYTEST_VALIDATE_IGNORE_OUTPUT": (source("number", "print", "# PYTEST_VALIDATE_IGNORE_OUTPUT\nprint"), "a comment that tells nbval"),
    "# NBVAL_IGNORE_OUTPUT": (source("number", "print", "#NBVAL_IGNORE_OUTPUT\nprint"), "a comment that tells nbval"),
    "# NBVAL_SKIP": (source("number", "print", "# NBVAL_SKIP\nprint"), "a comment that tells nbval"),
    "# NBVAL_RAISES_EXCEPTION": (source("number", "print", "# NBVAL_RAISES_EXCEPTION\nprint"), "a comment that tells nbval"),
    "the tag nbval-skip": (tagged("nbval-skip"), "the tag nbval-skip"),
    "the tag raises-exception": (tagged("raises-exception"), "the tag raises-exception"),
    "too many cells that ignore their output": (tagged("nbval-ignore-output"), "ignore their output"),
    "%%capture": (source("number", "print", "%%capture\nprint"), "a magic that keeps"),
    "a number below 1e-5, all digits": (another("print(f'{1.5e-6:.7f}')", says("0.0000015\n")), "compared as 0.00000"),
    "a number in an alternative text": (titled("4", "44"), "44 in the words of the figure"),
    "a tone in an alternative text": (titled("climbs", "climbs, darker each time,"), "darker in the words of the figure"),
    "no alternative text": (lambda nb: cell(nb, "curve").metadata.clear(), "image alt is ''"),
    "outputs cleared": (lambda nb: cell(nb, "number").update(execution_count=None, outputs=[]), "execution_count is None"),
    "another verdict of landed": (printed("land", "same as", "nearly"), "landed said"),
    "an error stored": (lambda nb: cell(nb, "number").update(outputs=[new_output("error", ename="E", evalue="", traceback=[])]), "an error is stored"),
    "a warning stored": (lambda nb: cell(nb, "number").outputs[0].update(name="stderr"), "something on stderr"),
}  # fmt: skip
UNREAD = {  # and what harms nothing
    "a tolerance with its reason": source("check", "1e-12", "0.05  # coarse"),
    "an exception left alone for a reason": source("guarded", "print('refused')", "pass  # texts have no tanh"),
    "a small number with its exponent": another("print(f'{1.5e-6:.1e}')", says("1.5e-06\n")),
    "prose": lambda nb: nb.cells.append(new_markdown_cell("A word more.", id="prose")),
    "an alternative text in other words": titled("climbs", "rises"),
    "a tone that stays": titled("climbs", "climbs in grey"),
    "a distance that must be large": source("check", CHECK, "assert not np.allclose(tanh(z), z, atol=0.1)"),
}


@pytest.mark.parametrize("name", READ)
def test_a_lie_that_can_be_read_is_named(name, honest):
    plant, words = READ[name]
    nb = copy.deepcopy(honest)
    plant(nb)
    assert [breach for breach in gates(nb) if words in breach], gates(nb)


@pytest.mark.parametrize("name", UNREAD)
def test_a_change_without_harm_breaks_no_rule(name, honest):
    nb = copy.deepcopy(honest)
    UNREAD[name](nb)
    assert nb != honest and gates(nb) == {}


def gates(nb):
    """What is said of a notebook, and by which gate."""
    return dict.fromkeys(violations(nb), "the normal form") | dict.fromkeys(lies(nb), "the rules of honesty")


MOVED = {  # landings: what the chapters say they land, and how the list of landings answers
    "a landing removed": ({"08_three_layers": []}, "does not land in"),
    "a landing moved to another chapter": ({"09_batches": GOOD["08_three_layers"]}, "must land once, in 08_three_layers"),
    "a landing made twice": ({"08_three_layers": 2 * GOOD["08_three_layers"]}, "must land once"),
}  # fmt: skip


@pytest.mark.parametrize("name", MOVED)
def test_a_landing_that_is_not_in_its_place_is_named(name):
    landed, words = MOVED[name]
    assert words in "".join(problems(landed, OTHERS))


# The table in the book ------------------------------------------------------------------------------------------------


def table(honest, stopped):
    """Every kind of change, and the gate that stops it."""
    rows = [[name, "the chapter run again (nbval)" if name in stopped else "nothing, as it should be"] for name in RUN]
    for name, (plant, words) in READ.items():
        nb = copy.deepcopy(honest)
        plant(nb)
        rows.append([name, next(gate for breach, gate in gates(nb).items() if words in breach)])
    rows += [[name, "the list of landings"] for name in MOVED]
    rows += [[name, "nothing, as it should be"] for name in UNREAD]
    harmless = sum(gate.startswith("nothing") for _, gate in rows)
    return {
        "made by": "make mutants",
        "columns": ["what is changed in a copy of a chapter", "what stops it"],
        "rows": sorted(rows, key=lambda row: row[1].startswith("nothing")),
        "total": [f"{len(rows) - harmless} kinds of lie, {harmless} harmless changes", ""],
    }


def test_the_table_in_the_book_is_what_was_seen(honest, failed, score):
    seen = table(honest, failed[0])
    assert len(seen["rows"]) >= 37
    score("rot", seen)


def test_the_size_of_a_difference():
    """Nothing for the same picture, all of it for an empty page, and little for a line that moves by a pixel."""
    one = Image.new("RGB", (100, 60), "white")
    one.paste("black", (20, 20, 80, 24))
    assert difference(one, one) == 0 and difference(one, white(one)) == 1
    assert difference(one, shifted(one)) < MOST < difference(one, ImageChops.offset(one, 0, 10))
    assert difference(one, one.resize((50, 60))) == float("inf")
    assert difference(white(one), white(one)) == 0
