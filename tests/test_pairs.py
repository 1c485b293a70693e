"""Every function's rule, and every loss's gradient, against four oracles that know nothing of one another."""

import mpmath
import numpy as np
import pytest
from oracles import TEXTBOOK, central, complex_step, error, gradients, reverse_mode

import nnlib


def partners(suffix):
    """The functions whose partner is there too: {"relu": relu_vjp, ...} for "_vjp"."""
    names = [name.removesuffix(suffix) for name in vars(nnlib) if name.endswith(suffix)]
    return {name: getattr(nnlib, name + suffix) for name in names if hasattr(nnlib, name)}


RULES, LOSSES = partners("_vjp"), partners("_grad")
TINY = np.finfo(float).tiny  # the smallest normal number


def test_the_names_and_the_tables_hold_the_same_pairs(checked):
    assert {f.__name__: rule for f, rule in nnlib.VJP.items()} == {
        name: rule for name, rule in RULES.items() if name != "dense"
    }
    assert {f.__name__: grad for f, grad in nnlib.GRAD.items()} == LOSSES
    assert set(RULES) | set(LOSSES) == set(TEXTBOOK) and len(TEXTBOOK) == 11
    checked(rules=len(RULES), losses=len(LOSSES))


def arguments(name, rng):
    """Random arguments of unequal sizes, and the targets of a loss."""
    N, I, O = 7, 4, 5
    z, rows = rng.normal(size=(N, O)), rng.dirichlet(np.full(O, 5), size=(2, N))
    return {
        "dense": ((rng.normal(size=(N, I)), rng.normal(size=(O, I)), rng.normal(size=O)), None),
        "half_mse": ((z,), rng.normal(size=(N, O))),
        "bce": ((rng.uniform(0.1, 0.9, (N, O)),), rng.uniform(size=(N, O))),
        "sigmoid_bce": ((z,), rng.integers(2, size=(N, O)).astype(float)),
        "cross_entropy": ((rows[0],), rows[1]),
        "softmax_cross_entropy": ((z,), rows[0]),
    }.get(name, ((z,), None))


def functional(f, t, g):
    """sum(g * f) of the arguments alone, the number that every oracle differentiates."""
    return lambda *args: (g * (f(*args) if t is None else f(*args, t))).sum()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("oracle", [central, complex_step, reverse_mode])
@pytest.mark.parametrize("name", TEXTBOOK)
def test_a_rule_agrees_with_the_derivative(name, oracle, dtype, seed):
    rng = np.random.default_rng(seed)
    exact, t = arguments(name, rng)
    args = [arg.astype(dtype) for arg in exact]
    exact = [arg.astype(float) for arg in args]
    f = getattr(nnlib, name)
    if name in LOSSES:
        t = t.astype(dtype)
        out, g = f(*args, t), 1
        got = [LOSSES[name](*args, t)]
    else:
        out = f(*args)
        g = rng.normal(size=out.shape).astype(dtype)
        got = RULES[name](g, out, *args)
        got = got if isinstance(got, tuple) else (got,)
    assert {a.dtype for a in (out, *got)} == {np.dtype(dtype)}
    t = None if t is None else t.astype(float)
    expected = gradients(oracle, functional(TEXTBOOK[name] if oracle is reverse_mode else f, t, np.float64(g)), exact)
    assert error(got, expected) < (1e-5 if dtype == "float32" else 1e-7 if oracle is central else 1e-12)


@pytest.mark.parametrize("name", TEXTBOOK)
def test_a_value_agrees_with_the_textbook(name):
    args, t = arguments(name, np.random.default_rng(0))
    args = args if t is None else (*args, t)
    assert error(getattr(nnlib, name)(*args), TEXTBOOK[name](*args)) < 1e-14


@pytest.mark.parametrize("shape", [(), (5,), (2, 3, 5)])
@pytest.mark.parametrize("f", nnlib.VJP, ids=lambda f: f.__name__)
def test_activations_take_any_number_of_axes(f, shape):
    if f is nnlib.softmax and shape == ():
        return
    rng = np.random.default_rng(0)
    z, g = rng.normal(size=shape), rng.normal(size=shape)
    z = z if shape else float(z)
    expected = complex_step(lambda z: (g * f(z)).sum(), np.array(z))
    assert error(nnlib.VJP[f](g, f(z), z), expected) < 1e-12


@pytest.mark.parametrize("h", [1e-30, -1e-30])
@pytest.mark.parametrize("name", ["identity", "sigmoid", "tanh", "softmax", "sigmoid_bce", "softmax_cross_entropy"])
def test_smooth_functions_are_smooth_at_zero(name, h):
    """All weights 0 is a common start: there the branches of a stable formula must meet, from either side."""
    z, t = np.zeros((2, 3)), np.array([[0.0, 1, 0], [0, 0.25, 0.75]])
    f = getattr(nnlib, name)
    if name in LOSSES:
        got, expected = LOSSES[name](z, t), complex_step(lambda z: f(z, t), z, h)
    else:
        g = np.array([[1.0, -2, 3], [0.5, 2, -1]])
        got, expected = RULES[name](g, f(z), z), complex_step(lambda z: (g * f(z)).sum(), z, h)
    assert error(got, expected) < 1e-12


def test_the_gate_of_relu_is_closed_at_zero():
    z = np.array([-1.0, 0.0, 1.0])
    assert nnlib.relu_vjp(np.ones(3), nnlib.relu(z), z).tolist() == [0, 0, 1]


# Far out, against five hundred digits ---------------------------------------------------------------------------------

GRID = [0.0, 1e-300, 1e-9, 0.5, 1.0, 17.0, 36.0, 37.0, 40.0, 88.0, 104.0, 700.0, 709.0, 710.0, 745.0, 746.0, 1000.0]
POINTS = sorted(
    {sign * z for z in [*GRID, *np.random.default_rng(0).uniform(0, 1000, 50).tolist()] for sign in (-1, 1)}
)
ROWS = [
    [1e3, -1e3, 0],
    [-1e3, -1e3, -1e3],
    [1e3, 1e3, 0],
    [40, 0, 0],
    [0, 0, 40],
    [700, 710, 745],
    [0.1, 0.2, 0.3],
    [0, 0, 0],
    [-40, -40, -80],
]


@pytest.fixture(autouse=True)
def digits():
    with mpmath.workdps(500):  # one must see 1 - sigmoid(1000), which takes 435
        yield


def off(got, expected):
    """The error relative to the truth, or to the smallest normal number where the truth is below it."""
    return float(abs(mpmath.mpf(float(got)) - expected) / max(abs(expected), TINY))


def softplus(z):
    return mpmath.log(1 + mpmath.exp(z))


def test_sigmoid_far_out(checked):
    for got, z in zip(nnlib.sigmoid(np.array(POINTS)), POINTS):
        assert off(got, 1 / (1 + mpmath.exp(-z))) < (1e-12 if z > -708 else 1)
    checked(far_points=len(POINTS))


@pytest.mark.parametrize("t", [0.0, 0.25, 1.0])
def test_sigmoid_bce_far_out(t, checked):
    for z in POINTS:
        got, slope = (f(np.array([[z]]), np.array([[t]])) for f in (nnlib.sigmoid_bce, nnlib.sigmoid_bce_grad))
        assert off(got, t * softplus(-z) + (1 - t) * softplus(z)) < (1e-12 if abs(z) < 708 else 1)
        assert abs(slope.item() - (1 / (1 + mpmath.exp(-z)) - t)) < 1e-15
    checked(far_points=len(POINTS))


@pytest.mark.parametrize("t", [[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0], [0.5, 0.25, 0.25]])
def test_softmax_cross_entropy_far_out(t, checked):
    for row in [*ROWS, *np.random.default_rng(0).uniform(-1e3, 1e3, (20, 3)).tolist()]:
        z = np.array([row], dtype=float)
        total = sum(mpmath.exp(v) for v in row)
        got, slope = (f(z, np.array([t])) for f in (nnlib.softmax_cross_entropy, nnlib.softmax_cross_entropy_grad))
        assert off(got, sum(p * (mpmath.log(total) - v) for p, v in zip(t, row))) < 1e-12
        assert max(abs(s - (mpmath.exp(v) / total - p)) for s, v, p in zip(slope[0], row, t)) < 1e-15
    checked(far_points=len(ROWS) + 20)
