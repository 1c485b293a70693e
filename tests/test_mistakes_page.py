"""The page of the mistakes lists nnlib's, all and in order, and what it says of them is so: `diagnose` is the witness."""

import re
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from describe_mistakes import (
    DIFFERENT,
    HIDING,
    NAMED,
    case_of,
    facts,
    gradients,
    make_net,
    penalty_of,
    place,
    sentence,
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
    """The names under which there is a mistake, and what the directive below describes."""
    return re.findall(r"(?m)^### (\S+)\n\n```\{mistake\} (\S+)\n\S.*\n```$", page)


def test_every_mistake_is_there_once_and_in_order(checked):
    assert listed(PAGE) == [(name, name) for name in NAMES] and PAGE.count("{mistake}") == len(NAMES) == 45
    assert PAGE.startswith("(mistakes)=\n# Forty-five mistakes\n")
    checked(mistakes_on_their_page=len(NAMES))


def test_a_missing_and_a_misplaced_mistake_are_noticed():
    assert ("sign", "sign") not in listed(PAGE.replace("### sign\n", ""))
    swapped = PAGE.replace("{mistake} bias_mean", "{mistake} bias_sum_all")
    assert listed(swapped) != listed(PAGE)
    without_words = re.sub(r"(\{mistake\} sign\n).*\n", r"\1", PAGE)
    assert len(listed(without_words)) == 44


# What is said of them -------------------------------------------------------------------------------------------------

SIZES = {"−1": lambda N, K: -1, "$N$": lambda N, K: N, "$1/N$": lambda N, K: 1 / N, "2": lambda N, K: 2, "½": lambda N, K: 1 / 2,
         "$1/K$": lambda N, K: 1 / K, "0": lambda N, K: 0}  # fmt: skip


def meant(words, layer):
    """The gradients that are wrong, by the words of the page."""
    names = set()
    for part in words.rstrip(".").split(";")[0].split(", and "):
        layers = (
            LAYERS
            if part == "every gradient"
            else [k for k in LAYERS if k < layer]
            if part.endswith("below")
            else [layer]
        )
        names |= {f"{letter}{k}" for k in layers for letter in "Wb" if "every" in part or f"d{letter}" in part}
    return names


def misstated(name):
    """What the page says of a mistake, and is not so."""
    said, (case, made, layers) = dict(facts(name)), place(NAMED[name])
    net, grads = case.net, gradients(case.net, made._replace(layers=layers))
    penalty = net.penalty or None
    diagnosis = diagnose(net.params, net.acts, net.trace[0][0], net.t, net.loss, grads, penalty=penalty)
    wrong = [entry for entry in diagnosis.entries if not entry.ok]
    if {entry.name for entry in wrong} != meant(said["Wrong"], layers[-1] + 1):
        yield f"wrong are {[entry.name for entry in wrong]}"
    if ("has the shape" in said["Wrong"]) != any(entry.at is None for entry in wrong):
        yield "a shape"
    ratios = [entry.got / entry.expected for entry in wrong if entry.at]
    if times := re.search(r"(\S+) times the right one", said["Wrong"]):
        if not np.allclose(ratios, SIZES[times[1]](*net.t.shape)):
            yield f"the ratios are {ratios}"
    elif len(ratios) > 1 and np.allclose(ratios, ratios[0]):
        yield f"every one is {ratios[0]} times the right one"
    (cause,) = (cause for cause in diagnosis.causes if cause.name == name)
    if cause.rule not in said["Compare"] or f"chapter {cause.chapter} <{cause.chapter:02}_" not in said["Compare"]:
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
    unfit = [name for name in NAMES if not ways(case_of(make_net(penalty=penalty_of(NAMED[name]))), NAMED[name])]
    assert [name for name in unfit if ways(case, NAMED[name])] == STRETCHED and len(unfit) == 3


@cache
def everything(network, penalty):
    """The right gradients, and those of every mistake in every place."""
    case = case_of(make_net(*network, penalty=penalty))
    certain, _ = places(case)
    return case, [(made.mistake.name, gradients(case.net, made)) for made in certain]


def hiding(name):
    """Where a mistake cannot be named: by comparing it with every other one in every place."""
    for where, network in HIDING.items():
        case, made = everything(network, penalty_of(NAMED[name]))
        for way in ways(case, NAMED[name])[:1]:
            grads = gradients(case.net, way)
            same = {other for other, theirs in made if all(map(agree, theirs, grads, case.slack_right))}
            alike = [f"`{other}`" for other in NAMES if other in same - {name}]
            if all(map(agree, case.grads, grads, case.slack_right)):
                yield f"it is no error {where}"
            elif alike:
                yield f"it looks like {' and '.join(alike)} {where}"
    if name in FITTING:
        yield f"its shape is right {FITTING[name]}"
    if not ways(case_of(make_net(DIFFERENT, penalty=penalty_of(NAMED[name]))), NAMED[name]):
        unless = ", unless one has a single unit" if name in STRETCHED else ""
        yield f"it does not fit where the sizes of the layers differ{unless}"


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
            "`dense_vjp: dW = g.T @ x`, and {doc}`chapter 9 <09_batches>`.",
            "compare dense_vjp: db = g.sum(axis=0)",
        ),
        ("Compare", "`dense_vjp: db = g.sum(axis=0)`, and {doc}`chapter 8 <08_three_layers>`.", "compare dense_vjp"),
        ("Where it hides", "it is no error with $N = 2$.", "it hides: ['it is no error with $N = 1$'"),
    ],
)
def test_a_wrong_word_is_noticed(what, words, noticed, monkeypatch):
    lie = dict(facts("bias_mean")) | {what: words}
    monkeypatch.setattr(sys.modules[__name__], "facts", lambda name: lie.items())
    assert any(sentence.startswith(noticed) for sentence in misstated("bias_mean"))


def test_the_facts_follow_the_package(monkeypatch):
    """An entry that is changed is described as it is now."""
    halved = NAMED["bias_mean"]._replace(edits=(Edit(dict(dW=lambda s: s.dW / 2)),))
    monkeypatch.setitem(NAMED, "bias_mean", halved)
    assert dict(facts("bias_mean"))["Wrong"] == "dW of the layer; ½ times the right one."


def test_what_training_does():
    assert training(NAMED["zero_layer"]).startswith("the loss goes from 1.78 to 1.78, ")
    start, end, right = map(float, re.findall(r"\d+\.\d+", training(NAMED["sign"])))
    assert end > start > right
    assert training(NAMED["bias_not_summed"]) == "it stops at the first step, since the shapes do not fit"
    assert "until it overflows" in training(NAMED["a_form_at_z"])
