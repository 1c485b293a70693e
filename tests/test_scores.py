"""The stored score of the planted bugs is high enough, and says why each survivor is no bug; `make mutants` measures it."""

import json
from pathlib import Path

from survivors import NO_BUGS
from test_mutations import AT_LEAST, FILES, MATHEMATICS

STORED = json.loads((Path(__file__).parents[1] / "chapters" / "scores" / "mutants.json").read_text("utf-8"))


def test_nearly_every_planted_bug_was_noticed(checked):
    rows = {module: numbers for module, *numbers in STORED["rows"]}
    assert rows.keys() >= set(MATHEMATICS) and rows.keys() <= FILES.keys()
    planted, equal, noticed, unnoticed = (sum(rows[module][k] for module in MATHEMATICS) for k in range(4))
    assert planted == equal + noticed + unnoticed and noticed >= AT_LEAST * (planted - equal)
    checked(bugs_planted_when_the_score_was_stored=planted)


def test_every_survivor_is_listed():
    listed = [(module, words, reason) for module, reason, words in STORED["lists"]["No bugs, and why"]]
    assert all(NO_BUGS[module][words] == reason for module, words, reason in listed)
    numbers = [sum(column) for column in list(zip(*STORED["rows"]))[1:]]
    assert numbers[1] == len(listed) and numbers[3] == len(STORED["lists"]["Not noticed"])
    assert STORED["total"] == ["all", *numbers]
