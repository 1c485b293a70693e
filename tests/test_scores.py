"""The stored scores: each is shown in the book; that of the planted bugs is high enough, and lists every survivor."""

import json
import re
from pathlib import Path

from survivors import NO_BUGS
from test_mutations import AT_LEAST, FILES, MATHEMATICS

SCORES = Path(__file__).parents[1] / "chapters" / "scores"
BUGS = json.loads((SCORES / "mutants.json").read_text("utf-8"))


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
