"""The score of a page: how much of it the judge can evaluate, and how many changed formulas it notices."""

from collections import Counter
from dataclasses import dataclass, field

from judge import legend, mutants, pages
from judge.verdict import Judge, kind


@dataclass
class Score:
    """Counts of one page. A formula counts as claiming something where any part of it does; settings are in no
    count.
    """

    page: str
    displayed: int = 0
    inline: int = 0
    unread: dict = field(default_factory=Counter)  # not evaluated, by whether it is displayed
    claims: int = 0
    not_evaluated: list = field(default_factory=list)
    wrong: list = field(default_factory=list)
    fates: Counter = field(default_factory=Counter)
    survivors: list = field(default_factory=list)

    @property
    def formulas(self):
        return self.displayed + self.inline

    @property
    def evaluated(self):
        return self.formulas - len(self.not_evaluated)


def judged(path, formulas=None):
    """All formulas of a page that claim something, each with its verdicts, and the judge."""
    judge = Judge(legend.load(path.stem))
    found = [(formula, judge.judge(formula)) for formula in (pages.formulas(path) if formulas is None else formulas)]
    return judge, [(f, vs) for f, vs in found if any(v.kind != "setting" for v in vs)]


def score(path, mutate=True):
    judge, found = judged(path)
    result = Score(path.stem)
    for formula, verdicts in found:
        if formula.displayed:
            result.displayed += 1
        else:
            result.inline += 1
        result.claims += sum(v.claims for v in verdicts)
        if whys := [v.why for v in verdicts if v.kind == "not evaluated"]:
            result.unread[formula.displayed] += 1
            result.not_evaluated.append((str(formula.place), whys[0], formula.text))
        result.wrong += [v for v in verdicts if v.kind in {"false", "unreadable"}]
        for verdict in verdicts if mutate else ():
            if verdict.kind == "true" and not verdict.on_purpose:
                count_mutants(verdict, judge.worlds_of(verdict.scope), result)
    return result


def count_mutants(verdict, worlds, result):
    said = [kind(pair, worlds) == "claim" for pair in verdict.claim.pairs]
    for mutant in mutants.mutants(verdict.claim, said, worlds[1]):
        fate = mutants.fate(mutant, verdict.claim, said, worlds)
        result.fates[fate] += 1
        if fate == "survived":
            result.survivors.append((str(verdict.formula.place), mutant.change, str(mutant.claim)))


COLUMNS = ["page", "displayed", "inline", "claims", "not evaluated", "changed", "equal", "noticed", "survived"]


def table(scores):
    """What is stored of the scores, for the page that shows them."""
    rows = [row(s) for s in scores if s.formulas]
    total = ["all", *(sum(column) for column in list(zip(*rows))[1:])] if rows else []
    return {
        "made by": "make formulas",
        "columns": COLUMNS,
        "rows": rows,
        "total": total,
        "lists": {
            "Not evaluated": [list(entry) for s in scores for entry in s.not_evaluated],
            "Changed and not noticed": [list(entry) for s in scores for entry in s.survivors],
        },
    }


def title(page):
    """A chapter's number, an appendix's letter, or the name of another page."""
    first, _, rest = page.partition("_")
    return str(int(first)) if first.isdigit() else first.upper() if len(first) == 1 else page.replace("_", " ")


def row(s):
    changed = sum(s.fates.values())
    return [
        title(s.page),
        s.displayed,
        s.inline,
        s.claims,
        len(s.not_evaluated),
        changed,
        s.fates["equal"],
        s.fates["noticed"],
        s.fates["survived"],
    ]
