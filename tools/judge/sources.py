"""The formulas of the five articles, as chapters/sources.toml restates them: does the judge come to the same verdict?

Each article has a legend of its own, with its letters and orientation (legends/sources_000.yml). An entry `000-33` has
two places there: `000-33`, the formula as it is printed, and `000-33 right`, what is right instead. What is neither
right nor wrong, but needs to be read in some way, has that way as a scope `000-33 read`; there it must hold, and in
the article's own scope, or in one named `000-33`, it must not.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache

from judge import legend, mutants, pages, tex
from judge.verdict import CLAIMS, Judge, kind

SIGNS = {  # of the articles, as the book's grammar has them
    r"\\mathrm\{(\w+)\}": r"\\operatorname{\1}",
    r"\\circ\b|\*": r"\\odot ",
    r"\\mathbb 1(?=\[)|(?<!\d)1(?=\([^()]*>0\))": "",
    r"\(([^()]*>0)\)": r"[\1]",
    r"\\doteq": "=",
    r"\\sum_0": r"\\operatorname{sums}",  # over axis 0
    r"_\{in\}": r"_{i\\,n}",
    r"_\{(?:L-1|\[L-1\])\}|\^\{\[L-1\]\}": r"^{\\text{before}}",  # 003's last layer but one, above or below the letter
    r"\^\{\[[lL]\]\}": "",
    r"_\{ReLU\}": r"_{\\text{ReLU}}",
}
HOLDS = {"right", "damaged"}
FALSE, TRUE = "false", "true"


@dataclass(frozen=True)
class Judged:
    """One formula of an entry: the judge's verdict, and the kind that follows from the entry's."""

    name: str
    verdict: object
    expected: str

    @property
    def agrees(self):
        return self.verdict.kind in {self.expected, "not evaluated"}

    def __str__(self):
        return f"{self.verdict}, expected {self.expected}"


@cache
def entries():
    return tomllib.loads((pages.CHAPTERS / "sources.toml").read_text("utf-8"))


@cache
def judge_of(article):
    return Judge(legend.load(f"sources_{article}"))


def has_scope(place):
    """Does the legend of the article name this place, and it alone?"""
    return any(place in patterns for patterns, _ in judge_of(place[:3]).legend.scopes)


def verdicts(place, text):
    """The judge's verdicts on the formulas of a text, at a place of an article's legend."""
    article = place[:3]
    for sign, ours in SIGNS.items():
        text = re.sub(sign, ours, text)
    found = pages.of_text("sources", place, text, [])
    return [v for formula in found if says(formula) for v in judge_of(article).judge(formula) if v.kind != "setting"]


def says(formula):
    """Is something said to be equal in it?"""
    return any(CLAIMS & {*piece.tokens} for piece in tex.pieces(formula.text))


def judged(name, entry):
    """What the judge says of an entry, beside what it has to say."""
    holds, read = entry["verdict"] in HOLDS, has_scope(f"{name} read")
    literal = [] if entry["verdict"] == "damaged" else verdicts(name, entry["claim"])
    if holds:
        yield from (Judged(name, v, TRUE) for v in literal)
    elif entry["verdict"] == "wrong" or has_scope(name) or not read:
        some = any(v.kind == FALSE for v in literal)  # of several formulas one has to be false
        yield from (Judged(name, v, v.kind if some and v.kind == TRUE else FALSE) for v in literal)
    if read:
        yield from (Judged(name, v, TRUE) for v in verdicts(f"{name} read", entry["claim"]))
    yield from (Judged(name, v, TRUE) for v in verdicts(f"{name} right", entry.get("right", "")))


def unread(entry, found):
    """Why nothing of an entry is evaluated."""
    whys = [j.verdict.why for j in found if j.verdict.kind == "not evaluated"]
    if whys:
        return whys[0]
    return "code, which its check runs" if "`" in entry["claim"] else "no equation: words, a shape or a sign"


def fates(found, every=1):
    """What becomes of changed forms of what is true, of each or of one in so many: (name, change, fate)."""
    number = 0
    for j in found:
        if j.verdict.kind == TRUE:
            claim, worlds = j.verdict.claim, judge_of(j.name[:3]).worlds_of(j.verdict.scope)
            said = [kind(pair, worlds) == "claim" for pair in claim.pairs]
            for mutant in mutants.mutants(claim, said, worlds[1]):
                if number % every == 0:
                    yield j.name, f"{mutant.change}: {mutant.claim}", mutants.fate(mutant, claim, said, worlds)
                number += 1
