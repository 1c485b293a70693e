"""The page of the mistakes lists those of nnlib, all and in order, and what it says of them is so: `diagnose` is the witness."""

import re
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from describe_mistakes import (
    DIFFERENT,
    EQUAL,
    HIDING,
    NAMED,
    PENALTY,
    SLOWER,
    case_of,
    facts,
    gradients,
    make_net,
    pattern,
    penalty_for,
    place,
    sentence,
    trained_right,
    training,
    ways,
)

from nnlib import diagnose
from nnlib.mistakes import MISTAKES, Edit
from nnlib.search import agree, places

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "chapters/mistakes.md").read_text("utf-8")
NAMES = [mistake.name for mistake in MISTAKES]
LAYERS = range(1, 4)


def listed(page):
    """For each section: the names under which there is a mistake, and what the directive below describes."""
    sections = re.split(r"(?m)^\(mistakes-(\w+)\)=$", page)[1:]
    entry = r"(?m)^### (\S+)\n\n```\{mistake\} (\S+)\n\S.*\n```$"
    return {key: re.findall(entry, text) for key, text in zip(sections[::2], sections[1::2])}


def expected():
    """Each mistake stands where the gradients that it spoils send a reader, in the order of the table."""
    return {
        key: [(name, name) for name in NAMES if pattern(NAMED[name]) == key]
        for key in ("loss", "activation", "b", "w", "back", "both")
    }


def test_every_mistake_is_there_once_and_in_order(checked):
    assert listed(PAGE) == expected() and PAGE.count("```{mistake}") == len(NAMES)
    assert "{mistakes}`mistakes`" in PAGE
    checked(mistakes_on_their_page=len(NAMES))


def test_a_missing_and_a_misplaced_mistake_are_noticed():
    assert listed(PAGE.replace("### sign\n", "")) != expected()
    swapped = PAGE.replace("{mistake} bias_mean", "{mistake} bias_sum_all")
    assert listed(swapped) != expected()
    without_words = re.sub(r"(\{mistake\} sign\n).*\n", r"\1", PAGE)
    assert sum(map(len, listed(without_words).values())) == len(NAMES) - 1
    moved = PAGE.replace("(mistakes-both)=", "").replace("## The way back", "(mistakes-both)=\n## The way back")
    assert listed(moved) != expected()


ROWS = {  # of the table of what one sees, by what is said of a mistake
    "right for one example, wrong for seven": ("Where it hides", "it is no error with $N = 1$"),
    "it runs only where sizes are equal": ("Where it hides", "it does not fit where"),
}


@pytest.mark.parametrize("row", ROWS)
def test_the_table_of_what_one_sees_lists_the_mistakes_of_which_it_is_said(row):
    key, words = ROWS[row]
    (line,) = re.findall(rf"(?m)^\| {re.escape(row)} \| (.*) \|$", PAGE)
    assert re.findall(r"`(\S+)`", line) == [name for name in NAMES if words in facts_of(name).get(key, "")]


# What is said of them ---------------------------------------------------------------------------------------------------

SIZES = {"−1": lambda N, K: -1, "$N$": lambda N, K: N, "$1/N$": lambda N, K: 1 / N, "2": lambda N, K: 2, "½": lambda N, K: 1 / 2,
         "$1/K$": lambda N, K: 1 / K, "0": lambda N, K: 0}  # fmt: skip


def meant(words, layer):
    """The gradients that are wrong, by the words of the page."""
    names = set()
    for part in words.rstrip(".").split(";")[0].split(", and "):
        layers = (
            LAYERS
            if part == "every gradient" or part.endswith("every layer")
            else [k for k in LAYERS if k < layer]
            if part.endswith("below")
            else [layer]
        )
        names |= {f"{letter}{k}" for k in layers for letter in "Wb" if "every gradient" in part or f"d{letter}" in part}
    return names


@cache
def facts_of(name):
    return dict(facts(name))


def misstated(name):
    """What the page says of a mistake, and is not so."""
    said, (case, made) = facts_of(name), place(NAMED[name])
    net, layers, grads = case.net, made.layers, gradients(case.net, made)
    diagnosis = diagnose(net.params, net.acts, net.trace[0][0], net.t, net.loss, grads, penalty=net.penalty or None)
    wrong = [entry for entry in diagnosis.entries if not entry.ok]
    if {entry.name for entry in wrong} != meant(said["Wrong"], layers[-1] + 1):
        yield f"wrong are {[entry.name for entry in wrong]}"
    if bool(re.search("has the shape|is a single number", said["Wrong"])) != any(entry.at is None for entry in wrong):
        yield "a shape"
    ratios = [entry.got / entry.expected for entry in wrong if entry.at]
    if times := re.search(r"(\S+) times the right one", said["Wrong"]):
        if not np.allclose(ratios, SIZES[times[1]](*net.t.shape)):
            yield f"the ratios are {ratios}"
    elif len(ratios) > 1 and np.allclose(ratios, ratios[0]):
        yield f"every one is {ratios[0]} times the right one"
    (cause,) = (cause for cause in diagnosis.causes if cause.name == name)
    if cause.rule not in said["Compare"] or f"chapter {cause.chapter}]({cause.chapter:02}_" not in said["Compare"]:
        yield f"compare {cause.rule} of chapter {cause.chapter}"
    if said.get("Where it hides", "").rstrip(".") != "; ".join(hides := list(hiding(name))):
        yield f"it hides: {hides}"


FITTING = {  # (6, 6) for (6, 5), (5, 6) for (6, 5), (N,) for (6,)
    "a_off_by_one": "where the sizes of the layers are equal",
    "dW_transposed": "where the sizes of the layers are equal",
    "bias_wrong_axis": "where the layer has $N$ units",
}
STRETCHED = ["derivative_off_by_one", "missing_W"]  # what NumPy does to a column of one unit


def test_a_single_unit_lets_them_fit():
    case = case_of(make_net((4, 5, 1, 3)))
    delta, behind = case.right[1].delta, case.right[0]
    assert (delta * behind.a).shape == behind.a.shape == (7, 5)  # (7, 1) for (7, 5), in both of them
    nets = {name: make_net(penalty=penalty_for(NAMED[name])) for name in NAMES}
    unfit = [name for name in NAMES if not ways(case_of(nets[name]), NAMED[name])]
    assert [name for name in unfit if ways(case, NAMED[name])] == STRETCHED and len(unfit) == 3


@cache
def everything(network, penalty):
    """The right gradients, and those of every mistake in every place."""
    case = case_of(make_net(*network, penalty=penalty))
    certain, _ = places(case)
    made = [(made.mistake.name, try_gradients(case.net, made)) for made in certain]
    return case, [(name, grads) for name, grads in made if grads]


def try_gradients(net, made):
    try:
        return gradients(net, made)
    except ValueError:  # made in several layers, the sizes of which do not fit
        return None


def hiding(name):
    """Where a mistake cannot be named: by comparing it with every other one in every place."""
    penalty = penalty_for(NAMED[name])
    for where, network in HIDING.items():
        case, made = everything(network, penalty)
        for way in ways(case, NAMED[name])[:1]:
            grads = gradients(case.net, way)
            same = {other for other, theirs in made if all(map(agree, theirs, grads, case.slack_right))}
            same |= {"weight_decay"} if decays(case, grads) else set()
            alike = [f"`{other}`" for other in NAMES if other in same - {name}]
            if all(map(agree, case.grads, grads, case.slack_right)):
                yield f"it is no error {where}"
            elif alike:
                yield f"it looks like {' and '.join(alike)} {where}"
    if name in FITTING:
        yield f"its shape is right {FITTING[name]}"
    if not ways(case_of(make_net(DIFFERENT, penalty=penalty)), NAMED[name]):
        unless = ", unless one has a single unit" if name in STRETCHED else ""
        yield f"it does not fit where the sizes of the layers differ{unless}"


def decays(case, grads):
    """Whether the gradients are the right ones and a multiple of W, where that mistake is looked for."""
    where = NAMED["weight_decay"].where
    layers = [
        (got[0] - s.dW) / s.W
        for s, got in zip(case.right, grads)
        if where(s) and [np.shape(X) for X in got] == [s.W.shape, s.b.shape] and np.allclose(got[1], s.db, rtol=1e-9)
    ]
    return len(layers) == 3 and len({round(c, 9) for L in layers for c in L.flat}) == 1


@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_of_a_mistake_is_so(name, checked):
    assert list(misstated(name)) == [] and "{" not in sentence(name)
    checked(mistakes_described=1)


@pytest.mark.parametrize(
    "what, words, noticed",
    [
        ("Wrong", "db of the layer; 2 times the right one.", "the ratios are"),
        ("Wrong", "dW of the layer; $1/N$ times the right one.", "wrong are ['b2']"),
        ("Wrong", "db of the layer; db has the shape (7,), and b has (6,).", "a shape"),
        ("Wrong", "db of the layer, and every gradient of the layers below.", "wrong are ['b2']"),
        (
            "Compare",
            "`dense_vjp: dW = g.T @ x`, and [chapter 9](09_batches.ipynb).",
            "compare dense_vjp: db = g.sum(axis=0)",
        ),
        ("Compare", "`dense_vjp: db = g.sum(axis=0)`, and [chapter 8](08_three_layers.ipynb).", "compare dense_vjp"),
        ("Where it hides", "it is no error with $N = 2$.", "it hides: ['it is no error with $N = 1$'"),
    ],
)
def test_a_wrong_word_is_noticed(what, words, noticed, monkeypatch):
    lie = facts_of("bias_mean") | {what: words}
    monkeypatch.setattr(sys.modules[__name__], "facts_of", lambda name: lie)
    assert any(sentence.startswith(noticed) for sentence in misstated("bias_mean"))


def test_the_facts_follow_the_package(monkeypatch):
    """An entry that is changed is described as it is now."""
    halved = NAMED["bias_mean"]._replace(edits=(Edit({"sum_W": lambda s: s.sum_W / 2}),))
    monkeypatch.setitem(NAMED, "bias_mean", halved)
    assert dict(facts("bias_mean"))["Wrong"] == "dW of the layer; ½ times the right one."


def test_training_and_wrong_are_one_experiment():
    """The layer that is never updated: the loss is that of training the two others."""
    case, made = place(NAMED["zero_layer"])
    assert made.layers == (1,) and facts_of("zero_layer")["Wrong"] == "dW and db of the layer; 0 times the right one."
    assert re.fullmatch(r"after 300 steps the loss is 0\.\d{3} above .*", training(NAMED["zero_layer"]))


def test_the_right_gradients_come_to_rest():
    """So a loss above theirs is a mistake's doing, and none can end far below."""
    for sizes in (DIFFERENT, EQUAL):
        t = make_net(sizes).t
        lowest = -(t * np.log(t)).sum() / len(t)
        assert 0 < trained_right(sizes, ()) - lowest < 0.003
    assert trained_right(DIFFERENT, PENALTY) > 0


def test_what_training_does():
    assert training(NAMED["sign"]) == "the loss goes up"
    assert training(NAMED["bias_not_summed"]) == "it stops at the first step, since the shapes do not fit"
    assert "until it overflows" in training(NAMED["a_form_at_z"])
    assert training(NAMED["factor_2"]).startswith("nothing is seen") and SLOWER < 0.003
