"""What a diagnosis is, and its words: the causes, the evidence, and what a batch cannot show."""

import inspect
import re
from itertools import chain, count, repeat
from textwrap import fill
from typing import NamedTuple

from .arguments import FUSED, GRAD, VJP
from .card import card, in_words, number, sizes_of
from .layers import dense_vjp
from .search import effects, touched

HEAD = {
    "right": "Right{}: every gradient agrees with nnlib's backward pass.",
    "named": "Wrong, and explained to the last entry:",
    "ambiguous": "Wrong, and this batch cannot tell {} explanations apart:",
    "unknown": "Wrong, and no mistake on the list explains it, nor do two of them together.",
    "bad_input": "This cannot be the gradient of the network.",
}
EXPLAINED = ("unknown", "named", "ambiguous")  # by none, by one, by several
SHOWN = 5  # explanations at most


class Cause(NamedTuple):
    """A mistake that explains gradients, and where it was made."""

    name: str  #: as in the list of mistakes
    layer: int | None  #: counted from 1; None where there are several
    scope: str  #: "everywhere", "hidden layers", or "layer 2"
    parameter: str  #: whose gradients it spoils: "W", "b", or "W and b"
    sentence: str  #: what happened, for a human
    chapter: int  #: to read: it derives the rule, though another may build the function
    rule: str  #: the line of nnlib to look at

    def __str__(self):
        return f"{self.sentence} Look at {self.rule}, and at chapter {self.chapter}."


class Diagnosis(NamedTuple):
    """What `diagnose` found; true when all is right. Print it, or end a notebook cell with it."""

    status: str  #: "right", "named", "ambiguous", "unknown", or "bad_input"
    explanations: tuple = ()  #: the alternatives, each a tuple of the causes that act together
    entries: tuple = ()  #: of CheckEntry, one per parameter: its worst entry, beside the right value
    remarks: tuple = ()  #: sentences: the evidence, what else was seen, what to try next
    proviso: str = ""  #: under which it is right: "with W as in × out"
    params: tuple = ()  #: of the network, for its drawing

    @property
    def causes(self) -> tuple:
        """The causes of all explanations."""
        return tuple(dict.fromkeys(chain.from_iterable(self.explanations)))

    @property
    def head(self) -> str:
        """The verdict, in one sentence."""
        proviso = f", {self.proviso}" if self.proviso else ""
        return HEAD[self.status].format(proviso if self.status == "right" else len(self.explanations))

    def __bool__(self):
        return self.status == "right"

    def __eq__(self, other):  # of what it says: arrays, which the drawing needs, have no one answer
        return isinstance(other, Diagnosis) and self[:-1] == other[:-1]

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(self[:-1])

    def __str__(self):
        lines = [self.head]
        for explanation in self.explanations[:SHOWN]:
            for mark, cause in zip(chain("-", repeat("+")), explanation):
                lines.append(fill(str(cause), 78, initial_indent=f"  {mark} ", subsequent_indent="    "))
        if len(self.explanations) > SHOWN:
            lines.append(f"  - and {len(self.explanations) - SHOWN} more")
        return "\n".join(lines + [fill(remark, 78) for remark in self.remarks])

    def __repr__(self):
        return str(self)

    def _repr_html_(self):
        """The same with a table, and the wrong gradients marked on a drawing of the network."""
        return card(self, SHOWN)


# Where to look --------------------------------------------------------------------------------------------------------


def cause(case, made):
    """A mistake that was found, as a reader is told of it."""
    mistake, edit, layers, constant = made
    if len(layers) == 1:
        layer, scope, place = layers[0] + 1, f"layer {layers[0] + 1}", f"in layer {layers[0] + 1}"
    elif len(case.right) - 1 in layers:
        layer, scope, place = None, "everywhere", "everywhere"
    else:
        layer, scope, place = None, "hidden layers", "in the hidden layers"
    if edit.only:
        place = f"for {edit.only} {place}"
    wrong = set(chain.from_iterable(touched(case, made)))
    parameter = " and ".join("Wb"[j] for j in sorted(wrong))
    sentence = mistake.sentence.format(place=place, constant=number(constant), detail=edit.detail)
    rule = {"W": "dW", "b": "db", "δ": "activation"}.get(edit.only, mistake.rule)
    line = line_of_nnlib(case.net, rule, layers[-1])
    return Cause(mistake.name, layer, scope, parameter, sentence, mistake.chapter, line)


def line_of_nnlib(net, rule, k):
    """The line in which nnlib follows a rule in layer k; of a rule that a reader has added, its name."""
    is_last = k == len(net.acts) - 1
    if rule == "activation" and is_last and net.loss in FUSED:
        rule = "loss"  # which has the output's activation inside
    elif rule == "loss" and not is_last:
        rule = "dW"
    function = {"loss": GRAD[net.loss], "activation": VJP[net.acts[k]]}.get(rule, dense_vjp)
    if not is_own(function):
        table, key = (("GRAD", net.loss), ("VJP", net.acts[k]))[rule == "activation"]
        return f"{table}[{key.__name__}]"
    start = f"{rule} = " if function is dense_vjp else "return "
    lines = map(str.strip, inspect.getsource(function).splitlines())
    line = next((line for line in lines if line.startswith(start)), "").removeprefix("return ")
    return f"{function.__name__}: {re.split('  #| if ', line)[0]}"


def is_own(function):
    """Whether a function is nnlib's."""
    return (getattr(function, "__module__", None) or "").startswith(__package__ + ".")


def evidence(entries):
    """The worst entry of the first wrong layer, counted from the output."""
    wrong = [entry for entry in entries if not entry.ok]
    layer = wrong[-1].name[1:]
    of_layer = (entry for entry in wrong if entry.name[1:] == layer)
    worst = max(
        of_layer, key=lambda entry: round(entry.worst, 9)
    )  # a common factor errs alike: rounding does not choose
    _, got, expected = in_words(worst)
    seen = (
        f"d{worst.name}{list(worst.at)} is {got}, expected {expected}." if expected else f"d{worst.name} {worst.note}."
    )
    names = ", ".join(f"d{entry.name}" for entry in wrong)
    return f"{seen} Wrong: {names}. Counted from the output, layer {layer} is the first wrong one."


# What a batch cannot show ---------------------------------------------------------------------------------------------


def advice(net):
    """Which batch would tell more, where this one is not the best."""
    sizes = sizes_of(net.params)
    wishes = {
        f"a batch of {good_batch(sizes)}": len(net.t) < 3 or len(net.t) in sizes,
        "at least 3 outputs": sizes[-1] < 3,
        "layers of different sizes": len(set(sizes)) < len(sizes),
    }
    if any(wishes.values()):
        yield f"To see more, try {' and '.join(wish for wish, wanted in wishes.items() if wanted)}."


def good_batch(sizes):
    """7, or the next number that is no size of the network: no shapes fit by chance, and 1/N is no other factor."""
    return next(n for n in count(7) if n not in sizes)


def limits(case):
    """What would look right too, and what this network cannot show."""
    done = {m.name: {what for _, found in effects(case, m) for what in found.values()} for m in case.mistakes}
    unseen = [name for name, what in done.items() if "nothing" in what and "changes" not in what]
    unfit = [name for name, what in done.items() if "unfit" in what and not what & {"nothing", "changes"}]
    if unseen:
        yield f"On this batch these would look right too: {', '.join(unseen)}."
    if unfit:
        yield f"Where sizes differ, these cannot be made: {', '.join(unfit)}; a square network shows them."
    yield from advice(case.net)
