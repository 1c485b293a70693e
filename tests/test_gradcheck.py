"""The checker checked: what it must catch, at every scale and place, and what it must let pass."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from networks import network, networks, repeatable
from oracles import leaves

from nnlib import (
    GRAD,
    VJP,
    check_grads,
    check_vjp,
    dense,
    dense_vjp,
    half_mse,
    identity,
    numerical_grad,
    numerical_jacobian,
    relu,
    relu_vjp,
    sigmoid,
    softmax,
    softmax_cross_entropy,
    tanh,
    value_and_grad,
    vjp_error,
)
from nnlib.gradcheck import CheckEntry, compare, nudge, relative_error, unless_hidden

SMOOTH = network([4, 5, 3], [tanh, identity], half_mse)
RELU = network([4, 5, 3], [relu, identity], softmax_cross_entropy)
SCALES = [1, 1e-2, 1e-4, 1e-6]


def rng(seed=0):
    return np.random.default_rng(seed)


# Numerical derivatives ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [1e-8, 1.0, -3.0, 1e8])
def test_the_step_grows_with_the_entry(at):
    got = numerical_grad(lambda x: (x**2).sum(), np.array([at]))
    assert relative_error(got, np.array([2 * at])) < 1e-9 or abs(got - 2 * at) < 1e-10


def test_numerical_grad_evaluates_twice_per_entry():
    calls = []
    numerical_grad(lambda x: calls.append(x) or x.sum(), np.ones((3, 4)))
    assert len(calls) == 24


@pytest.mark.parametrize(("shape", "out"), [((), ()), ((), (2,)), ((3,), ()), ((2, 3), (3, 2)), ((2, 3, 4), (4,))])
def test_a_jacobian_has_the_shape_of_output_and_input(shape, out):
    M = rng().normal(size=(*out, int(np.prod(shape))))
    x = rng(1).normal(size=shape)
    J = numerical_jacobian(lambda x: M @ x.ravel(), x)
    assert J.shape == out + shape and abs(J.reshape(M.shape) - M).max() < 1e-9


def test_the_jacobian_of_softmax():
    p = softmax(np.array([0.1, 0.5, -1.0]))
    assert abs(numerical_jacobian(softmax, np.array([0.1, 0.5, -1.0])) - (np.diag(p) - np.outer(p, p))).max() < 1e-10


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numerical_derivatives_are_taken_in_float64(dtype):
    x = rng().normal(size=3).astype(dtype)
    assert numerical_grad(lambda x: (x**3).sum(), x).dtype == float
    assert abs(numerical_grad(lambda x: (x**3).sum(), x) - 3 * x.astype(float) ** 2).max() < 1e-8


# The comparison -------------------------------------------------------------------------------------------------------


def test_relative_error_is_symmetrical_and_knows_no_scale():
    a, b = rng().normal(size=(2, 3, 4))
    assert relative_error(a, b) == relative_error(b, a) == relative_error(2.0**-40 * a, 2.0**-40 * b) > 0.1
    assert relative_error(np.array([1.0, 4.0]), np.array([1.0, 5.0])) == 0.2
    assert relative_error(0.0, 1.0) == 1 and relative_error(np.zeros(3), np.zeros(3)) == 0


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("f", [*VJP, dense], ids=lambda f: f.__name__)
def test_a_right_rule_passes(f, dtype):
    args = [rng(k).normal(size=shape).astype(dtype) for k, shape in enumerate([(7, 4), (5, 4), (5,)])]
    args, rule = (args, dense_vjp) if f is dense else (args[:1], VJP[f])
    result = check_vjp(f, rule, *args, rng=rng())
    assert result and result.ok and [entry.shape for entry in result.entries] == [arg.shape for arg in args]
    assert vjp_error(f, rule, *args, rng=rng()) < (1e-7 if dtype == "float64" else 1e-5)


@settings(repeatable, max_examples=15)
@given(networks())
def test_a_right_gradient_passes(net):
    assert check_grads(*net)


WRONG_RULES = {
    "sign": (tanh, lambda g, a, z: -g * (1 - a**2)),
    "factor": (tanh, lambda g, a, z: 2 * g * (1 - a**2)),
    "no derivative": (tanh, lambda g, a, z: g),
    "derivative at a": (sigmoid, lambda g, a, z: g * sigmoid(a) * (1 - sigmoid(a))),
    "a form at z": (sigmoid, lambda g, a, z: g * z * (1 - z)),
    "g forgotten": (sigmoid, lambda g, a, z: a * (1 - a)),
    "gate of the wrong side": (relu, lambda g, a, z: g * (z < 0)),
    "gate always open": (relu, lambda g, a, z: g * (a >= 0)),
    "diagonal alone": (softmax, lambda g, a, z: g * a * (1 - a)),
    "zero": (softmax, lambda g, a, z: 0 * g),
}


@pytest.mark.parametrize(("f", "rule"), WRONG_RULES.values(), ids=WRONG_RULES)
def test_a_wrong_rule_fails(f, rule):
    z = rng().normal(size=(7, 4))
    (entry,) = check_vjp(f, rule, z, rng=rng(1)).entries
    assert not entry.ok and entry.worst > 0.01
    assert vjp_error(f, rule, z, rng=rng(1)) == pytest.approx(entry.worst)


WRONG_DENSE = {
    "W transposed": ("x", lambda g, z, x, W, b: (g @ W.T, g.T @ x, g.sum(axis=0))),
    "dW transposed": ("W", lambda g, z, x, W, b: (g @ W, x.T @ g, g.sum(axis=0))),
    "mean over the batch": ("b", lambda g, z, x, W, b: (g @ W, g.T @ x, g.mean(axis=0))),
    "sum over the wrong axis": ("b", lambda g, z, x, W, b: (g @ W, g.T @ x, g.sum(axis=1))),
}


@pytest.mark.parametrize(("argument", "rule"), WRONG_DENSE.values(), ids=WRONG_DENSE)
def test_the_wrong_argument_is_named(argument, rule):
    """All sizes equal, so that every product fits."""
    args = [rng(k).normal(size=shape) for k, shape in enumerate([(4, 4), (4, 4), (4,)])]
    result = check_vjp(dense, rule, *args, rng=rng(3))
    assert [entry.name for entry in result.entries if not entry.ok] == [argument]
    assert str(result).startswith(f"wrong: {argument}\n")


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("off", [1e-5, -1e-5, 0.32, 1.0])
def test_a_small_error_is_caught_at_every_scale(scale, off):
    def rule(g, out, *args):
        return tuple((1 + off) * scale * d for d in dense_vjp(g, out, *args))

    args = [rng(k).normal(size=shape) for k, shape in enumerate([(7, 4), (5, 4), (5,)])]
    result = check_vjp(lambda x, W, b: scale * dense(x, W, b), rule, *args, rng=rng())
    assert [entry.ok for entry in result.entries] == [False] * 3


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("net", [SMOOTH, RELU], ids=["smooth", "relu"])
def test_a_small_error_is_caught_at_every_scale_of_the_loss(net, scale, monkeypatch):
    params, acts, x, t, loss = net

    def scaled(y, t):
        return scale * loss(y, t)

    monkeypatch.setitem(GRAD, scaled, lambda y, t: scale * GRAD[loss](y, t))
    _, grads = value_and_grad(params, acts, x, t, scaled)
    assert check_grads(params, acts, x, t, scaled, grads)
    wrong = [((1 + 1e-5) * dW, (1 - 1e-5) * db) for dW, db in grads]
    assert not any(entry.ok for entry in check_grads(params, acts, x, t, scaled, wrong).entries)


def test_one_wrong_entry_in_a_thousand_is_found_on_every_seed(checked):
    for seed in range(50):
        z, at = rng(seed).normal(size=1000), rng(seed).integers(1000)
        wrong = np.where(np.arange(1000) == at, 2 * (seed % 2), 1)  # left out, or doubled
        (entry,) = check_vjp(np.square, lambda g, out, z: 2 * g * z * wrong, z, rng=rng(seed + 1)).entries
        assert not entry.ok and entry.at == (at,), seed
    checked(seeds=50)


def test_one_wrong_entry_in_a_thousand_of_a_network():
    net = network([19, 40, 5], [tanh, identity], half_mse)
    for seed in range(2):
        _, grads = value_and_grad(*net)
        at = tuple(map(int, rng(seed).integers((40, 19))))
        grads[0][0][at] *= 2
        result = check_grads(*net, grads)
        assert sum(array.size for array in leaves(grads)) > 1000
        assert [(entry.name, entry.at) for entry in result.entries if not entry.ok] == [("layer 1 W", at)]


def test_the_report_says_where_and_shows_both_values():
    _, grads = value_and_grad(*SMOOTH)
    right = grads[1][1][2]
    grads[1][1][2] = 5
    result = check_grads(*SMOOTH, grads)
    line = re.search(r"layer 2 b \(3,\): relative error (.*), WRONG at \[2\]: got 5, expected (.*)$", str(result))
    assert str(result).startswith("wrong: layer 2 b\n")
    assert line.group(1) == f"{(5 - right) / 5:.1e}" and float(line.group(2)) == pytest.approx(right, rel=1e-8)
    assert "layer 1 W (5, 4): relative error" in str(result) and str(result).count("right") == 3
    assert str(check_grads(*SMOOTH)).startswith("right: every gradient agrees")


@pytest.mark.parametrize(
    ("spoil", "verdict"),
    [
        (lambda a: a.T, r"has shape \(4, 5\), expected \(5, 4\)"),
        (lambda a: a / 0, "is not finite at"),
        (lambda a: a[0], "has shape"),
    ],
)
def test_a_gradient_that_cannot_be_compared_is_wrong(spoil, verdict):
    with np.errstate(all="ignore"):
        _, ((dW, db), top) = value_and_grad(*SMOOTH)
        assert re.search(verdict, str(check_grads(*SMOOTH, [(spoil(dW), db), top])))
        args = [rng(k).normal(size=shape) for k, shape in enumerate([(7, 4), (5, 4), (5,)])]
        result = check_vjp(dense, lambda g, z, x, W, b: (g @ W, spoil(g.T @ x), g.sum(axis=0)), *args, rng=rng())
    assert [entry.ok for entry in result.entries] == [True, False, True] and re.search(verdict, str(result))


def test_float32_is_judged_by_its_own_digits():
    params, acts, x, t, loss = SMOOTH
    narrow = [(W.astype("f"), b.astype("f")) for W, b in params], acts, x.astype("f"), t.astype("f"), loss
    _, grads = value_and_grad(*narrow)
    assert check_grads(*narrow) and {entry.tolerance for entry in check_grads(*narrow).entries} == {1e-4}
    assert not check_grads(*narrow, [(np.float32(1.001) * dW, db) for dW, db in grads])


# Kinks ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_kinks_are_counted_and_never_a_failure(seed):
    z = rng(seed).normal(size=(7, 4))
    z.flat[:6] = [0, -0.0, 1e-6, -1e-6, 5e-6, -5e-6]
    (entry,) = check_vjp(relu, relu_vjp, z, rng=rng(seed)).entries
    assert entry.ok and entry.n_kinks == 6
    assert "6 not checkable, first [0, 0]: slopes" in str(entry)


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("part", [*np.linspace(0, 0.95, 20), 1 / 3, 3 / 7])
def test_a_kink_is_noticed_wherever_it_lies_within_the_step(part, side):
    """Halving the step alone does not do: a kink at a third of it looks smooth."""
    z = np.array([[side * part * 1e-5, 1.5, -2.0]])
    (entry,) = check_vjp(relu, relu_vjp, z, rng=rng()).entries
    assert entry.ok and entry.n_kinks == 1


def test_a_steep_smooth_curve_is_not_mistaken_for_a_kink():
    def wave(z):
        return np.sin(30 * z)

    (entry,) = check_vjp(wave, lambda g, a, z: 30 * g * np.cos(30 * z), rng().normal(size=(7, 4)), rng=rng()).entries
    assert entry.ok and entry.n_kinks == 0


def test_the_slopes_to_both_sides_of_a_kink_are_told():
    def total(z):
        return relu(z).sum()

    result = check_vjp(total, lambda g, out, z: g * (z > 0), np.array([0.0, 1.0]), rng=rng(3))
    left, right = re.search("slopes (.*) and (.*) to its sides", str(result)).groups()
    assert result and float(left) == 0 and float(right) == pytest.approx(rng(3).standard_normal(), rel=1e-5)
    result = check_vjp(total, lambda g, out, z: g * (z > 0), np.array([-1.5e-5, 1.0]), rng=rng(3))
    _, right = re.search("slopes (.*) and (.*) to its sides", str(result)).groups()  # over the largest step, 2e-5
    assert result and float(right) == pytest.approx(rng(3).standard_normal() / 4, rel=1e-5)


def test_an_error_beside_a_kink_is_found():
    z = np.array([0.0, 1.0, 2.0, 3.0])
    result = check_vjp(relu, lambda g, a, z: g * (z > 0) * [1, 1, 1, 1.001], z, rng=rng())
    assert not result and result.entries[0].at == (3,) and result.entries[0].n_kinks == 1


def test_kinks_that_partly_cancel_are_no_failure():
    def bent(z):
        return relu(z) - 2 * relu(-z)

    def bent_vjp(g, out, z):
        return relu_vjp(g, out, z) + 2 * relu_vjp(g, out, -z)

    assert check_vjp(bent, bent_vjp, np.array([0.0, 1.0, -1.0]), rng=rng())


def test_the_bottom_of_a_curve_is_not_mistaken_for_a_kink():
    """There the two slopes differ by more than the gradient, which is 0: a wrong rule must not hide behind that."""
    assert check_vjp(np.square, lambda g, out, z: 2 * g * z, np.zeros(3), rng=rng())
    assert not check_vjp(np.square, lambda g, out, z: g, np.zeros(3), rng=rng())


def test_units_that_cross_zero_are_counted_in_a_network():
    params, acts, x, t, loss = RELU
    params = [(np.zeros_like(W), np.zeros_like(b)) for W, b in params]
    result = check_grads(params, acts, x, t, loss)
    assert result and [entry.n_kinks for entry in result.entries] == [20, 5, 0, 0]
    assert "20 not checkable: a unit crosses 0 within the step" in str(result)


def test_an_activation_of_the_readers_own_may_bend(monkeypatch):
    def leaky(z):
        return np.where(z > 0, z, 0.1 * z)

    monkeypatch.setitem(VJP, leaky, lambda g, a, z: g * np.where(z > 0, 1, 0.1))
    params, _, x, t, loss = RELU
    x = x.copy()
    x[0] = np.linalg.lstsq(params[0][0], -params[0][1], rcond=None)[0]
    params = [(params[0][0], -params[0][0] @ x[0]), params[1]]
    result = check_grads(params, [leaky, identity], x, t, loss)
    assert result and result.entries[1].n_kinks == 5


# In the small ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("derivative", [numerical_grad, numerical_jacobian])
def test_numerical_derivatives_are_of_real_numbers(derivative):
    with pytest.raises(TypeError, match="x must be real, got complex128"):
        derivative(lambda x: x.real.sum(), np.ones(3) * 1j)


def test_the_shape_that_f_has_to_return_is_said():
    x = np.arange(4.0)
    with pytest.raises(ValueError, match=r"f must return shape \(\d,\) again, got shape"):
        numerical_jacobian(lambda x: x[x > 2], np.array([0.0, 2.0, 3.0]))
    with pytest.raises(ValueError, match=r"f must return one number \(for arrays there is numerical_jacobian\)"):
        numerical_grad(np.tanh, x)
    with pytest.raises(ValueError, match=r"expected y \(...\) and the dy of f_vjp \(...\), got \(4,\) and \(1, 4\)"):
        vjp_error(lambda x, y: x * y, lambda g, out, x, y: (g * y, (g * x)[None]), x, x, rng=rng())


def test_what_a_function_writes_into_is_named():
    x, y = rng().normal(size=(2, 3))

    def in_part(g, out, x, y):
        g[0] *= y[0]
        return np.concatenate([g[:1], (g * y)[1:]]), 0 * y + np.concatenate([g[:1] / y[:1], g[1:]]) * x

    result = check_vjp(lambda x, y: x * y, in_part, x, y, rng=rng())
    assert result and [words.split(":")[0] for words in result.remarks] == ["f_vjp writes into its g"]
    assert check_vjp(lambda x, y: x * y, lambda g, out, x, y: (g * y, g * x), 2.0, 3.0, rng=rng()).remarks == ()

    def doubled(x, y):
        y *= 2
        return x * y

    result = check_vjp(doubled, lambda g, out, x, y: (2 * g * y, 2 * g * x), x, y, rng=rng())
    assert result and [words.split(":")[0] for words in result.remarks] == ["f writes into its y"]


def test_a_rule_may_return_a_list_of_one_gradient_per_argument():
    x, y = rng().normal(size=(2, 3))
    assert check_vjp(lambda x, y: x * y, lambda g, out, x, y: [g * y, g * x], x, y, rng=rng())
    with pytest.raises(TypeError, match="the dz of f_vjp must be a NumPy array, got list"):
        check_vjp(tanh, lambda g, a, z: [0.1, 0.2, 0.3], x, rng=rng())


def test_arguments_without_a_name_have_a_number():
    result = check_vjp(lambda *args: args[0] * args[1], lambda g, out, x, y: (g * y, g * x), 2.0, 3.0, rng=rng())
    assert [entry.name for entry in result.entries] == ["argument 1", "argument 2"]


@pytest.mark.parametrize(("at", "step"), [(0.5, 1e-5), (1.0, 1e-5), (-4.0, 4e-5)])
def test_the_step_is_relative_above_one(at, step):
    up, down = nudge(np.array([at, 7.0]), (0,), 1e-5)
    assert abs((up - down)[0] / (2 * step) - 1) < 1e-9 and (up - down)[1] == 0


def test_an_entry_at_its_tolerance_is_right_and_says_no_values():
    entry = CheckEntry("x", (2,), 1e-7, (0,), 1.5, 2.5, 0, 1e-7)
    assert entry.ok and "got" not in str(entry)
    wrong = entry._replace(worst=2e-7)
    assert not wrong.ok and "got 1.5, expected 2.5" in str(wrong)


def test_entries_are_compared_relative_to_the_largest_that_is_judged():
    kinks = np.array([True, False])
    entry = compare("x", np.array([5.0, 1.001e-6]), np.array([1.0, 1e-6]), kinks, 0)
    assert abs(entry.worst / (0.001 / 1.001) - 1) < 1e-9 and entry.n_kinks == 1 and entry.at == (1,)
    assert compare("x", np.ones(3), np.ones(2), kinks, 1).n_kinks == 0


def test_what_noise_hides_is_judged_by_the_larger_of_both_gradients():
    right = CheckEntry("x", (2,), 0.0, (0,), 0.0, 0.0, 0, 1e-7)
    small, large = np.array([0.0, 0.5]), np.array([0.0, 2.0])
    for got, expected in ((small, large), (large, small)):
        assert unless_hidden(right, got, expected, 2e-3, "why").judged  # three digits are left
        assert not unless_hidden(right, got, expected, 2.1e-3, "why").judged
    assert not unless_hidden(right, small * 2, small, 1, "why").judged
    assert unless_hidden(right, 0 * small, 0 * small, 1, "why").judged  # nothing, and nothing was found
    wrong = right._replace(worst=1.0)
    assert unless_hidden(wrong, small, large, 1, "why") == wrong


def test_a_slope_that_is_steep_for_its_function_is_judged_in_float32_too():
    result = check_vjp(lambda x: (200 * x).astype("f"), lambda g, out, x: 200 * g, np.array([0.05]), rng=rng())
    assert result and result.entries[0].judged


def test_what_is_not_judged_is_not_explained(monkeypatch):
    """A wrong gradient is explained by the numerical one; where that has kinks, or is noise, by nothing but itself."""
    seen, names = [], check_vjp.__bare__.__globals__
    monkeypatch.setitem(names, "findings", lambda f, args, g, mine, wanted, names: seen.append((mine, wanted)) or [])

    def f(x, y, z):
        return 1e8 * (x + relu(y)) + 1e-4 * z

    def wrong(g, out, x, y, z):
        return 3e8 * g, 1e8 * g * (y >= 0), 2e-4 * g

    result = check_vjp(f, wrong, *np.array([[0.3, 0.7], [0.0, 1.0], [0.5, 0.4]]), rng=rng())
    ((mine, wanted),) = seen
    assert [entry.judged for entry in result.entries] == [True, True, False] and result.entries[1].n_kinks == 1
    assert abs(wanted[0] / mine[0] - 1 / 3).max() < 1e-6 and wanted[1] is mine[1] and wanted[2] is mine[2]
