"""The stored scores: each is shown in the book; those of the planted bugs are high enough, and list every survivor."""

import json
import re
from pathlib import Path

import test_assertions
from survivors import NO_BUGS
from test_mutations import AT_LEAST, FILES, MATHEMATICS

SCORES = Path(__file__).parents[1] / "chapters" / "scores"
BUGS, ASSERTIONS = (json.loads((SCORES / f"{name}.json").read_text("utf-8")) for name in ("mutants", "assertions"))


def test_every_stored_score_is_shown():
    page = (SCORES.parent / "how_checked.md").read_text("utf-8")
    assert sorted(re.findall(r"(?m)^```\{score\} (\w+)$", page)) == sorted(path.stem for path in SCORES.glob("*.json"))


def totals(score):
    return [sum(column) for column in list(zip(*score["rows"]))[1:]]


def test_nearly_every_planted_bug_was_noticed(checked):
    rows = {module: numbers for module, *numbers in BUGS["rows"]}
    assert rows.keys() == FILES.keys()
    planted, equal, noticed, unnoticed = (sum(rows[module][k] for module in MATHEMATICS) for k in range(4))
    assert planted == equal + noticed + unnoticed and noticed >= AT_LEAST * (planted - equal)
    checked(bugs_planted_when_the_score_was_stored=planted)


def test_every_survivor_is_listed():
    listed = [(module, words, reason) for module, reason, words in BUGS["lists"]["No bugs, and why"]]
    assert all(NO_BUGS[module][words] == reason for module, words, reason in listed)
    numbers = totals(BUGS)
    assert numbers[1] == len(listed) and numbers[3] == len(BUGS["lists"]["Not noticed"])
    assert BUGS["total"] == ["all", *numbers]


def test_nearly_every_assertion_fails_under_a_fault(checked):
    total, useful, planted, noticed = totals(ASSERTIONS)
    silent, unnoticed = ASSERTIONS["lists"].values()
    assert ASSERTIONS["total"] == ["all", total, useful, planted, noticed]
    assert total - useful == len(silent) and planted - noticed == len(unnoticed)
    assert {chapter for chapter, *_ in ASSERTIONS["rows"]} == {path.stem for path in test_assertions.NOTEBOOKS}
    assert noticed >= test_assertions.AT_LEAST * planted and useful >= test_assertions.AT_LEAST * total
    checked(wrong_functions_when_the_score_was_stored=planted)
