"""The cheat sheet quotes nnlib to the token, and fits on one sheet of paper."""

import ast
import io
import re
from pathlib import Path

import pytest
from pypdf import PdfReader

import nnlib
from nnlib.literate import source, tokens

ROOT = Path(__file__).parents[1]

SHEET = (ROOT / "chapters/cheat_sheet.md").read_text("utf-8")
QUOTED = [name for names in re.findall(r"(?m)^```\{quote\} (.*)$", SHEET) for name in names.split()]


@pytest.mark.parametrize("name", QUOTED)
def test_a_quoted_function_is_the_one_that_nnlib_ships(name):
    quoted = ast.unparse(ast.parse(source(getattr(nnlib, name)))).splitlines()
    assert quoted == tokens(getattr(nnlib, name))


def test_comments_stay_and_docstrings_go(checked):
    dense_vjp = source(nnlib.dense_vjp)
    assert "# dW[o, i] = sum over n of g[n, o] x[n, i]" in dense_vjp and '"""' not in dense_vjp
    checked(functions_on_the_cheat_sheet=len(QUOTED))


def sheets(browser, site, before_print=""):
    """How many sheets of A4 the page takes."""
    page = browser.new_page()
    page.goto(site + "chapters/cheat_sheet.html")
    page.evaluate("() => MathJax.startup.promise")
    page.evaluate(before_print)
    paper = PdfReader(io.BytesIO(page.pdf(format="A4", prefer_css_page_size=True)))
    page.close()
    return len(paper.pages)


def test_it_prints_on_one_sheet(browser, book):
    assert sheets(browser, book) == 1
    wider = "document.querySelectorAll('.sheet *').forEach(e => e.style.letterSpacing = '0.05em')"
    assert sheets(browser, book, wider) == 1, "one sheet only in this machine's fonts"
    assert sheets(browser, book, "document.querySelectorAll('.sheet').forEach(e => e.classList.remove('sheet'))") > 1
