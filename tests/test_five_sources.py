"""Appendices B and C: each formula of the articles has its check, and every notation gives the same gradient."""

import json
import re
import sys
from collections import Counter
from pathlib import Path
from time import perf_counter

import nbformat
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neural_network import MLPClassifier

from nnlib import (
    forward,
    half_mse,
    identity,
    numerical_jacobian,
    one_hot,
    relative_error,
    sigmoid,
    softmax,
    softmax_cross_entropy,
    value_and_grad,
)

ROOT = Path(__file__).parents[1]
CHAPTERS = ROOT / "chapters"
sys.path.insert(0, str(CHAPTERS))  # where the two notebooks find their modules

import notations  # noqa: E402
import source_checks  # noqa: E402
import source_table  # noqa: E402

ENTRIES = source_checks.entries()
findings = source_checks.check_all


# The sources ----------------------------------------------------------------------------------------------------------


def differences(entries, findings):
    """The entries whose stated verdict is not what the check has found, and those on one side alone."""
    stated = {name: entry["verdict"] for name, entry in entries.items()}
    found = {name: finding.verdict for name, finding in findings.items()}
    return {name for name, _ in stated.items() ^ found.items()}


def test_every_entry_has_a_check_that_ran(checked):
    findings.cache_clear()
    start = perf_counter()
    assert len(findings()) == len(ENTRIES) and perf_counter() - start < 20
    assert differences(ENTRIES, findings()) == set()
    assert Counter(name[:3] for name in ENTRIES) == {"000": 39, "001": 34, "002": 59, "003": 73, "004": 38}
    checked(formulas_of_the_sources=len(ENTRIES))


@pytest.mark.parametrize("name", ["000-33", "001-22", "002-23", "003-40", "004-38"])
def test_a_verdict_that_is_flipped_is_noticed(name):
    for verdict in {*source_checks.VERDICTS.values(), "right"} - {ENTRIES[name]["verdict"]}:
        assert differences(ENTRIES | {name: ENTRIES[name] | {"verdict": verdict}}, findings()) == {name}
    without = {key: finding for key, finding in findings().items() if key != name}
    assert differences(ENTRIES, without) == {name}


def test_each_check_runs_alone():
    for name in ("000-01", "001-34", "002-57", "003-73", "004-38"):
        assert source_checks.check(name) == findings()[name]


def test_what_is_not_right_says_what_is():
    assert [name for name, e in ENTRIES.items() if e["verdict"] != "right" and "right" not in e] == []
    assert all(set(e) <= {"section", "claim", "verdict", "right", "chapters"} for e in ENTRIES.values())


def strangers(entries):
    """Mentions of entries that are not there."""
    return {m for e in entries.values() for m in re.findall(r"\b00[0-4]-\d\d\b", e.get("right", ""))} - set(entries)


def test_an_entry_speaks_only_of_entries_that_are_there():
    assert strangers(ENTRIES) == set()
    assert strangers(ENTRIES | {"000-01": ENTRIES["000-01"] | {"right": "As 004-99."}}) == {"004-99"}


LINK = r"\[(00\d)-(\d\d)\]\(c_sources\.ipynb#s-\{}-\{}\)"
SPAN = re.compile(f"{LINK.format(1, 2)}(?: to {LINK.format(3, 4)})?")


def linked(text):
    """The entries to which a text leads: one by one, or from one link to another with all that stand between."""
    return {
        f"{article}-{k:02}"
        for article, first, same, last in SPAN.findall(text)
        for k in range(int(first), int(last or first) + 1)
        if same in ("", article)
    }


def folds():
    """Where the sources stand, by chapter."""
    cells = {path.stem: nbformat.read(path, as_version=4).cells for path in CHAPTERS.glob("*.ipynb")}
    return {
        stem: cell.source
        for stem, chapter in cells.items()
        for cell in chapter
        if "{dropdown} Where the sources stand" in cell.source
    }


def one_sided(entries, texts):
    """Pairs of an entry and a chapter of which only one names the other; and entries that name none."""
    named = {(name, chapter) for name, e in entries.items() for chapter in e["chapters"] or [""]}
    return named ^ {(name, chapter) for chapter, text in texts.items() for name in linked(text)}


def test_each_entry_names_its_chapters_and_each_chapter_its_entries(checked):
    texts = folds()
    assert {stem for stem in texts if stem[0].isdigit()} == {path.stem for path in CHAPTERS.glob("[0-9]*.ipynb")}
    assert one_sided(ENTRIES, texts) == set()
    checked(links_to_the_sources=sum(text.count("c_sources.ipynb#") for text in texts.values()))


@pytest.mark.parametrize("name", ["000-33", "003-47"])  # a link of its own, and one between two links
def test_what_one_side_alone_says_is_noticed(name):
    texts, (chapter, *_) = folds(), ENTRIES[name]["chapters"]
    forgotten = ENTRIES | {name: ENTRIES[name] | {"chapters": []}}
    assert one_sided(forgotten, texts) >= {(name, ""), (name, chapter)}
    elsewhere = ENTRIES | {name: ENTRIES[name] | {"chapters": ["05_layers"]}}
    assert one_sided(elsewhere, texts) >= {(name, "05_layers"), (name, chapter)}
    assert (name, chapter) in one_sided(ENTRIES, texts | {chapter: SPAN.sub("", texts[chapter])})
    more = texts["12_read_digits"] + f"[{name}](c_sources.ipynb#s-{name})"
    assert one_sided(ENTRIES, texts | {"12_read_digits": more}) == {(name, "12_read_digits")}


def test_a_reading_holds_or_fails_and_nothing_between():
    judge, one = source_checks.judge, np.ones(3)
    assert judge((one, one)).verdict == "right"
    for kind, verdict in source_checks.VERDICTS.items():
        assert judge((2 * one, one), kind, (one, one)) == (verdict, 1.0, 0.0)
        assert judge((one, one), kind, (one, one)).verdict == "right"  # a formula that holds is never called wrong
        with pytest.raises(AssertionError, match="second reading does not hold"):
            judge((2 * one, one), kind, (-one, one))
    with pytest.raises(AssertionError, match="nothing said about it"):
        judge((-one, one))
    with pytest.raises(AssertionError, match="neither holds nor fails"):
        judge((one + 1e-6, one), "mended", (one, one))


def test_why_a_reading_has_no_number():
    deviation, one = source_checks.deviation, np.ones(3)
    assert deviation((one, np.ones((3, 1)))) == "shape (3,); true: (3, 1)"
    assert deviation((lambda: one @ np.ones(2), one)) == "the shapes do not fit"
    assert deviation((lambda: source_checks.run("lr = le-6"), 0)) == "NameError"
    assert deviation((one * np.nan, one)) == "not a number"
    assert deviation([(one, one), False]) == deviation(False) == "does not hold"
    assert deviation(None) == "nothing to evaluate"


def test_the_reference_is_the_derivative():
    rng = np.random.default_rng(0)
    W, x = rng.normal(size=(3, 4)), rng.normal(size=4)
    for f in (lambda v: np.tanh(W @ v), lambda v: source_checks.bce(sigmoid(W @ v), 0.3).sum()):
        mine = source_checks.derivative(f, x)
        assert relative_error(mine, numerical_jacobian(lambda v: np.atleast_1d(f(v)), x).reshape(mine.shape)) < 1e-8


def test_page_shows_every_entry(checked):
    """The stored page has a row with an address for each, and shows what the checks find today."""
    nb = nbformat.read(CHAPTERS / "c_sources.ipynb", as_version=4)
    (html,) = [o.data["text/html"] for c in nb.cells for o in c.get("outputs", []) if "text/html" in o.get("data", {})]
    assert html == source_table.SourceTable(ENTRIES, findings())._repr_html_()
    rows = dict(re.findall(r'<tr id="s-(00\d-\d\d)"[^>]*data-verdict="(\w+)"', html))
    assert rows == {name: finding.verdict for name, finding in findings().items()}
    checked(rows_of_the_sources=len(rows))


def test_page_filters_by_keyboard(browser, book):
    from pages import opened

    with opened(browser, book, "chapters/c_sources.html") as (page, problems):
        status, shown = page.locator(".sources [role=status]"), page.locator(".sources tbody tr:visible")
        assert shown.count() == len(ENTRIES)
        for _ in range(3):
            page.locator("select[name=source]").press("ArrowDown")
        page.locator("select[name=verdict]").press("w")
        wanted = {f"s-{name}" for name, e in ENTRIES.items() if name[:3] == "002" and e["verdict"] == "wrong"}
        assert {row.get_attribute("id") for row in shown.all()} == wanted
        assert status.inner_text() == f"{len(wanted)} of {len(ENTRIES)} entries"
        shown.get_by_role("link", name="002-48").first.press("Enter")
        assert shown.count() == len(wanted)  # it leads to a row that is shown
        assert page.url.endswith("#s-002-48")
        page.locator("#s-002-48").get_by_role("link", name="002-32").press("Enter")
        assert shown.count() == len(ENTRIES)  # what a link leads to is never hidden
        assert page.url.endswith("#s-002-32")
        for number, name in (("chapter 9", "09_batches"), ("appendix A", "a_find_the_bug")):
            link = page.locator("#s-002-48").get_by_role("link", name=number)
            assert link.evaluate("(link) => link.pathname").endswith(f"/chapters/{name}.html")
    assert problems == []


# The notations --------------------------------------------------------------------------------------------------------


@st.composite
def networks(draw):
    sizes = draw(st.tuples(*[st.integers(1, 6)] * 3))
    N, rng = draw(st.integers(1, 9)), np.random.default_rng(draw(st.integers(0, 2**32)))
    params = [(rng.normal(size=(o, i)), rng.normal(size=o)) for i, o in zip(sizes, sizes[1:])]
    return params, rng.normal(size=(N, sizes[0])), rng.normal(size=(N, sizes[-1]))


def flat(layers):
    return [X for pair in layers for X in pair]


def gap(mine, grads):
    return max(relative_error(a, b) for a, b in zip(flat(mine), flat(grads), strict=True))


@settings(max_examples=40, deadline=None)
@given(networks())
def test_every_notation_gives_nnlibs_gradient(net):
    params, x, t = net
    _, grads = value_and_grad(params, [sigmoid, identity], x, t, half_mse)
    for name in notations.NOTATIONS:
        assert gap(notations.gradients_in(name, *net), grads) < 1e-13


@settings(max_examples=20, deadline=None)
@given(networks())
def test_there_and_back_is_exact(net):
    for its in notations.NOTATIONS.values():
        there = its.to(net[0])
        assert all(np.array_equal(a, b) for a, b in zip(flat(its.back(there)), flat(net[0]), strict=True))
        assert all(np.array_equal(a, b) for a, b in zip(flat(its.to(its.back(there))), flat(there), strict=True))


def test_a_wrong_factor_and_a_wrong_place_are_noticed(monkeypatch):
    net = stored_network()
    _, grads = value_and_grad(net[0], [sigmoid, identity], *net[1:], half_mse)
    for name, its in notations.NOTATIONS.items():
        monkeypatch.setitem(notations.NOTATIONS, name, its._replace(factor=lambda N: N + 1))
        assert gap(notations.gradients_in(name, *net), grads) > 0.1
    monkeypatch.setitem(notations.NOTATIONS, "000", notations.NOTATIONS["000"]._replace(to=notations.to_004))
    with pytest.raises(ValueError):
        notations.gradients_in("000", *net)


def stored():
    return json.loads((ROOT / "benchmarks/gradients.json").read_text("utf-8"))


def arrays(layers):
    return [(np.array(W), np.array(b)) for W, b in layers]


def stored_network():
    return arrays(stored()["params"]), np.array(stored()["x"]), np.array(stored()["t"])


def by_frameworks(stored):
    """The stored gradients in nnlib's notation."""
    flax = [(kernel.T, b) for kernel, b in arrays(stored["jax"])]
    return {"torch": notations.from_linear(arrays(stored["torch"])), "jax": flax}


def test_the_frameworks_agree():
    params, x, t = stored_network()
    _, grads = value_and_grad(params, [sigmoid, identity], x, t, half_mse)
    for mine in by_frameworks(stored()).values():
        assert gap(mine, grads) < 1e-13
    for name in ("torch", "jax"):  # one entry in its twelfth digit
        off = stored()
        off[name][1][0][2][1] *= 1 + 1e-11
        assert gap(by_frameworks(off)[name], grads) > 1e-13
    pins = (ROOT / "benchmarks/requirements.txt").read_text("utf-8")
    for name, version in stored()["versions"].items():
        assert f"{name}=={version.split('+')[0]}" in pins  # made with what `make bench` installs


@settings(max_examples=10, deadline=None)
@given(networks())
def test_scikit_learn_takes_the_numbers_and_gives_the_gradient(net):
    """With a learning rate of 1 and nothing else, the old parameters minus the new ones are the gradient."""
    params, x, t = net
    x, labels = np.vstack([x] * 3), np.repeat(np.arange(3), len(x))  # each example once in each of three classes
    params = [params[0], (np.resize(params[1][0], (3, len(params[0][1]))), np.resize(params[1][1], 3))]
    there = MLPClassifier(
        len(params[0][1]), activation="logistic", solver="sgd", learning_rate_init=1, momentum=0, alpha=0
    ).partial_fit(x, labels, classes=range(3))
    there.coefs_, there.intercepts_ = notations.to_sklearn(params)
    assert gap(notations.from_sklearn(there.coefs_, there.intercepts_), params) == 0
    y, _ = forward(params, [sigmoid, softmax], x)
    assert relative_error(there.predict_proba(x), y) < 1e-13
    there.partial_fit(x, labels)
    after = notations.from_sklearn(there.coefs_, there.intercepts_)
    mine = [(W - V, b - c) for (W, b), (V, c) in zip(params, after)]
    _, grads = value_and_grad(params, [sigmoid, identity], x, one_hot(labels, 3), softmax_cross_entropy)
    rounding = 1e-15 * max(abs(X).max() for X in flat(params))  # of the subtraction
    assert max(abs(a - b).max() for a, b in zip(flat(mine), flat(grads))) < 1e-14 + rounding


def test_the_cards_tell_the_shapes():
    params, x, t = stored_network()
    for name, (words, shapes, *_) in notations.CARDS.items():
        its = notations.NOTATIONS[name]
        (W1, b1), _ = its.to(params)
        said = dict(re.findall(r"(\S+): (\([^)]*\))", shapes))
        first = its.batch(x) if name in ("002", "columns") else its.batch(x)[0]
        assert [said["W1"], said["b1"]] == [str(W1.shape), str(b1.shape)]
        assert next(iter(said.values())) == str(first.shape)
        examples, way = words.split(", ")
        assert way == ("out in" if W1.shape == (5, 4) else "in out")
        assert len(notations.say_card(name).split()) >= 10
