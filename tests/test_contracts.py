"""Bad input gets an error that names function, argument, got and expected; good input is neither changed nor widened.

The first half spoils every array of every public function in every way, so that a new function is held to the same.
The second half has the rows that are about something else.
"""

import copy
import re
import warnings
from itertools import product

import numpy as np
import pytest
from bad_input import KINDS, ROWS, SHAPES, X, Z
from calls import ARRAYS, FUNCTIONS, array_paths, call, honest, label, replace, replace_all
from oracles import error, leaves

import nnlib
from nnlib import (
    bce,
    cross_entropy,
    half_mse,
    one_hot,
    relu,
    sgd_step,
    sigmoid,
    sigmoid_bce,
    softmax,
    softmax_cross_entropy,
)

ACTIVATIONS = {f.__name__ for f in nnlib.VJP}
RULES = {f.__name__ for f in nnlib.VJP.values()}
LOSSES = {f.__name__ for pair in nnlib.GRAD.items() for f in pair}
WELCOMES_COMPLEX = (
    ACTIVATIONS | RULES | LOSSES | {"dense", "dense_vjp", "forward", "backward", "value_and_grad", "relative_error"}
)
VERDICTS = {("check_grads", "grads"), ("diagnose", "grads")}  # a wrong gradient on trial is no error there

every_function = pytest.mark.parametrize("name", FUNCTIONS)
every_function_of_arrays = pytest.mark.parametrize("name", dict.fromkeys(name for name, _ in ARRAYS))


def complaint(name, arguments):
    """The message of the error that a call ends in."""
    with pytest.raises((ValueError, TypeError, FloatingPointError, nnlib.SuspiciousInput)) as caught:
        call(name, arguments)
    return str(caught.value)


def right(result):
    """Whether a check or a diagnosis finds the gradients right."""
    return getattr(result, "status", "right") == "right" and bool(result)


# Every array of every function ----------------------------------------------------------------------------------------

WELCOME_SHAPES = {  # where another shape is as good
    **dict.fromkeys(
        [(name, "z") for name in ACTIVATIONS - {"softmax"}], {"one axis more", "one row fewer", "one row", "a number"}
    ),
    **dict.fromkeys(
        [("numerical_grad", "x"), ("numerical_jacobian", "x")],
        {"one axis more", "one row fewer", "one row", "a number"},
    ),
    ("softmax", "z"): {"one axis more", "one row fewer", "one row"},
    **dict.fromkeys([("dense", "x"), ("forward", "x"), ("one_hot", "labels")], {"one row fewer", "one row"}),
    **dict.fromkeys([("vjp_error", "args"), ("check_vjp", "args")], {"one row fewer", "one row"}),
    ("check_chain", "x"): {"one axis more", "one row fewer", "one row", "a number"},
    ("grads_of_step", "params"): set(SHAPES) - {"empty"},  # any layout will do
    **dict.fromkeys([("grads_of_step", "x"), ("grads_of_step", "t")], set(SHAPES) - {"empty", "a number"}),
}
OTHER_ARGS = {("args", 1), ("args", 2)}  # W and b, which must fit x


@every_function_of_arrays
def test_another_shape(name, checked):
    for path, shape in product(array_paths(honest(name)), SHAPES):
        arguments = replace(honest(name), path, SHAPES[shape])
        if (name, path[0]) in VERDICTS:
            verdict = call(name, arguments)
            assert not right(verdict) or shape == "one axis more" and "with db as" in str(verdict)
        elif shape in WELCOME_SHAPES.get((name, path[0]), ()) and path not in OTHER_ARGS:
            call(name, arguments)
        else:
            blamed = (
                f"({name}|dense)" if path[0] == "args" else name
            )  # dense is what the honest call of check_vjp checks
            wrong = rf"expected .*\b{re.escape(label(path))} \(.*got .*\("
            assert re.match(
                rf"{blamed}: ({wrong}|labels must be a NumPy array, got int64)", complaint(name, arguments)
            ), (path, shape)
        checked(wrong_shapes=1)


@every_function_of_arrays
def test_another_kind(name, checked):
    for path, kind in product(array_paths(honest(name)), KINDS):
        arguments = replace(honest(name), path, KINDS[kind])
        numbers = kind == "whole numbers" and (path == ("labels",) or name == "grads_of_step" and path[0] in "xt")
        if kind == "None" and path[-1] == 1 and name in ("diagnose", "grads_of_step") and path[0] == "params":
            continue  # a layer without a bias
        if kind == "complex" and name in WELCOMES_COMPLEX or numbers:
            call(name, arguments)
        elif (name, path[0]) == ("diagnose", "grads"):
            assert call(name, arguments).status in ("right", "unknown", "bad_input"), kind
        else:
            assert re.match(
                rf"{name}: {re.escape(label(path))} must (be|hold) .*, got \S", complaint(name, arguments)
            ), (path, kind)
        checked(wrong_kinds=1)


@every_function_of_arrays
def test_a_number_that_is_not_finite(name, checked):
    def spoilt(array):
        array = array.copy()
        array.flat[-1] = value
        return array

    for path, value in product(array_paths(honest(name)), (np.nan, np.inf, -np.inf)):
        if path == ("labels",):
            return  # whole numbers are always finite
        arguments = replace(honest(name), path, spoilt)
        if (name, path[0]) in VERDICTS:
            assert not right(call(name, arguments)) and "finite" in str(call(name, arguments))
        else:
            assert re.match(
                rf"{name}: {re.escape(label(path))} must be finite, got {value} at \[\d", complaint(name, arguments)
            )
        checked(not_finite=1)


@every_function_of_arrays
def test_two_widths_side_by_side(name, checked):
    paths = [
        path
        for path in array_paths(honest(name))
        if path[0] not in ("args", "labels") and (name, path[0]) not in VERDICTS and name != "grads_of_step"
    ]
    for path in paths if len(paths) > 1 else ():
        arguments = replace(honest(name), path, lambda array: array.astype("f"))
        wrong = rf"expected arrays of one float width, got .*{re.escape(label(path))} float32.*convert"
        assert re.match(f"{name}: {wrong}", complaint(name, arguments))
        checked(mixed_widths=1)


LAYOUTS = {
    "read-only": lambda array: np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape),
    "Fortran order": np.asfortranarray,
    "negative strides": lambda array: array[::-1].copy()[::-1],
    "every other entry": lambda array: np.repeat(array, 2, axis=0)[::2],
}


@every_function_of_arrays
@pytest.mark.parametrize("layout", LAYOUTS)
def test_another_layout(name, layout):
    expected = call(name, honest(name))
    got = call(name, replace_all(honest(name), LAYOUTS[layout]))
    if name in ("check_vjp", "check_chain", "check_grads", "diagnose"):
        assert right(got) and right(expected)
    else:
        assert error(got, expected) < (1e-8 if "numerical" in name else 1e-12)


@every_function
def test_what_the_caller_has_stays_as_it_was(name):
    arguments = honest(name)
    before, chance = copy.deepcopy(arguments), np.random.get_state()
    results = leaves([call(name, arguments)])
    for path in array_paths(arguments):
        mine, kept = arguments, before
        for key in path:
            mine, kept = mine[key], kept[key]
        assert mine.tobytes() == kept.tobytes() and mine.dtype == kept.dtype
        assert not any(isinstance(result, np.ndarray) and np.shares_memory(result, mine) for result in results)
    assert all(np.array_equal(a, b) for a, b in zip(chance, np.random.get_state()))


@every_function
def test_float32_is_not_widened(name):
    def narrow(array):
        return array.astype("f") if array.dtype.kind == "f" else array

    arguments = replace_all(honest(name), narrow)
    widening = {"dtype": np.float32, "learning_rate": np.float64(0.1)}  # a NumPy number would widen what it multiplies
    arguments |= {key: value for key, value in widening.items() if key in arguments}
    dtypes = {result.dtype for result in leaves([call(name, arguments)]) if isinstance(result, np.ndarray)}
    if "numerical" not in name and "diagnose" not in name:  # those compute in float64
        assert dtypes <= {np.dtype(int if name == "batches" else "f")}


@pytest.mark.parametrize("name", sorted(FUNCTIONS.keys() - {"landed", "shown"}))
def test_a_missing_argument_and_one_too_many(name):
    for wrong in ((), (None,) * 20) if name not in ("vjp_error", "check_vjp") else ((),):
        with pytest.raises(TypeError, match=rf"^{name}: .*; expected {name}\(.*\)$"):
            FUNCTIONS[name](*wrong)


# The rows about something else ----------------------------------------------------------------------------------------


def row_id(row):
    name, spoiled, message = row
    return f"{name}({', '.join(spoiled)}): {message[:50]}"


@pytest.mark.parametrize(("name", "spoiled", "message"), ROWS, ids=map(row_id, ROWS))
def test_another_row(name, spoiled, message, checked):
    assert re.match(f"{name}: {message}", complaint(name, honest(name) | spoiled))
    checked(other_bad_input=1)


@pytest.mark.parametrize("f", [*nnlib.GRAD, *nnlib.GRAD.values(), *nnlib.VJP.values()], ids=lambda f: f.__name__)
@pytest.mark.parametrize("shapes", [((6,), (6, 1)), ((6, 1), (6,)), ((6, 3), (1, 3))])
def test_shapes_that_numpy_would_broadcast(f, shapes):
    one, other = (np.full(shape, 0.5) for shape in shapes)
    args = (one, other, one) if f in nnlib.VJP.values() else (one, other)
    with pytest.raises(ValueError, match=rf"^{f.__name__}: expected \w \(.*got \("):
        f(*args)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (sigmoid(np.array([-1e3, 1e3])), [0, 1]),
        (softmax(np.array([1e3, 1e3])), [0.5, 0.5]),
        (sigmoid_bce(np.full((1, 1), 1e3), np.zeros((1, 1))), 1000),
        (sigmoid_bce(np.full((1, 1), -40.0), np.zeros((1, 1))), 4.248354255291589e-18),
        (softmax_cross_entropy(Z, np.array([[0, 1.0, 0]])), 2000),
        (bce(np.array([[1.0, 0.0]]), np.array([[1.0, 0.0]])), 0),
        (nnlib.bce_grad(np.array([[1.0, 0.0]]), np.array([[1.0, 0.0]])), [[-1, 1]]),
        (cross_entropy(np.eye(3), np.eye(3)), 0),
        (sigmoid(2**70), 1),
        (sigmoid(np.int8(-128)), 2.572209372642415e-56),
        (sigmoid(np.uint8(3)), 0.9525741268224334),
        (relu(-1), 0),
        (half_mse(X, X), 0),
    ],
)
def test_extreme_but_right(got, expected):
    assert error(got, np.array(expected)) < 1e-15


LIKE_PROBABILITIES = [
    ([[0.25, 0.75]], True),
    ([[0.2, 0.3, 0.5], [1, 0, 0]], True),
    ([[1.0]], False),  # of one class
    ([[2.0, -1.0]], False),
    ([[3.0, 4.0]], False),
    ([[0.2, 0.3]], False),
    ([[0.2, 0.8], [3.0, 4.0]], False),
]


@pytest.mark.parametrize(("z", "suspected"), LIKE_PROBABILITIES)
def test_logits_that_look_like_probabilities_are_suspected(z, suspected):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        softmax_cross_entropy(np.array(z), np.eye(len(z[0]))[[0] * len(z)])
    assert [warning.category for warning in caught] == [nnlib.SuspiciousInput] * suspected


@pytest.mark.parametrize("t", [[[1.0, 0.0], [0.5, 0.4]], [[0.1, 0.1], [0.9, 0.9]]])
def test_the_row_that_does_not_sum_to_one_is_named(t):
    sums = np.sum(t, axis=1)
    row = abs(sums - 1).argmax()
    with pytest.raises(ValueError, match=f"rows that sum to 1, got the sum {sums[row]:.3g} in row {row}"):
        softmax_cross_entropy(np.zeros((2, 2)), np.array(t))


def test_a_single_row_is_told_how_to_become_a_batch():
    advice = re.escape("it has 1 axis, not 2; z[None, :] is one example, z[:, None] one column")
    with pytest.raises(ValueError, match=advice):
        softmax_cross_entropy(np.zeros(3), np.eye(3)[0])
    with pytest.raises(ValueError, match=re.escape("it has 3 axes, not 2") + "$"):
        softmax_cross_entropy(np.zeros((1, 1, 3)), np.eye(3)[None, :1])


def test_the_warning_points_at_the_callers_line():
    with pytest.warns(nnlib.SuspiciousInput) as caught:
        softmax_cross_entropy(softmax(Z), np.eye(3)[:1])
    assert caught[0].filename == __file__


def test_weights_of_whole_numbers_are_refused_before_a_step_would_truncate_them():
    with pytest.raises(
        TypeError,
        match=r"sgd_step: params\[0\] W must hold float64 or float32, got int64; convert with .astype\(float\)",
    ):
        sgd_step([(np.ones((2, 2), int), np.ones(2))], [(np.ones((2, 2)), np.ones(2))], 0.1)


def test_advice_for_what_people_have():
    said = {
        kind: complaint("relu", {"z": KINDS[kind](X)})
        for kind in ("list", "frame", "masked", "matrix", "whole numbers")
    }
    assert [message.split("; ")[1] for message in said.values()] == [
        "convert with np.array(..., dtype=float)",
        "convert with .to_numpy(dtype=float)",
        "convert with .filled(value): its mask would be ignored",
        "convert with np.asarray: its * is not elementwise",
        "convert with .astype(float)",
    ]
    assert complaint("one_hot", {"labels": [0, 1], "n_classes": 2, "dtype": float}).endswith(
        "convert with np.array(..., dtype=int)"
    )
    assert one_hot(np.array([0, 1]), 2).tolist() == [[1, 0], [0, 1]]
