"""Arguments are looked at where a caller enters nnlib and not again inside; and nothing slips through for that."""

import threading
import traceback
from dataclasses import dataclass

import numpy as np
import pytest
from networks import network

import nnlib
from nnlib import (
    GRAD,
    VJP,
    arguments,
    backward,
    check_vjp,
    contracts,
    dense,
    dense_vjp,
    forward,
    identity,
    relu,
    relu_vjp,
    sigmoid,
    softmax_cross_entropy,
    tanh,
    train,
    value_and_grad,
    vjp_error,
)

NET = network([4, 5, 3], [relu, identity], softmax_cross_entropy)


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture
def looks(monkeypatch):
    """How often arrays are looked at."""
    seen = []
    for module, name in ((contracts, "ordinary"), (arguments, "ordinary"), (arguments, "is_ordinary")):
        look = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *args, look=look: seen.append(1) or look(*args))
    return seen


@pytest.mark.parametrize(
    "call",
    [
        lambda: value_and_grad(*NET),
        lambda: forward(*NET[:3]),
        lambda: nnlib.sigmoid_bce_grad(np.ones((2, 3)), np.ones((2, 3))),
    ],
)
def test_a_nested_call_is_not_checked_again(call, looks):
    call()
    assert len(looks) == 1


def test_a_nested_call_that_is_checked_again_is_counted(monkeypatch, looks):
    """The mechanism planted wrong: a namespace in which `dense` is the checked one."""
    monkeypatch.setitem(contracts.BARE["nnlib.network"], "dense", dense)
    value_and_grad(*NET)
    assert len(looks) == 3  # once at the entry, and once a layer


def test_a_training_is_checked_once(looks):
    list(train(*NET, epochs=2, batch_size=3, learning_rate=0.1, rng=rng()))
    assert len(looks) == 1


def test_every_function_has_a_bare_twin_among_bare_twins():
    """In the namespace of a twin no name means a checked function."""
    for module, names in contracts.BARE.items():
        checked = [name for name, value in names.items() if hasattr(value, "__bare__")]
        assert checked == [], module


# A reader's own functions -------------------------------------------------------------------------------------------

WRONG_ACTIVATIONS = {
    "another shape": (lambda z: z[:, :1], "must have the shape of its argument"),
    "nothing": (lambda z: None, "must be a NumPy array, got NoneType"),
    "a list": (lambda z: z.tolist(), "must be a NumPy array, got list"),
    "another width": (lambda z: z.astype("f"), "must have the width of its argument, expected float64, got float32"),
    "whole numbers": (lambda z: (z > 0).astype(int), "must hold float64 or float32, got int64"),
    "not a number": (lambda z: np.log(-abs(z)), "must be finite, got nan"),
}


@pytest.mark.parametrize(("act", "said"), WRONG_ACTIVATIONS.values(), ids=WRONG_ACTIVATIONS)
@pytest.mark.parametrize("place", [0, 1])
def test_a_readers_activation_is_held_to_its_result(act, said, place, monkeypatch):
    acts = [relu, identity]
    acts[place] = act
    monkeypatch.setitem(VJP, act, lambda g, a, z: g)
    for name, call in {
        "forward": lambda: forward(NET[0], acts, NET[2]),
        "value_and_grad": lambda: value_and_grad(NET[0], acts, *NET[2:]),
    }.items():
        with pytest.raises(
            (ValueError, TypeError, FloatingPointError), match=rf"^{name}: what acts\[{place}\].* {said}"
        ):
            call()


def test_a_mechanism_that_holds_nothing_is_found(monkeypatch):
    monkeypatch.setattr(arguments, "held", lambda function, label, number=False: function)
    wrong = [relu, lambda z: z[:, :1]]
    assert forward(NET[0], wrong, NET[2])[0].shape == (7, 1)  # what nobody would be told


@pytest.mark.parametrize("rule", [lambda g, a, z: g[:1], lambda g, a, z: None, lambda g, a, z: g * np.nan])
def test_a_readers_rule_is_held_to_its_result(rule, monkeypatch):
    monkeypatch.setitem(VJP, relu, rule)
    with pytest.raises((ValueError, TypeError, FloatingPointError), match="^what <lambda> returns"):
        value_and_grad(*NET)


def test_a_readers_loss_is_held_to_its_result(monkeypatch):
    def loss(y, t):
        return y.sum(axis=0)

    monkeypatch.setitem(GRAD, loss, lambda y, t: y - t)
    with pytest.raises(ValueError, match=r"^value_and_grad: what loss returns: expected it \(\), got \(3,\)"):
        value_and_grad(*NET[:4], loss)


def test_a_readers_activation_may_write_into_its_argument(monkeypatch):
    def cut(z):
        z[z < 0] = 0
        return z

    monkeypatch.setitem(VJP, cut, relu_vjp)
    L, grads = value_and_grad(NET[0], [cut, identity], *NET[2:])
    expected = value_and_grad(*NET)
    assert L == expected[0] and all(np.array_equal(a, b) for p, q in zip(grads, expected[1]) for a, b in zip(p, q))
    _, trace = forward(NET[0], [cut, identity], NET[2])
    assert (trace[0][1] < 0).any()


def test_predictions_that_a_loss_does_not_take_are_named():
    net = (
        network([4, 5, 3], [tanh, relu], nnlib.bce) if False else (NET[0], [tanh, relu], NET[2] * 9, NET[3], nnlib.bce)
    )
    with pytest.raises(ValueError, match="^bce: p must lie between 0 and 1, got values from"):
        value_and_grad(*net)


@dataclass
class Slope:
    """An activation that cannot be hashed."""

    at: float = 0.1

    def __call__(self, z):
        return np.where(z > 0, z, self.at * z)


def test_a_callable_that_cannot_be_hashed():
    assert forward(NET[0], [Slope(), identity], NET[2])[0].shape == (7, 3)
    with pytest.raises(TypeError, match=r"^value_and_grad: acts\[0\] must be a function that a table knows.*hashed"):
        value_and_grad(NET[0], [Slope(), identity], *NET[2:])


def test_an_overflow_that_an_activation_would_swallow_is_named():
    """relu(-inf) is 0 and tanh(inf) is 1: nothing later would show it."""
    W, b = np.full((5, 4), -1e200), np.zeros(5)
    for act in (relu, tanh, sigmoid):
        for call in (forward, lambda *net: value_and_grad(*net, *NET[3:])):
            with pytest.raises(FloatingPointError, match="^dense: the result is not finite: it overflowed"):
                call([(W, b), NET[0][1]], [act, identity], np.full((7, 4), 1e200))


# Aliases ------------------------------------------------------------------------------------------------------------


def test_what_is_handed_out_can_be_written_into():
    params, acts, x, t, loss = NET
    y, trace = forward(params, acts, x)
    expected = backward(GRAD[loss](y, t), params, acts, trace)[1]
    y -= t
    got = backward(y / 7 * 0 + GRAD[loss](trace[-1][2], t), params, acts, trace)[1]
    assert all(np.array_equal(a, b) for p, q in zip(got, expected) for a, b in zip(p, q))


def test_train_keeps_its_parameters_to_itself():
    how = dict(epochs=2, batch_size=3, learning_rate=0.1)
    kept = [step.loss for step in train(*NET, **how, rng=rng())]
    spoiled = []
    for step in train(*NET, **how, rng=rng()):
        spoiled.append(step.loss)
        for W, b in step.params:
            W[:], b[:] = np.nan, np.nan
        step.params.clear()
    assert spoiled == kept


def test_data_spoiled_in_the_middle_is_no_divergence():
    x = NET[2].copy()
    with pytest.raises(FloatingPointError, match="^train: x must stay finite, but was changed before epoch 1, step 2"):
        for _ in train(*NET[:2], x, *NET[3:], epochs=1, batch_size=3, learning_rate=0.1, rng=rng()):
            x[:] = np.nan


# The judge ----------------------------------------------------------------------------------------------------------

IN_PLACE = {  # a rule that writes into what it is given: g is spoiled, yet what it returns is what counts
    "zeroes g": (identity, lambda g, a, z: np.multiply(g, 0, out=g), False),
    "turns g": (tanh, lambda g, a, z: np.multiply(np.negative(g, out=g), 1 - a**2, out=g), False),
    "right, in place": (tanh, lambda g, a, z: np.multiply(g, 1 - a**2, out=g), True),
    "spoils z": (tanh, lambda g, a, z: g * (1 - a**2) + np.multiply(z, 0, out=z), True),
}


@pytest.mark.parametrize(("f", "rule", "right"), IN_PLACE.values(), ids=IN_PLACE)
def test_a_rule_that_works_in_place_is_judged_by_what_it_returns(f, rule, right):
    z = rng().normal(size=(7, 4))
    result = check_vjp(f, rule, z, rng=rng(1))
    assert bool(result) == right and "f_vjp writes into its" in str(result)
    assert (vjp_error(f, rule, z, rng=rng(1)) < 1e-7) == right


def test_a_dense_rule_that_turns_g_in_place():
    def rule(g, z, x, W, b):
        return dense_vjp(np.negative(g, out=g), z, x, W, b)

    args = [rng(k).normal(size=shape) for k, shape in enumerate([(7, 4), (5, 4), (5,)])]
    assert not check_vjp(dense, rule, *args, rng=rng())
    assert vjp_error(dense, rule, *args, rng=rng()) == pytest.approx(2)


def test_a_function_that_works_in_place_is_differentiated():
    def shifted(z):
        z -= z.max()
        return z

    def doubled(x):
        x *= 2
        return x.sum()

    buffer = np.empty(3)

    def reused(x):
        return np.multiply(x, x, out=buffer)

    x = np.array([1.0, 2.0, 4.0])
    assert abs(nnlib.numerical_grad(doubled, x) - 2).max() < 1e-9
    assert abs(nnlib.numerical_jacobian(reused, x) - np.diag(2 * x)).max() < 1e-8
    assert abs(nnlib.numerical_jacobian(shifted, x) - (np.eye(3) - [0, 0, 1])).max() < 1e-9
    assert x.tolist() == [1, 2, 4]


@pytest.mark.parametrize("h", [1e-17, np.float64(1e-20), np.nextafter(0, 1)])
def test_a_step_too_small_for_the_numbers_is_refused(h):
    for numerical in (nnlib.numerical_grad, nnlib.numerical_jacobian):
        with pytest.raises(ValueError, match=r"h must be large enough to change x, got .*1e-5 is a good step"):
            numerical(np.sum, np.ones(3), h)


def test_what_rounding_hides_is_neither_right_nor_wrong():
    x, y = rng().normal(size=(2, 5))
    doubled = check_vjp(lambda x, y: x * 1e-8 + y * 1e8, lambda g, out, x, y: (2e-8 * g, 1e8 * g), x, y, rng=rng())
    assert not doubled and str(doubled).startswith("not checkable: x") and "not checkable at this size" in str(doubled)
    assert [entry.ok for entry in doubled.entries] == [False, True]


def test_a_function_that_narrows_is_not_called_wrong():
    z = rng().normal(size=5)
    result = check_vjp(lambda z: np.tanh(z.astype("f")), lambda g, a, z: g * (1 - a**2), z, rng=rng())
    assert not result and "WRONG" not in str(result) and "f computes in float32" in str(result)


# Many at once, and what is seen of it -------------------------------------------------------------------------------


def test_eight_threads_get_what_one_gets():
    nets = [network([4, 5, 3], [relu, identity], softmax_cross_entropy, seed=seed) for seed in range(8)]
    bad = [(net[0], [relu, identity], net[2] * np.nan, *net[3:]) for net in nets]
    expected = [value_and_grad(*net) for net in nets]
    found = [[] for _ in nets]

    def work(k):
        for _ in range(50):
            L, grads = value_and_grad(*nets[k])
            found[k].append(L == expected[k][0] and all(map(np.array_equal, grads[0], expected[k][1][0])))
            try:
                value_and_grad(*bad[k])
            except FloatingPointError as error:
                found[k].append(str(error) == "value_and_grad: x must be finite, got nan at [0, 0]")

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(each) for each in found] == [100] * 8 and all(map(all, found))


@pytest.mark.parametrize(
    "call",
    [
        lambda: relu([1, 2]),
        lambda: forward(NET[0], NET[1], NET[2][:, :3]),
        lambda: value_and_grad(*NET[:4], np.sum),
        lambda: nnlib.one_hot(np.array([5]), 3),
        lambda: forward([(np.full((5, 4), 1e200), np.zeros(5)), NET[0][1]], NET[1], np.full((7, 4), 1e200)),
    ],
)
def test_a_traceback_ends_at_the_callers_line(call):
    with pytest.raises((ValueError, TypeError, FloatingPointError)) as caught:
        call()
    inside = [
        frame
        for frame, _ in traceback.walk_tb(caught.value.__traceback__)
        if frame.f_globals["__name__"].startswith("nnlib")
    ]
    assert len(inside) == 1 and inside[0].f_locals["__tracebackhide__"]  # which IPython does not show


def test_an_error_of_the_readers_keeps_its_traceback():
    def act(z):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine") as caught:
        forward(NET[0], [act, identity], NET[2])
    assert [frame.f_code.co_name for frame, _ in traceback.walk_tb(caught.value.__traceback__)][-1] == "act"


def test_a_function_outside_nnlib_can_make_a_contract():
    @contracts.contract("N K -> N")
    def total(x):
        return relu(x).sum(axis=1)

    assert total(np.ones((2, 3))).tolist() == [3, 3]
    with pytest.raises(ValueError, match=r"^total: expected x \(N, K\), got \(2,\)"):
        total(np.ones(2))
