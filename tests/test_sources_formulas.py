"""The formulas of the five articles as sources.toml restates them: the judge comes to the same verdicts."""

import ast
import copy
import sys
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pytest
from judge import legend, pages, sources
from judge.score import COLUMNS
from judge.verdict import Judge

CHAPTERS = Path(__file__).parents[1] / "chapters"
sys.path.insert(0, str(CHAPTERS))

import source_checks  # noqa: E402

ENTRIES = sources.entries()
EVERY = 20  # one changed formula in so many is tried; all of them take two minutes


@cache
def every_entry():
    return {name: list(sources.judged(name, entry)) for name, entry in ENTRIES.items()}


def evaluated(found):
    return any(j.verdict.kind in {sources.TRUE, sources.FALSE} for j in found)


def misfits(name, **changed):
    """What the judge does not agree with, in an entry that was changed."""
    return [str(j) for j in sources.judged(name, ENTRIES[name] | changed) if not j.agrees]


def test_the_judge_agrees_with_every_verdict():
    assert [str(j) for found in every_entry().values() for j in found if not j.agrees] == []


def test_a_changed_formula_is_noticed_and_the_score_is_stored(score):
    """Per article: its entries, those that are evaluated, and what becomes of changed formulas."""
    rows, survivors = [], []
    for article in ("000", "001", "002", "003", "004"):
        own = {name: found for name, found in every_entry().items() if name.startswith(article)}
        fates = list(sources.fates((j for found in own.values() for j in found), EVERY))
        count = Counter(fate for _, _, fate in fates)
        survivors += [[name, change] for name, change, fate in fates if fate == "survived"]
        read = sum(map(evaluated, own.values()))
        rows.append([article, len(own), read, len(fates), count["equal"], count["noticed"], count["survived"]])
    total = [sum(column) for column in list(zip(*rows))[1:]]
    entries, read, _, _, noticed, survived = total
    assert entries == 243 and read >= 150
    assert noticed > 200 and noticed >= 0.95 * (noticed + survived)
    unread = defaultdict(list)
    for name, found in every_entry().items():
        if not evaluated(found):
            unread[sources.unread(ENTRIES[name], found)].append(name)
    score(
        "sources",
        {
            "made by": "pytest tests/test_sources_formulas.py --store-scores",
            "columns": ["article", "entries", "evaluated", *COLUMNS[-4:]],
            "rows": rows,
            "total": ["all", *total],
            "lists": {
                "Reasons why entries are not evaluated": [[why, ", ".join(names)] for why, names in unread.items()],
                "Changed and not noticed": survivors,
            },
        },
    )


@pytest.mark.parametrize("name", ["000-26", "001-25", "002-18", "003-51", "004-34"])
def test_a_right_formula_that_is_called_anything_else_is_noticed(name):
    assert misfits(name) == []
    for verdict in ("wrong", "notation", "ambiguous"):
        assert misfits(name, verdict=verdict)


@pytest.mark.parametrize("name", ["000-33", "001-09", "002-17", "003-58", "004-36", "001-22", "002-20", "000-36"])
def test_a_formula_that_is_not_right_cannot_be_called_so(name):
    assert misfits(name, verdict="right")


@pytest.mark.parametrize(
    "name, key, old, new",
    [
        ("000-26", "claim", "=-", "="),
        ("000-33", "right", "=-{a", "={a"),
        ("001-25", "claim", r"\sigma'", r"\sigma"),
        ("001-11", "claim", "_{ni}", "_{in}"),
        ("002-32", "claim", r"\frac2N", r"\frac1N"),
        ("002-21", "claim", "{H^1}^T", "H^1"),
        ("003-57", "claim", r"-\mathbf y", r"+\mathbf y"),
        ("003-13", "claim", "n+1", "n"),
        ("004-09", "claim", "(a-y)", "(y-a)"),
        ("004-28", "right", "(4,6)", "(3,7)"),
    ],
)
def test_a_formula_that_is_changed_by_hand_is_noticed(name, key, old, new):
    assert old in ENTRIES[name][key]
    assert misfits(name, **{key: ENTRIES[name][key].replace(old, new, 1)})


def judged(text, products):
    data = {"symbols": {"A": {"shape": "p q"}, "B": {"shape": "p q"}}, "sizes": {"p": 3, "q": 4}, "products": products}
    book = {"sizes": {}, "indices": {"i": "any", "j": "any"}, "symbols": {}}
    judge = Judge(legend.build(data, book, "test.yml"))
    return [v.kind for v in judge.judge(pages.Formula(pages.Place("page", "cell", (), "", text), text, False))]


@pytest.mark.parametrize(
    "text, products",
    [
        (r"(AB)_{ij} = A_{ij} B_{ij}", {"juxtaposed": "entry by entry"}),
        (r"A \cdot B = \sum_{ij} A_{ij} B_{ij}", {"·": "sum of entries"}),
    ],
)
def test_a_product_means_what_the_article_means_by_it(text, products):
    assert judged(text, products) == ["true"]
    assert judged(text, {}) == ["false"]  # as matrices they do not fit
    with pytest.raises(legend.LegendError, match="entry for entry"):
        judged(text, {"·": "entry for entry"})


# Code: what the entries restate is what the checks run ----------------------------------------------------------------


class Slip(ast.NodeTransformer):
    """Changes the one node of a line that bears a number, in one way."""

    SWAPS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Gt: ast.LtE}

    def __init__(self, at):
        self.at, self.seen = at, 0

    def slips(self, node):
        match node:
            case ast.BinOp() | ast.AugAssign():
                yield ("op", self.SWAPS[type(node.op)]()) if type(node.op) in self.SWAPS else None
            case ast.Compare(ops=[ast.Gt()]):
                yield "ops", [ast.LtE()]
            case ast.Constant(value=int() as number) if not isinstance(number, bool):
                yield "value", number + 1

    def visit(self, node):
        node = self.generic_visit(node)
        for slip in filter(None, self.slips(node)):
            if self.seen == self.at:
                node = copy.copy(node)
                setattr(node, *slip)
            self.seen += 1
        if isinstance(node, ast.Attribute) and node.attr == "T":
            self.seen += 1
            return node.value if self.seen - 1 == self.at else node
        return node


def slipped(line):
    """Every line that differs from a line of code by one slip."""
    at = 0
    while True:
        slip = Slip(at)
        changed = ast.unparse(slip.visit(ast.parse(line)))
        if slip.seen <= at:
            return
        yield changed
        at += 1


def findings_with(monkeypatch, name, claim):
    changed = ENTRIES | {name: ENTRIES[name] | {"claim": claim}}
    monkeypatch.setattr(source_checks, "entries", lambda: changed)
    try:
        return {key: source_checks.judge(*readings) for key, *readings in source_checks.article_002()}
    except Exception as error:  # a reading that neither holds nor fails, or code that does not run
        return type(error).__name__


def test_code_that_is_changed_in_the_data_is_noticed(monkeypatch, checked):
    found = {name: finding for name, finding in source_checks.check_all().items() if name.startswith("002")}
    assert findings_with(monkeypatch, "002-44", ENTRIES["002-44"]["claim"]) == found
    tried = 0
    for name in ("002-40", "002-44", "002-45", "002-48", "002-49", "002-50", "002-51", "002-52", "002-58"):
        claim = ENTRIES[name]["claim"]
        line = claim.split("`")[1]
        for changed in slipped(line):
            assert findings_with(monkeypatch, name, claim.replace(line, changed, 1)) != found, changed
            tried += 1
    checked(lines_of_the_sources_changed=tried)
