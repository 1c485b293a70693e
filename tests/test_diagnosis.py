"""The diagnosis names the mistake: of its list, those that people type, two at a time; never one that is not there."""

import ast
import inspect
import re
import sys
import time
from collections import Counter
from itertools import islice, product
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest
from buggy import SLIPS, by_column, by_neuron, typed_wrong
from hypothesis import given
from networks import network, networks, repeatable

from nnlib import (
    GRAD,
    VJP,
    backward,
    bce,
    cross_entropy,
    dense_vjp,
    diagnose,
    diagnose_function,
    forward,
    half_mse,
    identity,
    relu,
    sigmoid,
    sigmoid_bce,
    softmax,
    softmax_cross_entropy,
    tanh,
    value_and_grad,
)
from nnlib.diagnosis import ROUNDING
from nnlib.mistakes import MISTAKES, every, mistake
from nnlib.search import Case, agree, places, rounding
from nnlib.slots import Net, grads_of, run

NETS = {
    "8-4-3-2 sigmoid, half_mse": ([8, 4, 3, 2], [sigmoid] * 3, half_mse),
    "4-5-3 relu, softmax_cross_entropy": ([4, 5, 3], [relu, identity], softmax_cross_entropy),
    "4-5-3 relu softmax, cross_entropy": ([4, 5, 3], [relu, softmax], cross_entropy),
    "6-5-4-1 tanh sigmoid, bce": ([6, 5, 4, 1], [tanh, tanh, sigmoid], bce),
    "6-5-4-1 tanh, sigmoid_bce": ([6, 5, 4, 1], [tanh, tanh, identity], sigmoid_bce),
    "4-4-4-4 tanh, softmax_cross_entropy": ([4, 4, 4, 4], [tanh, tanh, identity], softmax_cross_entropy),
}
SEEDS = range(6)
VERDICTS = ("unique", "ambiguous", "unknown", "missed", "wrong")
every_net = pytest.mark.parametrize("net", NETS)


def case_of(*problem, **options):
    """What `diagnose` searches, with right gradients on trial."""
    return Case.of(Net.of(*problem), **options)


def everything_wrong(case):
    """Each mistake in each place, with its name."""
    certain, fitted = places(case)
    return [(made.mistake.name, [made]) for made in certain + [made.at(0.03) for made in fitted]]


def gradients(case, made):
    return [grads_of(s) for s in run(case.net, made)]


def names(diagnosis):
    return [tuple(sorted(cause.name for cause in explanation)) for explanation in diagnosis.explanations]


def judge(diagnosis, truth):
    """How a diagnosis fared: "wrong" is a false name, "missed" a list without the true one."""
    if diagnosis.status == "unknown":
        return "unknown"
    if truth in names(diagnosis):
        return "unique" if diagnosis.status == "named" else "ambiguous"
    return "wrong" if diagnosis.status == "named" else "missed"


# The table of mistakes ------------------------------------------------------------------------------------------------


@repeatable
@given(networks())
def test_the_pass_without_an_edit_is_nnlibs_own_to_the_last_bit(a_network):
    params, acts, x, t, loss = a_network
    y, trace = forward(params, acts, x)
    _, grads = backward(GRAD[loss](y, t), params, acts, trace)
    for pair, s in zip(grads, case_of(*a_network).right, strict=True):
        assert all(np.array_equal(X, Y) for X, Y in zip(pair, grads_of(s), strict=True))


def milliseconds(seconds):
    return f"{1000 * np.median(seconds):.0f} ms each, at most {1000 * max(seconds):.0f}"


def survey(N, nets=NETS, seeds=SEEDS, rng=None, most=None, mistakes=MISTAKES):
    """Diagnose every mistake in every place; or with `rng`, in one place each, and `most` of them for each network."""
    counts, made_names, seconds = Counter(), set(), []
    for net, seed in product(nets, seeds):
        sizes, acts, loss = NETS[net]
        problem = network(sizes, acts, loss, N, seed)
        case = case_of(*problem, mistakes=mistakes)
        wrong = everything_wrong(case)
        if rng is not None:
            shuffled = [wrong[k] for k in rng.permutation(len(wrong))]
            wrong = list(dict(shuffled).items())[:most]
        for name, made in wrong:
            grads = gradients(case, made)
            start = time.process_time()
            diagnosis = diagnose(*problem, grads, mistakes=mistakes)
            seconds.append(time.process_time() - start)
            if "with db as ()" in diagnosis.head:
                continue  # a single neuron may have a number for its b, and then that is no mistake
            counts["K >= 3" if sizes[-1] >= 3 else "K < 3", judge(diagnosis, (name,))] += 1
            made_names.add(name)
    sample = "every place" if rng is None else "a place each" if most is None else f"{most} of them, a place each"
    print(
        f"\nN = {N}, {len(nets)} nets, {len(seeds)} seeds, {len(made_names)} mistakes ({sample}), "
        f"{milliseconds(seconds)}; K >= 3 + K < 3:"
    )
    print(
        "  ", *(f"{verdict} {counts['K >= 3', verdict]} + {counts['K < 3', verdict]}" for verdict in VERDICTS), sep="  "
    )
    return counts, made_names, seconds


ALL = {mistake.name for mistake in MISTAKES} - {
    "penalty_missing",
    "penalty_sign",
    "penalty_strength",
}  # these need a penalty
NO_ERRORS_ALONE = {"missing_1/N", "double_1/N", "bias_mean", "outer_of_sums", "last_example_only"}


def totals(counts, N):
    """The row of a batch of N in the table that stands at the end of a run."""
    row = Counter()
    for (_, verdict), number in counts.items():
        row[f"{verdict}_at_N_{N}"] += number
    return row


def assert_named(counts, share):
    """The true mistake is always listed, and where K >= 3 it is the only one in this share of the cases."""
    assert not any(counts[K, verdict] for K in ("K >= 3", "K < 3") for verdict in ("unknown", "missed", "wrong"))
    assert counts["K >= 3", "unique"] >= share * (counts["K >= 3", "unique"] + counts["K >= 3", "ambiguous"]) > 0


@pytest.mark.parametrize("seeds", [SEEDS[:1], pytest.param(SEEDS, marks=pytest.mark.mutants)], ids=["few", "all"])
def test_every_mistake_on_a_batch_of_seven(seeds, checked):
    counts, made, seconds = survey(7, seeds=seeds, rng=np.random.default_rng(7))
    assert made == ALL and len(MISTAKES) == 45
    assert_named(counts, 0.95)
    checked(**totals(counts, 7))
    checked(
        milliseconds_for_a_diagnosis=round(1000 * np.median(seconds)), milliseconds_at_most=round(1000 * max(seconds))
    )


@pytest.mark.parametrize("N, share", [(1, 0.85), (2, 0.6), (32, 0.95)])
def test_mistakes_on_other_batches(N, share, checked):
    counts, made, _ = survey(N, seeds=SEEDS[:2], rng=np.random.default_rng(N), most=8)
    assert len(made) >= 20 and (N > 1 or not made & NO_ERRORS_ALONE)
    assert_named(counts, share)
    checked(**totals(counts, N))


@pytest.mark.mutants
def test_every_place_of_every_mistake(checked):
    counts, *_ = survey(7, list(NETS)[5:], seeds=[6])
    assert_named(counts, 0.95)
    checked(**totals(counts, 7))


@pytest.mark.parametrize(
    "way, missing", [(dict(dW=lambda s: s.dW), {"sign"}), (dict(dW=lambda s: 2 * s.dW, db=lambda s: 2 * s.db), set())]
)
def test_an_entry_that_does_nothing_or_what_another_does_is_noticed(way, missing):
    table = [mistake("sign", 6, "loss", every, "", way) if m.name == "sign" else m for m in MISTAKES]
    counts, made, _ = survey(7, list(NETS)[5:], seeds=[0], rng=np.random.default_rng(0), mistakes=table)
    assert ALL - made == missing  # softmax and a square net show all that remain
    if not missing:  # two of 41 look alike
        with pytest.raises(AssertionError):
            assert_named(counts, 0.99)


# What people type -----------------------------------------------------------------------------------------------------


@every_net
@pytest.mark.parametrize("honest", [by_neuron, by_column])
def test_honest_code_is_right(honest, net):
    sizes, acts, loss = NETS[net]
    problem = network(sizes, acts, loss)
    assert diagnose(*problem, honest(*problem)).status == "right"


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.mutants)])
def test_slips_in_honest_code_are_named(every, checked):
    fared, failed = Counter(), []
    for (which, said, typed, name, where), (sizes, acts, loss) in [*product(SLIPS, NETS.values())][::every]:
        problem = network(sizes, acts, loss)
        try:
            grads = typed_wrong(which, said, typed)(*problem)
        except (ValueError, IndexError, KeyError):
            continue  # a slip that this network does not let pass
        diagnosis = diagnose(*problem, grads)
        if where(acts, loss) and not diagnosis:
            fared[judge(diagnosis, (name,))] += 1
            failed += [] if (name,) in names(diagnosis) else [(typed, acts, names(diagnosis))]
    print(f"\n{len(SLIPS)} slips typed into honest code, on {len(NETS)} nets:", dict(fared), *failed, sep="\n  ")
    assert len(SLIPS) >= 40 and {name for *_, name, _ in SLIPS} == ALL
    assert fared["unique"] + fared["ambiguous"] >= 0.9 * sum(fared.values()) > 150 / every
    assert not fared["wrong"]
    checked(slips_named=sum(fared.values()))


# Two mistakes at a time -----------------------------------------------------------------------------------------------


NEW = """
    mean_over_inputs slope_missing_in_part slope_sign slope_times_z activation_of_gradient matrix_product_of_slope
    softmax_over_batch bias_from_dW W_instead_of_input inner_product dW_instead_of_W way_back_without_slope wrong_column
""".split()


def pairs(case, rng, wanted=lambda one, other: True):
    """Two mistakes in two places, neither of which hides the other."""
    wrong = everything_wrong(case)
    while True:
        (one, (a,)), (other, (b,)) = (wrong[k] for k in rng.choice(len(wrong), 2, replace=False))
        try:
            both = gradients(case, [a, b])
        except ValueError:
            continue
        hidden = [gradients(case, [a]), gradients(case, [b]), case.grads]
        if (
            one != other
            and wanted(one, other)
            and not any(all(agree(x, y, rounding(y, 1e-6)) for x, y in zip(both, less, strict=True)) for less in hidden)
        ):
            yield tuple(sorted((one, other))), both


def old_and_new(one, other):
    return (one in NEW) != (other in NEW)


@pytest.mark.parametrize("seeds, most", [(1, 3), pytest.param(2, 5, marks=pytest.mark.mutants)])
@pytest.mark.parametrize(
    "wanted, share", [(lambda one, other: True, 0.9), (old_and_new, 0.85)], ids=["any", "old and new"]
)
def test_two_mistakes_together_are_named(wanted, share, seeds, most, checked):
    fared, seconds, rng = Counter(), [], np.random.default_rng(0)
    for (sizes, acts, loss), seed in product(NETS.values(), SEEDS[:seeds]):
        problem = network(sizes, acts, loss, seed=seed)
        for truth, grads in islice(pairs(case_of(*problem), rng, wanted), most):
            start = time.process_time()
            diagnosis = diagnose(*problem, grads)
            seconds.append(time.process_time() - start)
            if diagnosis.explanations and len(diagnosis.explanations[0]) == 1:
                fared["one mistake does the same"] += 1
            else:
                fared[judge(diagnosis, truth)] += 1
    print(f"\n{sum(fared.values())} pairs of mistakes:", dict(fared), milliseconds(seconds))
    assert fared["unique"] + fared["ambiguous"] >= share * sum(fared.values()) > 5 * seeds * most * share
    checked(pairs_named=sum(fared.values()))


# What is on no list ---------------------------------------------------------------------------------------------------


def in_one(change):
    """A change of one array, which has more than one entry."""

    def changed(grads, rng, *problem):
        flat = [X for pair in grads for X in pair]
        k = rng.choice([k for k, X in enumerate(flat) if X.size > 1])
        flat[k] = change(flat[k].copy(), rng)
        return list(zip(flat[::2], flat[1::2]))

    return changed


def in_all(change):
    """A change of every array."""
    return lambda grads, rng, *problem: [tuple(change(X.copy(), rng) for X in pair) for pair in grads]


def one_entry_off(X, rng):
    X.flat[rng.integers(X.size)] += 0.3 * abs(X).max()
    return X


def other_batch(grads, rng, params, acts, x, t, loss):
    return value_and_grad(params, acts, x[1:], t[1:], loss)[1]


def other_targets(grads, rng, params, acts, x, t, loss):
    return value_and_grad(params, acts, x[::-1], t, loss)[1]


def pull_to_zero(grads, rng, params, acts, x, t, loss):
    return [(dW + 0.01 * np.sign(W), db) for (dW, db), (W, _) in zip(grads, params)]


ON_NO_LIST = {
    "one entry off": in_one(one_entry_off),
    "one entry off by a millionth": in_one(
        lambda X, rng: X + 1e-6 * abs(X).max() * (np.arange(X.size) == 1).reshape(X.shape)
    ),
    "one matrix scaled": in_one(lambda X, rng: X * rng.uniform(1.1, 1.9)),
    "all scaled": in_all(lambda X, rng: 1.37 * X),
    "noise": in_all(lambda X, rng: X + rng.normal(0, 1e-3, X.shape)),
    "noise in one": in_one(lambda X, rng: X + rng.normal(0, 1e-3, X.shape)),
    "largest entry masked": in_one(lambda X, rng: X * (abs(X) < abs(X).max())),
    "clipped": in_one(lambda X, rng: np.clip(X, -0.5 * abs(X).max(), 0.5 * abs(X).max())),
    "clipped by norm": lambda grads, rng, *problem: [(dW / 3.3, db / 3.3) for dW, db in grads],
    "rounded": in_all(lambda X, rng: X.round(4)),
    "shifted": in_one(lambda X, rng: X + 0.01),
    "without sign": in_all(lambda X, rng: abs(X)),
    "an example left out": other_batch,
    "targets in another order": other_targets,
    "weights pulled to zero by their sign": pull_to_zero,
}


def false_names(problems):
    """The diagnoses that name a mistake where there is none of the list; how many there were, and their time."""
    false, n, seconds = [], 0, []
    for (net, seed), (what, change) in product(problems, ON_NO_LIST.items()):
        problem = network(*NETS[net], seed=seed)
        rng = np.random.default_rng([seed, 1])  # not the one that drew the weights: noise would be a weight decay
        grads = change(value_and_grad(*problem)[1], rng, *problem)
        start = time.process_time()
        diagnosis = diagnose(*problem, grads)
        seconds.append(time.process_time() - start)
        n += 1
        assert diagnosis.status != "right", (what, net, seed)
        if diagnosis.causes:
            false.append((what, net, seed, names(diagnosis)))
    return false, n, seconds


@pytest.mark.parametrize("seeds, deep, least", [(1, 0, 30), pytest.param(9, 2, 300, marks=pytest.mark.mutants)])
def test_nothing_is_named_that_is_not_there(seeds, deep, least, checked):
    two_layers, three_layers = list(NETS)[1:3], [list(NETS)[0], list(NETS)[4]][:deep]
    false, n, seconds = false_names([*product(two_layers, range(seeds)), *product(three_layers, SEEDS[:1])])
    print(f"\n{n} gradients wrong in ways that are on no list: {len(false)} named, {milliseconds(seconds)}")
    assert not false and n >= least
    checked(strange_gradients_not_named=n)


def test_a_diagnosis_that_is_too_easily_pleased_is_noticed(monkeypatch):
    monkeypatch.setitem(ROUNDING, np.dtype(float), 1.0)
    false, _, _ = false_names([(list(NETS)[1], 0)])
    assert false


# What else is told ----------------------------------------------------------------------------------------------------


def problem_and_grads(net="4-5-3 relu, softmax_cross_entropy", N=7, seed=0):
    problem = network(*NETS[net], N, seed)
    return problem, value_and_grad(*problem)[1]


@pytest.mark.parametrize("net", list(NETS)[:2])
def test_gradients_in_single_precision(net, checked):
    params, acts, x, t, loss = network(*NETS[net])
    single = [(W.astype("f"), b.astype("f")) for W, b in params], acts, x.astype("f"), t.astype("f"), loss
    grads = value_and_grad(*single)[1]
    assert {X.dtype for pair in grads for X in pair} == {np.dtype("f")}
    assert diagnose(*single, grads).status == diagnose(params, acts, x, t, loss, grads).status == "right"
    case, fared = case_of(*single), Counter()
    for name, made in dict(everything_wrong(case)).items():
        fared[judge(diagnose(*single, gradients(case, made)), (name,))] += 1
    print(f"\nfloat32, {net}:", dict(fared))
    assert fared["unique"] + fared["ambiguous"] == sum(fared.values()) > 20
    noisy = [(dW * np.float32(1.001), db) for dW, db in grads]
    assert diagnose(*single, noisy).status == "unknown"
    checked(wrong_gradients_named=sum(fared.values()))


SHAPES = {
    "one row per example": (lambda dW, db, delta: (dW, delta), "bias_not_summed"),
    "summed over neurons": (lambda dW, db, delta: (dW, delta.sum(axis=1)), "bias_wrong_axis"),
    "summed over neurons, a column": (lambda dW, db, delta: (dW, delta.sum(axis=1, keepdims=True)), "bias_wrong_axis"),
    "a number": (lambda dW, db, delta: (dW, float(delta.sum())), "bias_sum_all"),
    "that number everywhere": (lambda dW, db, delta: (dW, [float(delta.sum())] * len(db)), "bias_sum_all"),
    "transposed": (lambda dW, db, delta: (dW.T, db), "dW_transposed"),
    "transposed and turned into shape": (lambda dW, db, delta: (dW.T.reshape(dW.shape), db), "dW_transposed"),
    "columns, and the sign": (lambda dW, db, delta: (-dW, -db[:, None]), "sign"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_wrong_shapes_are_part_of_the_diagnosis(shape):
    problem, grads = problem_and_grads()
    change, name = SHAPES[shape]
    deltas = [s.delta for s in case_of(*problem).right]
    diagnosis = diagnose(*problem, [change(dW, db, delta) for (dW, db), delta in zip(grads, deltas, strict=True)])
    assert diagnosis.status == "named" and names(diagnosis) == [(name,)]


def test_right_numbers_in_a_wrong_shape():
    problem, grads = problem_and_grads()
    diagnosis = diagnose(*problem, [(dW, db[:, None]) for dW, db in grads])
    assert diagnosis.status == "right" and "Right, with db as (5, 1), for b as (5,): every" in str(diagnosis)
    diagnosis = diagnose(*problem, [(dW[None], db) for dW, db in grads])
    assert diagnosis.status == "unknown" and not diagnosis.causes
    assert "dW2 has shape (1, 3, 5), expected (3, 5)" in str(diagnosis)
    assert "The numbers are right, the shapes are not." in str(diagnosis)


@pytest.mark.parametrize(
    "spoil, said",
    [
        (lambda grads: None, "grads must be a list of 2 tuples (dW, db), one per layer, got NoneType"),
        (lambda grads: grads[:1], "grads must be a list of 2 tuples (dW, db), one per layer, got a list of 1"),
        (lambda grads: [dW for dW, db in grads], "grads[0] db must be a NumPy array, got NoneType"),
        (lambda grads: [db for dW, db in grads], "grads[0] must be a list of 2 arrays (dW, db), got ndarray"),
        (lambda grads: [(None, db) for dW, db in grads], "grads[0] dW must be a NumPy array, got NoneType"),
        (lambda grads: [(dW, "zero") for dW, db in grads], "grads[0] db must be a NumPy array, got str"),
        (
            lambda grads: [(dW, [[1.0], [1.0, 2.0]]) for dW, db in grads],
            "grads[0] db must be an array, got a list that",
        ),
        (lambda grads: [(dW + 0j, db) for dW, db in grads], "grads[0] dW must be real, got complex128"),
        (
            lambda grads: [(dW.astype("float16"), db) for dW, db in grads],
            "grads[0] dW must hold float64 or float32, got float16",
        ),
        (lambda grads: [(dW > 0, db) for dW, db in grads], "grads[0] dW must hold float64 or float32, got bool"),
        (
            lambda grads: [(np.ma.masked_array(dW), db) for dW, db in grads],
            "grads[0] dW must be a NumPy array, got MaskedArray",
        ),
        (lambda grads: [(dW, db * np.nan) for dW, db in grads], "grads[0] db must hold finite numbers, got nan"),
        (lambda grads: [(dW, db[:0]) for dW, db in grads], "grads[0] db must hold finite numbers, got none"),
        (lambda grads: [(dW, np.inf) for dW, db in grads], "grads[0] db must hold finite numbers, got inf"),
    ],
)
def test_what_cannot_be_a_gradient(spoil, said):
    problem, grads = problem_and_grads()
    diagnosis = diagnose(*problem, spoil(grads))
    assert diagnosis.status == "bad_input" and not diagnosis.explanations and not diagnosis
    assert f"diagnose: {said}" in diagnosis.remarks[0]
    assert str(diagnosis) and diagnosis._repr_html_()


def test_a_network_that_does_not_fit_is_an_error_not_a_diagnosis():
    (params, acts, x, t, loss), grads = problem_and_grads()
    with pytest.raises(ValueError, match="diagnose: expected .* K is 3 in .* and 2 in t"):
        diagnose(params, acts, x, t[:, :2], loss, grads)


@pytest.mark.parametrize("N, unseen", [(1, True), (7, False)])
def test_what_is_right_and_what_this_batch_would_not_show(N, unseen):
    problem, grads = problem_and_grads("4-4-4-4 tanh, softmax_cross_entropy", N)
    diagnosis = diagnose(*problem, grads)
    assert diagnosis.status == "right" and diagnosis and not diagnosis.causes
    assert ("missing_1/N, double_1/N, bias_mean, outer_of_sums, last_example_only" in diagnosis.remarks[0]) == unseen
    assert ("try a batch of 7" in str(diagnosis)) == unseen


def test_the_limits_of_a_network():
    problem, grads = problem_and_grads()
    said = " ".join(str(diagnose(*problem, grads)).split())
    assert "these would look right too: derivative_at_a, a_form_at_z." in said  # of a ReLU
    assert "these cannot be made: derivative_off_by_one, W_transposed, missing_W; a square network shows them" in said
    problem, grads = problem_and_grads("8-4-3-2 sigmoid, half_mse", N=2)
    diagnosis = diagnose(*problem, [(2 * dW, 2 * db) for dW, db in grads])
    assert diagnosis.status == "ambiguous" and set(names(diagnosis)) == {("missing_1/N",), ("factor_2",)}
    assert {cause.name for cause in diagnosis.causes} == {"missing_1/N", "factor_2"}
    assert "try a batch of 7 and at least 3 outputs" in str(diagnosis)


def test_clues_where_nothing_on_the_list_fits():
    problem, grads = problem_and_grads()

    def said(grads):
        diagnosis = diagnose(*problem, grads)
        assert diagnosis.status == "unknown" and not diagnosis.explanations
        return " ".join(str(diagnosis).split())

    (dW1, db1), (dW2, db2) = grads
    assert "Every gradient is 1.37 times the right one: it is right if your loss is 1.37 times nnlib's." in said(
        [(1.37 * dW, 1.37 * db) for dW, db in grads]
    )
    scaled = said([(1.37 * dW1, db1), (dW2, db2)])
    assert "Wrong: dW1. Counted from the output, layer 1 is the first wrong one." in scaled
    assert "look at dense_vjp: dW = g.T @ x. dW1 is 1.37 times the right one." in scaled
    together = said([(1.37 * dW1, 1.37 * db1), (dW2, 1.5 * db2)])
    assert "dW1, db1 are each 1.37 times the right one. db2 is 1.5 times the right one." in together
    assert "look at dense_vjp: db = g.sum(axis=0)." in said([(dW1, db1), (dW2, db2 + 0.01)])
    assert "Both gradients of layer 1 are wrong: look at relu_vjp: g * (z.real > 0), and at" in said(
        [(dW1 + 0.01, db1 + 0.01), (dW2, db2)]
    )
    assert "and at the way back through layer 2, dense_vjp: dx = g @ W." in said([(dW1 + 0.01, db1 + 0.01), (dW2, db2)])
    assert "listed from the output on" in said(grads[::-1])
    params, acts, x, t, _ = problem
    _, others = value_and_grad(params, acts, x, t, half_mse)
    assert "It is the gradient of another loss, half_mse." in said(others)


def test_rounding_does_not_choose_the_evidence():
    for seed in SEEDS:
        problem, grads = problem_and_grads(seed=seed)
        for factor in (-1, 1.25, 7, 1 / 7):
            diagnosis = diagnose(*problem, [(factor * dW, factor * db) for dW, db in grads])
            assert diagnosis.remarks[0].startswith("dW2["), diagnosis  # dW2 and db2 are wrong by the same share


def test_the_report_reads_like_a_teacher():
    problem, grads = problem_and_grads()
    params, acts, x, t, loss = problem
    wrong = typed_wrong(by_neuron, "delta = back * slope(acts[l - 2], z[l - 1])", "delta = back")(*problem)
    diagnosis = diagnose(*problem, wrong)
    (cause,) = diagnosis.causes
    assert cause[:4] == ("missing_activation_derivative", 1, "layer 1", "W and b") and cause.chapter == 7
    report = " ".join(str(diagnosis).split())
    assert "The slope f'(z) of the activation is missing in layer 1: " in report
    assert "Look at relu_vjp: g * (z.real > 0), and at chapter 7." in report
    numbers = re.search(r"d([Wb])1(\[[\d, ]+\]) is (\S+), expected (\S+)\.", report.replace("−", "-"))
    letter, at, got, expected = numbers.groups()
    j, at = "Wb".index(letter), tuple(ast.literal_eval(at))
    assert (float(got), float(expected)) == (float(f"{wrong[0][j][at]:.4g}"), float(f"{grads[0][j][at]:.4g}"))
    assert "Wrong: dW1, db1." in report and all(len(line) <= 80 for line in str(diagnosis).splitlines())
    assert repr(diagnosis) == str(diagnosis)


def test_two_mistakes_and_many_explanations_in_print():
    problem, grads = problem_and_grads("8-4-3-2 sigmoid, half_mse")
    diagnosis = diagnose(*problem, [(-dW, db.sum()) for dW, db in grads])
    assert [cause.name for cause in diagnosis.explanations[0]] == ["sign", "bias_sum_all"]
    assert str(diagnosis).splitlines()[1].startswith("  - The sign is turned round for W everywhere")
    assert any(line.startswith("  + db is a single number everywhere") for line in str(diagnosis).splitlines())
    many = diagnosis._replace(status="ambiguous", explanations=diagnosis.explanations * 7)
    assert "cannot tell 7 explanations apart" in str(many) and "  - and 2 more" in str(many)


@every_net
def test_every_line_to_look_at_is_a_line_of_nnlib(net):
    problem = network(*NETS[net])
    case = case_of(*problem)
    lines = {line for f in {dense_vjp, *VJP.values(), *GRAD.values()} for line in inspect.getsource(f).splitlines()}
    for name, made in dict(everything_wrong(case)).items():
        for cause in diagnose(*problem, gradients(case, made)).causes:
            _, line = cause.rule.split(": ", 1)
            assert any(line in known for known in lines) and len(line) > 5, (name, cause.rule)
            assert cause.scope in cause.sentence and "{" not in cause.sentence and 1 <= cause.chapter <= 10


def test_a_notebook_shows_a_table_and_a_marked_drawing():
    problem, grads = problem_and_grads()
    diagnosis = diagnose(*problem, [(dW, 7 * db) for dW, db in grads])
    html = diagnosis._repr_html_()
    page = ElementTree.fromstring(html)
    rows = [[cell.text for cell in row] for row in page.iter("tr")]
    assert [row[0] for row in rows] == ["gradient", "dW1", "db1", "dW2", "db2"]
    assert [row[1].split(" at ")[0] for row in rows[1:]] == ["right", "wrong", "right", "wrong"]
    (picture,) = page.iter("img")
    assert picture.get("alt") == "Network 4-5-3, the wrong gradients marked: b1, b2."
    drawn = ElementTree.fromstring(unquote(picture.get("src")).removeprefix("data:image/svg+xml,"))
    words = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert [word for word in words if "✗" in word] == ["✗ b1: 5", "✗ b2: 3"]
    assert html == diagnose(*problem, [(dW, 7 * db) for dW, db in grads])._repr_html_()


def test_without_matplotlib_and_without_tqdm(monkeypatch):
    problem, grads = problem_and_grads()
    for missing in ("matplotlib", "nnlib.plots", "tqdm"):
        monkeypatch.setitem(sys.modules, missing, None)
    diagnosis = diagnose(*problem, [(dW, db + 0.01) for dW, db in grads])
    assert (
        diagnosis.status == "unknown" and "<table" in diagnosis._repr_html_() and "<img" not in diagnosis._repr_html_()
    )


# A function on trial --------------------------------------------------------------------------------------------------


def as_function(which, loss, said=None, typed=None):
    """A backward pass with the signature that `diagnose_function` calls."""
    backward_pass = typed_wrong(which, said, typed) if said else which
    return lambda params, acts, x, t: backward_pass(params, acts, x, t, loss)


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.mutants)])
def test_the_function_of_every_slip(every, checked):
    fared, failed = Counter(), []
    for k, (acts, loss) in enumerate((([tanh, tanh, identity], softmax_cross_entropy), ([sigmoid] * 3, half_mse))):
        assert diagnose_function(as_function(by_neuron, loss), acts=acts, loss=loss).status == "right"
        for which, said, typed, name, where in SLIPS[k % every :: every]:
            diagnosis = diagnose_function(as_function(which, loss, said, typed), acts=acts, loss=loss)
            if where(acts, loss) and diagnosis.status != "right":
                fared[judge(diagnosis, (name,))] += 1
                failed += [] if judge(diagnosis, (name,)) == "unique" else [(typed, acts, diagnosis)]
    print("\nfunctions with a slip:", dict(fared), *failed, sep="\n")
    assert fared["unique"] >= 0.95 * sum(fared.values()) > 70 / every and not fared["wrong"] + fared["missed"]
    checked(functions_diagnosed=sum(fared.values()))


def test_what_one_network_cannot_show_the_other_does():
    diagnosis = diagnose_function(as_function(by_column, softmax_cross_entropy, "dA = W.T @ dZ", "dA = W @ dZ"))
    assert diagnosis.status == "named" and names(diagnosis) == [("W_transposed",)]
    said = " ".join(str(diagnosis).split())
    assert "On 4-5-6-3: my_backward raised ValueError at `" in said and "On 5-5-5-5: d" in said
    only_square = "dA = W @ dZ if len(W) == len(W.T) else W.T @ dZ"
    diagnosis = diagnose_function(as_function(by_column, softmax_cross_entropy, "dA = W.T @ dZ", only_square))
    assert names(diagnosis) == [("W_transposed",)] and "On 4-5-6-3: it is right." in str(diagnosis)
    together = f"{only_square}\n            dA = -dA"
    diagnosis = diagnose_function(as_function(by_column, softmax_cross_entropy, "dA = W.T @ dZ", together))
    assert names(diagnosis) == [("W_transposed", "sign")]


def test_explanations_that_do_not_agree_explain_nothing():
    def my_backward(params, acts, x, t):
        factor = 2 if len(params[0][0]) == 5 and len(params[1][0]) == 5 else -1
        return [(factor * dW, factor * db) for dW, db in by_column(params, acts, x, t, softmax_cross_entropy)]

    diagnosis = diagnose_function(my_backward)
    assert diagnosis.status == "unknown" and not diagnosis.causes
    assert "What explains one network does not explain the other." in str(diagnosis)


def test_a_function_that_does_other_things_than_return_gradients():
    honest = as_function(by_column, softmax_cross_entropy)

    def raises(params, acts, x, t):
        raise KeyError("no such layer")

    def changes(params, acts, x, t):
        x *= 2
        grads = honest(params, acts, x / 2, t)
        params.pop()
        return grads

    def single(params, acts, x, t):
        return [(np.float32(-dW), np.float32(-db)) for dW, db in honest(params, acts, x, t)]

    def lists(params, acts, x, t):
        return tuple((dW.tolist(), tuple(db.tolist())) for dW, db in honest(params, acts, x, t))

    def too_few(params, acts, x, t):
        return honest(params, acts, x, t)[1:]

    def not_a_number(params, acts, x, t):
        return [(dW * np.nan, db) for dW, db in honest(params, acts, x, t)]

    def three_arguments(params, x, t):
        return None

    for function, status, said in (
        (raises, "bad_input", """my_backward raised KeyError at `raise KeyError("no such layer")`: 'no such layer'."""),
        (changes, "right", "my_backward changed its params and x"),
        (single, "named", "my_backward returned float32 for parameters of float64"),
        (lists, "right", "On 4-5-6-3 and on 5-5-5-5: it is right."),
        (too_few, "bad_input", "grads must be a list of 3 tuples (dW, db), one per layer, got a list of 2"),
        (not_a_number, "bad_input", "grads[0] dW must hold finite numbers, got nan"),
        (three_arguments, "bad_input", "my_backward raised TypeError: "),
        (lambda *_: None, "bad_input", "grads must be a list of 3 tuples"),
    ):
        diagnosis = diagnose_function(function)
        assert diagnosis.status == status and said in " ".join(str(diagnosis).split()), function
        assert ("<img" in diagnosis._repr_html_()) == (status == "named")


def test_a_function_for_one_size_of_network():
    def my_backward(params, acts, x, t):
        assert [len(b) for _, b in params] == [5, 3], "two layers of 5 and 3"
        return by_neuron(params, acts, x, t, half_mse)

    diagnosis = diagnose_function(my_backward, [4, 5, 3], [sigmoid, sigmoid], half_mse)
    assert diagnosis.status == "right" and "On 3-3-3: my_backward raised AssertionError" in str(diagnosis)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (dict(my_backward=3), "diagnose_function: my_backward must be a function, got 3"),
        (dict(sizes=[4]), "diagnose_function: sizes must list an input and an output at least"),
        (
            dict(sizes=[4, 5, 3], acts=[relu]),
            "diagnose_function: acts must be a list of 2 functions, one per layer, got a list of 1",
        ),
        (dict(acts="relu"), "diagnose_function: acts must be a list of functions, one per layer, got str"),
        (dict(acts=[np.sin]), r"diagnose_function: acts\[0\]: no derivative is known for sin"),
        (dict(loss=np.sum), "diagnose_function: loss: no derivative is known for sum"),
        (
            dict(acts=[softmax], loss=softmax_cross_entropy),
            r"diagnose_function: acts\[-1\] must be identity, got softmax",
        ),
        (dict(rng=0), "diagnose_function: rng must be a numpy.random.Generator, got 0"),
    ],
)
def test_arguments_that_make_no_network(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        diagnose_function(**{"my_backward": as_function(by_column, softmax_cross_entropy)} | arguments)


HALVED = mistake(
    "halved_bias", 9, "db", every,
    "db is halved {place}, for no reason.",
    dict(scaled_b=lambda s: 0.31 * s.scaled_b),
)  # fmt: skip


def test_a_mistake_is_five_lines():
    problem, grads = problem_and_grads()
    wrong = [(dW, 0.31 * db) for dW, db in grads]
    assert diagnose(*problem, wrong).status == "unknown"
    (cause,) = diagnose(*problem, wrong, mistakes=[*MISTAKES, HALVED]).causes
    assert cause[:4] == ("halved_bias", None, "everywhere", "b")
    assert cause.sentence == "db is halved everywhere, for no reason."


@pytest.mark.parametrize("slots, unknown", [(dict(bd=lambda s: s.db), "bd"), (dict(only="W"), "nothing")])
def test_a_misspelt_slot_is_an_error_when_the_entry_is_made(slots, unknown):
    with pytest.raises(ValueError, match=f"mistake halved: there is no slot {unknown}; there are g, at_z, delta"):
        mistake("halved", 9, "db", every, "", slots)


def test_a_misspelt_attribute_is_an_error_and_not_silence():
    problem, grads = problem_and_grads()
    misspelt = mistake("halved", 9, "db", every, "", dict(db=lambda s: s.bd / 2))
    with pytest.raises(AttributeError, match="mistake halved: a layer has no 'bd', only net, .* sum_b, .*db"):
        diagnose(*problem, [(dW, 2 * db) for dW, db in grads], mistakes=[misspelt])
    with pytest.raises(NameError, match="nothing_of_this_name"):
        undefined = mistake("halved", 9, "db", every, "", dict(db=lambda s: nothing_of_this_name))  # noqa: F821
        diagnose(*problem, grads, mistakes=[undefined])


@pytest.mark.parametrize(
    "mistakes, said", [(3, "must be a list"), ([3], r"mistakes\[0\] must be made by nnlib.mistakes.mistake, got int")]
)
def test_a_list_of_mistakes_holds_mistakes(mistakes, said):
    problem, grads = problem_and_grads()
    with pytest.raises((TypeError, ValueError), match=said):
        diagnose(*problem, grads, mistakes=mistakes)


def test_diagnoses_can_be_compared_and_hashed():
    problem, grads = problem_and_grads()
    signs = [(-dW, -db) for dW, db in grads]
    one, other = (diagnose(*problem, signs) for _ in range(2))
    assert one == other and not one != other and len({one, other}) == 1
    right, strange = diagnose(*problem, grads), diagnose(*problem, [(dW + 0.01, db) for dW, db in grads])
    shapes = diagnose(*problem, [(dW.T, db) for dW, db in grads])
    nothing = diagnose(*problem, None)
    assert len({one, right, strange, shapes, nothing}) == 5 and one != right and one != "Wrong"
