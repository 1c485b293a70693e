"""The printed formula is the test: what a reader sees is evaluated in the worlds of its legend, and has to be so."""

import json
import re
from functools import cache
from pathlib import Path

import formulas as command
import list_symbols
import pytest
import yaml
from judge import legend, mutants, pages, tex, tree
from judge.score import row, score
from judge.verdict import Judge, kind

PAGES = pages.pages()
BY_NAME = {path.stem: path for path in PAGES}
ALLOWED_NOT_EVALUATED = 0.12


def of_label(page, label):
    (found,) = [f for f in pages.formulas(BY_NAME[page]) if f.place.label == label]
    return found


def said_of(page, label, text=None, old=None, new=None):
    """The verdicts on a formula of the book, or on a changed one in its place."""
    formula = of_label(page, label)
    if old is not None:
        assert old in formula.text, f"{old} is no part of {formula.text}"
        text = formula.text.replace(old, new, 1)
    changed = pages.Formula(formula.place, text or formula.text, formula.displayed)
    return [v.kind for v in Judge(legend.load(page)).judge(changed)]


# The book -----------------------------------------------------------------------------------------------------------


@cache
def score_of(path):
    return score(path, mutate=False)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_formula_holds(path):
    assert not score_of(path).wrong, "\n".join(map(str, score_of(path).wrong))


def test_nearly_every_formula_can_be_evaluated(checked):
    scores = [score_of(path) for path in PAGES]
    checked(formulas=sum(s.formulas for s in scores), claims=sum(s.claims for s in scores))
    for displayed, total in ((True, sum(s.displayed for s in scores)), (False, sum(s.inline for s in scores))):
        assert sum(s.unread[displayed] for s in scores) <= ALLOWED_NOT_EVALUATED * total
    assert all(why for s in scores for _, why, _ in s.not_evaluated)


def test_the_stored_score_is_of_these_formulas_and_high():
    stored = json.loads((command.SCORES / "formulas.json").read_text("utf-8"))
    counts = {row[0]: row[:5] for row in stored["rows"]}
    assert counts == {row(s)[0]: row(s)[:5] for s in map(score_of, PAGES) if s.formulas}, "run `make formulas`"
    total = dict(zip(stored["columns"], stored["total"]))
    assert total["noticed"] >= 0.95 * (total["noticed"] + total["survived"]) > 1000


def test_every_cited_equation_exists():
    texts = {path: "\n".join(text for _, text in pages.cells(path)) for path in PAGES}
    labels = {label for text in texts.values() for label in re.findall(r"^\$\$ \((eq:[\w-]+)\)", text, re.MULTILINE)}
    for path, text in texts.items():
        assert not set(re.findall(r"\{eq\}`([^`]+)`", text)) - labels, path.name


# Changed by hand ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "page, label, old, new",
    [
        ("09_batches", "eq:batch-dx", r"&= \sum_o \grad{g_{no}}\, W_{oi}", r"&= -\sum_o \grad{g_{no}}\, W_{oi}"),
        ("05_a_layer", "eq:layer-dw-matrix", r"\grad{g}^T", r"\grad{g}"),
        ("06_losses", "eq:loss-half-mse-grad", r"\frac{y_{nk} - t_{nk}}{N}", r"y_{nk} - t_{nk}"),
        ("10_any_depth", "eq:depth-recursion", "f'(z^l)", "f(z^l)"),
        ("10_any_depth", "eq:depth-recursion", "W^{l+1}_{oi}", "W^{l+1}_{io}"),
        ("07_two_layers", "eq:two-step5", "x", "a^1"),
        ("03_jacobians", "eq:jacobians-softmax", "[k = i] - p_i", "[k = i] - p_k"),
    ],
)
def test_a_formula_changed_at_one_place_is_false(page, label, old, new):
    assert "false" in said_of(page, label, old=old, new=new)


@pytest.mark.parametrize(
    "page, text, changed",
    [
        ("06_losses", r"\delta_{nk} = (p_{nk} - t_{nk})/N", r"\delta_{nk} = (p_{nk} + t_{nk})/N"),
        ("05_a_layer", r"(W^T)_{io} = W_{oi}", r"(W^T)_{io} = W_{io}"),
        (
            "01_one_neuron",
            r"\partial L/\partial w = (a - t)(1 - a^2)\,x",
            r"\partial L/\partial w = (a - t)(1 + a^2)\,x",
        ),
    ],
)
def test_a_changed_inline_formula_is_false(page, text, changed):
    judge = Judge(legend.load(page))
    (formula,) = [f for f in pages.formulas(BY_NAME[page]) if f.text == text][:1]
    assert [v.kind for v in judge.judge(formula)] == ["true"]
    assert [v.kind for v in judge.judge(pages.Formula(formula.place, changed, False))] == ["false"]


@pytest.mark.parametrize(
    "page, label, text",
    [
        ("09_batches", "eq:batch-dw-matrix", r"\grad{dW}\;\; = \; \grad{g}^{T}\! x"),  # spaces, and no shapes
        ("09_batches", "eq:batch-dw-matrix", r"dW = g^T \cdot x"),  # a dot for the product
        ("09_batches", "eq:batch-db", r"db_p = \sum_m g_{mp}"),  # other names for the indices
        ("06_losses", "eq:loss-half-mse-grad", r"dy_{nk} = \tfrac1N (y_{nk} - t_{nk})"),  # a small fraction
        ("05_a_layer", "eq:layer-dw", r"dW_{oi} = x_i\, g_o"),  # factors that commute
        ("05_a_layer", "eq:layer-dx", r"dx_i = \sum_p W_{pi}\, g_p"),
    ],
)
def test_a_harmless_change_still_holds(page, label, text):
    assert said_of(page, label, text) == ["true"]


def test_a_symbol_that_no_legend_knows_is_named_with_its_place():
    formula = of_label("09_batches", "eq:batch-db")
    judge = Judge(legend.load("09_batches"))
    for text in (r"db_o = \kappa \sum_n g_{no}", r"\kappa"):
        (verdict,) = judge.judge(pages.Formula(formula.place, text, True))
        assert verdict.kind == "unreadable"
        assert str(verdict) == f"{formula.place}: {text!r}: unreadable, the legend has no symbol kappa"


def test_what_is_false_on_purpose_has_to_be_false():
    right, wrong = "x = x", "x = -x"
    data = {"symbols": {"x": {"shape": "number"}}, "false on purpose": {right: "a test", wrong: "a test"}}
    assert verdicts(data, wrong) == ["true"]
    assert verdicts(data, right) == ["false"]


# The parts ------------------------------------------------------------------------------------------------------------

BOOK = {"symbols": {}}
PLACE = pages.Place("page", "cell", (), "", "")


def judge_of(data):
    return Judge(legend.build(data, BOOK, "test.yml"))


def verdicts(data, text):
    return [v.kind for v in judge_of(data).judge(pages.Formula(PLACE, text, False))]


TOY = yaml.safe_load(r"""
sizes: {N: 5, p: 3, q: 4}
indices: {k: any, i: any, j: any, l: 1 to 2}
small: h
symbols:
  A: {shape: p q}
  B: {shape: q N}
  x: {shape: p}
  y: {shape: p}
  s: {shape: number}
  h: {value: 0.1}
  f: {of: s, is: "np.sin(s)"}
  u: {is: "s**2"}
  v: {is: "u + s"}
  L: {is: np.sum(x**2)}
  a: {layers: 0 to 2, shape: "q"}
  c: {value: 0.0001}
""")


@pytest.mark.parametrize(
    "text",
    [
        r"(AB)^T = B^T A^T",
        r"(AB)_{ik} = \sum_j A_{ij} B_{jk}",
        r"\shape{AB}{p \times N} = AB",
        r"dx = 2x",
        r"\frac{dv}{ds} = \frac{\partial v}{\partial s} + \frac{\partial v}{\partial u} \frac{du}{ds}",
        r"\partial v / \partial s = 1",  # with u held
        r"dv/ds = 2s + 1",  # along all paths
        r"f(s + h) \approx f(s) + f'(s)\, h",
        r"f(s + h) = f + h f' + \tfrac{h^2}{2} f'' + \dots",
        r"\lim_{h \to 0} \frac{f(s + h) - f(s)}{h} = \cos s",
        r"x_i \odot y_i = x_i y_i",
        r"\sum_i [x_i > 0]\, x_i = \sum_i \max(x_i, 0)",
        r"x \otimes y = x^T y",
        r"\langle x, y \rangle = x y^T",
        r"a^l - a^{l-1} = -(a^{l-1} - a^l)",
        r"\begin{pmatrix} s & 0 \\ 0 & 1 \end{pmatrix} (1, 2)^T = \begin{pmatrix} s \\ 2 \end{pmatrix}",
        r"\lceil 7/2 \rceil = 4",
        r"\ln 3 \approx 1.0986",
        r"e^{\ln 2} = 2",
        r"\frac{\partial}{\partial x_i} \sum_j x_j^2 = 2 x_i",
    ],
)
def test_what_holds_is_true(text):
    assert verdicts(TOY, text) == ["true"]


@pytest.mark.parametrize(
    "text",
    [
        r"AB = BA",  # the shapes do not fit
        r"AB = A \odot B",
        r"(AB)_{ik} = \sum_j A_{ji} B_{jk}",  # an index that counts two sizes
        r"x_7 = x_7",  # an index out of range
        r"a^3 = a^3",  # a layer that is not there
        r"\shape{AB}{N \times p} = AB",  # a wrong shape under the brace
        r"\underbrace{s + 1}_{u} = s + 1",  # not what stands under the brace
        r"dx = x",
        r"x_i = \sum_i x_i",
        r"\partial v / \partial s = 2s + 1",
        r"dv/ds = 1",
        r"f(s + h) \approx f(s) - f'(s)\, h",
        r"f(s + h) \approx f(s)",
        r"f(s + h) = f + h f' - \tfrac{h^2}{2} f'' + \dots",
        r"\ln 3 \approx 1.0987",
        r"s = s + h",
    ],
)
def test_what_does_not_hold_is_false(text):
    assert verdicts(TOY, text) == ["false"]


@pytest.mark.parametrize("text", ["N = 7", "s = 2", "i = j", r"x_1 > 0", r"s \to u", "i = 2"])
def test_a_setting_claims_nothing(text):
    assert verdicts(TOY, text) == ["setting"]


def test_a_number_that_is_given_can_be_wrong():
    assert verdicts(TOY, "h = 0.1") == ["true"] and verdicts(TOY, "h = 0.2") == ["false"]


@pytest.mark.parametrize("text", [r"s = \frac{1}{", r"s = \begin{array} 1 \end{array}", "s = (1", r"s + = 2", "s = }"])
def test_what_the_grammar_does_not_know_is_said(text):
    assert verdicts(TOY, text) == ["unreadable"]


def test_lines_columns_and_commas_are_statements_of_their_own():
    text = r"\begin{aligned} a &= b & c &= d \\ e &= f \\ &\quad + g \\ &= h \end{aligned}"
    assert [str(p) for p in tex.pieces(text)] == ["'a' = 'b'", "'c' = 'd'", "'e' = 'f' + 'g' = 'h'"]
    assert len(tex.pieces(r"a = b, \quad c = f(x, y) \qquad d = e")) == 3


@pytest.mark.parametrize(
    "text",
    [r"dW^{2T} = g_{no}\, f'(z^l)", r"\frac{1}{N} \sum_{n} (y_n - t_n)^2 = -x \odot y", r"x^T (A + B)_{ij} = \sqrt{2}"],
)
def test_a_tree_written_out_is_read_as_the_same_tree(text):
    read = lambda t: tree.read(tex.pieces(t)[0], {"f"}, {"W", "z"})
    assert read(str(read(text))) == read(text)


# The legend -----------------------------------------------------------------------------------------------------------


def test_the_closest_scope_holds():
    data = {"symbols": {"s": {"value": 1}}, "scopes": []}
    for value, at in ((2, "## Section"), (3, "cell*"), (4, "eq:one"), (5, "$s = 5$")):
        data["scopes"].insert(0, {"at": at, "symbols": {"s": {"value": value}}})
    found = legend.build(data, BOOK, "test.yml")
    value = lambda *place: found.scope(pages.Place("page", *place)).symbols["s"].line
    assert value("other", (), "", "") == 1
    assert value("other", ("Section",), "", "") == 2
    assert value("cell-7", ("Section",), "", "") == 3
    assert value("cell-7", ("Section",), "eq:one", "") == 4
    assert value("cell-7", ("Section",), "eq:one", "s  =  5") == 5


@pytest.mark.parametrize(
    "symbols, message",
    [
        ({"s": {"is": "2 * q"}}, "s uses \\['q'\\]"),
        ({"s": {"is": "u"}, "u": {"is": "s"}}, "computed from itself"),
        ({"s": {"shap": "n"}}, "s has \\['shap'\\]"),
        ({"s": {"means": "nothing"}}, "s has no shape"),
        ({"s": {"is": "2 *"}}, "not a line of NumPy"),
    ],
)
def test_a_legend_that_contradicts_itself_is_refused(symbols, message):
    with pytest.raises(legend.LegendError, match=message):
        legend.build({"symbols": symbols}, BOOK, "test.yml")


# The mutants ----------------------------------------------------------------------------------------------------------


def fates(data, text):
    """What becomes of each changed form of a formula."""
    judge = judge_of(data)
    (verdict,) = judge.judge(pages.Formula(PLACE, text, False))
    assert verdict.kind == "true"
    worlds = judge.worlds_of(verdict.scope)
    said = [kind(pair, worlds) == "claim" for pair in verdict.claim.pairs]
    return [
        (m.change, mutants.fate(m, verdict.claim, said, worlds))
        for m in mutants.mutants(verdict.claim, said, worlds[1])
    ]


def test_every_change_that_changes_the_value_is_noticed():
    found = fates(TOY, r"(AB)_{ik} = \sum_j A_{ij} B_{jk}")
    assert {change for change, _ in found} >= {
        "sign", "times 2", "times 1/2", "times 1/N", "sum dropped", "summed over another", "indices swapped",
        "another index",
        "transpose added", "order of factors", "factor dropped",
    }  # fmt: skip
    assert {fate for change, fate in found if change not in {"order of factors", "entry by entry"}} == {"noticed"}
    assert ("order of factors", "equal") in found  # A_ij B_jk = B_jk A_ij
    assert ("order of factors", "noticed") in found  # BA is not AB
    assert {"transpose dropped", "matrix product"} <= {
        c for c, _ in fates(TOY, r"(x \odot y)\, x^T = (y \odot x)\, x^T")
    }
    assert ("prime dropped", "noticed") in fates(TOY, r"f'(s) = \cos s")


def test_a_change_that_is_neither_noticed_nor_equal_survives():
    assert ("sign", "survived") in fates(TOY, r"\ln 3 + c \approx 1.1")


# The command ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, status, words",
    [("$A^T = A^T$", 0, "1 claims"), ("$x = -x$", 1, "false"), ("$A = \\kappa$", 2, "no symbol kappa")],
)
def test_the_exit_status_says_how_it_went(tmp_path, monkeypatch, capsys, text, status, words):
    page = tmp_path / "page.md"
    page.write_text(f"# A page\n\n{text}\n", "utf-8")
    monkeypatch.setattr("sys.argv", ["formulas.py", str(page)])
    monkeypatch.setattr(legend, "load", lambda stem: legend.build(TOY, BOOK, "page.yml"))
    assert command.main() == status
    assert words in capsys.readouterr().out


def test_formulas_are_found_where_they_stand():
    source = (
        "# One\n\n$a = b$ and `$no$`\n\n```python\n$no$\n```\n\n"
        ":::{note}\n$$\nc\n$$ (eq:c)\n:::\n\n## Two\n\n<!-- $no$ --> $d$ $= e$\n"
    )
    found = pages.formulas(Path("page.md"), [("page", source)])
    assert [(f.text, f.displayed, f.place.label, f.place.headings) for f in found] == [
        ("a = b", False, "", ("One",)),
        ("c", True, "eq:c", ("One",)),
        ("d = e", False, "", ("One", "Two")),
    ]


# The notation page ---------------------------------------------------------------------------------------------------


def test_the_notation_page_lists_the_letters_of_the_book_as_the_judge_knows_them():
    lines = list(list_symbols.table())
    assert r"| $W$ | $n_{\text{out}} \times n_{\text{in}}$ | `W` | weights |" in lines
    assert r"| $L$ | one number | `L` | loss |" in lines
    symbols = legend.read(list_symbols.BOOK)["symbols"]
    assert len(lines) == 2 + sum("means" in spec for spec in symbols.values()) > 10
