"""Every number in the prose that repeats an output is tied to it by a mark, and a change of either is noticed."""

import copy
import re

import marks as command
import nbformat
import pytest
from docutils import nodes
from docutils.core import publish_doctree
from hide_marks import hide
from marks import COMPUTED, GIVEN, complaints, marks, wrong
from myst_parser.docutils_ import Parser
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from numerals import DIGITS, Number, part, written

from chapters import CHAPTERS

NOTEBOOKS = {path.stem: nbformat.read(path, as_version=4) for path in sorted(CHAPTERS.glob("*.ipynb"))}


# The book -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_number_is_where_its_mark_says(name, checked):
    assert list(complaints(NOTEBOOKS[name])) == []
    if any(marks(NOTEBOOKS[name])):
        checked(marks=len(list(marks(NOTEBOOKS[name]))))


def with_another_digit(text):
    """A text whose last digit is another one; None where a number in words ends it."""
    found = re.search(DIGITS.pattern + r"[*`$}]*$", text)
    at = found and found.start() + max(k for k, character in enumerate(found[0]) if character.isdigit())
    return found and f"{text[:at]}{(int(text[at]) + 1) % 10}{text[at + 1 :]}"


def test_every_marked_number_that_is_changed_is_noticed(checked):
    changed = 0
    for name, nb in NOTEBOOKS.items():
        cells = {cell.id: cell for cell in nb.cells}
        for mark in marks(nb):
            other = with_another_digit(mark.before)
            if other and mark.cell != GIVEN:
                assert wrong(mark._replace(before=other), cells), f"{name}, {mark} says so of another number too"
                changed += 1
    checked(changed_numbers=changed)


def test_a_cell_that_shows_something_else_is_noticed(checked):
    """With no output a mark has nothing to stand on; only what is computed or stands in the code is left."""
    lost = 0
    for nb in NOTEBOOKS.values():
        cells = {cell.id: cell for cell in nb.cells}
        bare = {name: nbformat.from_dict(cell | {"outputs": []}) for name, cell in cells.items()}
        for mark in marks(nb):
            lost += bool(mark.cell not in (COMPUTED, GIVEN) and wrong(mark, bare))
    assert lost > 200
    checked(marks_that_need_their_output=lost)


def test_the_table_in_the_book_is_of_these_marks(score):
    score("marks", command.table(NOTEBOOKS))


# A small chapter ------------------------------------------------------------------------------------------------------

TEXT = """\
# Plant 12 defects

The loss fell from 1.64<!-- loss "epoch 0:" --> to 0.2<!-- loss "epoch 40:" -->, an eighth<!-- loss "40:" / "0:" -->.
By then 97<!-- right --> of the 100<!-- right "of #" --> were right, three<!-- right count "setosa" --> of them setosas.

- In 1936<!-- given --> nobody knew. See chapter 13 for 9900<!-- = 100**2 - 100 --> pairs.
- The **25**<!-- code "epochs, #" --> are `0.75` and $x = 0.75$.
"""


def good():
    """One with one of everything, in which all is well."""
    figure = {"image": {"alt": 'Two curves that end at 0.2<!-- loss "40:" --> and 0.3<!-- picture -->'}}
    printed = lambda text: new_output("stream", name="stdout", text=text)
    svg = new_output("display_data", {"image/svg+xml": "<svg><g/><text x='7'>0.31</text></svg>"})
    return new_notebook(
        cells=[
            new_markdown_cell(TEXT, id="text"),
            new_code_cell("print('loss')", id="loss", outputs=[printed("epoch  0: 1.6403\nepoch 40: 0.2012\n")]),
            new_code_cell("epochs, 25", id="code"),
            new_code_cell("", id="right", outputs=[printed("right: 97 of 100\nsetosa setosa setosa")]),
            new_code_cell("", id="picture", outputs=[svg], metadata={"mystnb": figure}),
        ]
    )


def text(old, new):
    def plant(nb):
        assert old in nb.cells[0].source
        nb.cells[0].source = nb.cells[0].source.replace(old, new)

    return plant


def output(k, old, new):
    def plant(nb):
        assert old in nb.cells[k].outputs[0].text
        nb.cells[k].outputs[0].text = nb.cells[k].outputs[0].text.replace(old, new)

    return plant


def alt(old, new):
    def plant(nb):
        words = nb.cells[4].metadata["mystnb"]["image"]
        words["alt"] = words["alt"].replace(old, new)

    return plant


PLANTED = {
    "another number in the prose": (text("1.64<", "1.65<"), "1.65 is not there: 1.6403"),
    "a number with a digit too many": (text("0.2<", "0.20<"), None),
    "a number with a wrong digit more": (text("0.2<", "0.21<"), "0.21 is not there: 0.2012"),
    "another sign": (text("1.64<", "-1.64<"), "-1.64 is not there"),
    "another word": (text("three<", "four<"), "4 is not there: 3"),
    "another fraction": (text("an eighth<", "a tenth<"), "0.1 is not there: 0.12"),
    "another number in an alternative text": (alt("0.3<", "0.4<"), "0.4 is not there: 0.31"),
    "another output": (output(1, "1.6403", "1.7403"), "1.64 is not there: 1.7403"),
    "another count": (output(3, "setosa", "virginica"), "3 is not there: 0"),
    "no output": (lambda nb: nb.cells[3].outputs.clear(), "97 is not there: nothing"),
    "another word in the output": (output(1, "epoch", "step"), 'cell loss has no number at "epoch 0:"'),
    "no such cell": (text("<!-- right -->", "<!-- wrong -->"), "there is no cell wrong"),
    "a cell that is renamed": (lambda nb: nb.cells[2].update(id="other"), "there is no cell code"),
    "no number before the mark": (text("97<", "many<"), "no number stands before the mark"),
    "a mark that says too little": (output(3, "100", "98"), "97 could be 1 more or less"),
    "a mark that cannot be read": (text("100**2 -", "100**2 *-/"), "cell text, "),
    "a comment that is no mark": (text("<!-- right -->", "<!--right-->"), "not a mark: <!--right-->"),
    "a number without a mark": (text("See", "See 83 of"), "See 83: a number without a mark"),
    "a formula that is a number": (text("See", "See $-83$ of"), "See $-83$: a number without a mark"),
    "an alternative text without a mark": (alt("Two", "At 4.5 two"), "At 4.5: a number without a mark"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_defect_is_named(name):
    plant, words = PLANTED[name]
    nb = copy.deepcopy(good())
    plant(nb)
    said = list(complaints(nb))
    assert [complaint for complaint in said if words in complaint] if words else not said, said


def test_a_good_chapter_has_no_complaints():
    assert list(complaints(good())) == [] and len(list(marks(good()))) == 11


@pytest.mark.parametrize("old, status", [("1.64<", 0), ("1.65<", 1)])
def test_the_exit_status_says_how_it_went(tmp_path, monkeypatch, capsys, old, status):
    nb = good()
    text("1.64<", old)(nb)
    nbformat.write(nb, tmp_path / "planted.ipynb")
    monkeypatch.setattr("sys.argv", ["marks.py", str(tmp_path / "planted.ipynb")])
    with pytest.raises(SystemExit) as stopped:
        command.main()
    assert stopped.value.code == status
    assert f"planted: 11 marks, {status} complaints" in capsys.readouterr().out


# Numbers as they are written ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said, value",
    {
        "off by 0.83": 0.83,
        "the $-0.731$": -0.731,
        "at $z = 0.401$": 0.401,
        "by $4 \\cdot 10^{-18}$": 4e-18,
        "$+\\frac1{32}$": 1 / 32,
        "$\\frac{13}7$": 13 / 7,
        "minus 13.5": -13.5,
        "999 000": 999_000,
        "1.36 million": 1.36e6,
        "7 %": 0.07,
        "**five**": 5,
        "Thirty-five": 35,
        "(a third": 1 / 3,
        "two thirds": 2 / 3,
        "one in seven": 1 / 7,
        "half a million": 500_000,
        "nine thousand million": 9e9,
        "twice": 2,
    }.items(),
)
def test_what_a_number_is_worth(said, value):
    assert written(said).value == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("said", ["", "many", "a lot of", "W1", "x.5", "seventh heaven", "$x$"])
def test_what_is_no_number(said):
    assert written(said) is None


@pytest.mark.parametrize(
    "said, least, most",
    [
        ("0.83", 0.825, 0.835),
        ("about 70 000", 65_000, 75_000),
        ("nearly six million", 5e6, 6e6),
        ("more than twice", 2, 3),
        ("less than 7 %", 0.06, 0.07),
        ("a quarter", 0.225, 0.275),
    ],
)
def test_a_number_is_as_precise_as_it_is_written(said, least, most):
    number, little = written(said), 1e-3 * (most - least)
    assert number.agrees(least + little) and number.agrees(most - little)
    assert not number.agrees(least - little) and not number.agrees(most + little)


def test_the_next_number_is_one_step_away():
    assert Number(0.2, 0.1).agrees(0.3, moved=1) and not Number(0.2, 0.1).agrees(0.3)
    assert part(1, 7).step == pytest.approx(1 / 7 - 1 / 8)


# The pages ------------------------------------------------------------------------------------------------------------

PAGE = """\
It fell from 0.83<!-- loss "at first:" --> to **0.25**<!-- loss -->, and $7$<!-- = 1 + 6 --> times.

| at last |
|---------|
| 0.25<!-- loss --> |

:::{note}
- A third<!-- given -->, in a list in a box.
:::

:::{figure} loss.svg
:alt: A curve that ends at 0.25<!-- loss -->
It ends at 0.25<!-- loss -->.
:::
"""


def test_no_page_has_a_mark():
    extensions = ["colon_fence", "dollarmath"]
    page = publish_doctree(PAGE, parser=Parser(), settings_overrides={"myst_enable_extensions": extensions})
    assert page.pformat().count("<!--") == 7
    hide(None, page)
    assert "<!--" not in page.pformat()
    assert page.next_node(nodes.paragraph).astext() == "It fell from 0.83 to 0.25, and 7 times."
    assert page.next_node(nodes.image)["alt"] == "A curve that ends at 0.25"
    assert page.next_node(nodes.caption).astext() == "It ends at 0.25."
