"""Bad input, as data: what is given to whom, and what must be said of it.

The tests try every row; the page of the package tells what happens.
"""

import random
from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
from calls import honest

from nnlib import (
    forward,
    half_mse,
    half_mse_grad,
    identity,
    relu,
    relu_vjp,
    sigmoid,
    sigmoid_bce,
    softmax,
    softmax_cross_entropy,
)

SHAPES = {
    "one axis more": lambda array: array[..., None],
    "one row fewer": lambda array: array[:-1],
    "one row": lambda array: array[:1],
    "a number": lambda array: array.flat[0],
    "empty": lambda array: array[:0],
}

KINDS = {
    "list": lambda array: array.tolist(),
    "tuple": lambda array: tuple(array.tolist()),
    "frame": lambda array: (pd.Series if array.ndim == 1 else pd.DataFrame)(array),
    "masked": np.ma.masked_array,
    "matrix": lambda array: array.view(np.matrix),
    "object": lambda array: array.astype(object),
    "float16": lambda array: array.astype("float16"),
    "longdouble": lambda array: array.astype("longdouble"),
    "other byte order": lambda array: array.astype(np.dtype(float).newbyteorder()),
    "whole numbers": lambda array: array.astype(int),
    "booleans": lambda array: array > 0,
    "strings": lambda array: array.astype(str),
    "complex": lambda array: array.astype(complex),
    "None": lambda array: None,
    "True": lambda array: True,
    "text": lambda array: "0.5",
    "too large": lambda array: 10**400,
    "structured": lambda array: np.zeros(array.shape, [("a", float), ("b", float)]),
    "generator": lambda array: (row for row in array),
    "class": lambda array: np.ndarray,
    "no array functions": lambda array: Wrapped(),
}


class Wrapped:
    """It has the protocols of an array, but takes part in none."""

    __array_ufunc__ = __array_function__ = None
    shape, dtype = (7, 4), np.dtype(float)


class Unprintable:
    """A thing that has no repr."""

    def __repr__(self):
        raise RuntimeError("no words")


@dataclass
class Unhashable:
    """A function that no table can hold."""

    def __call__(self, z):
        return z


PARAMS, ACTS, X = (honest("forward")[key] for key in ("params", "acts", "x"))
Z = np.array([[1e3, -1e3, 0.0]])
NOT_A_RATE = [-0.1, 0, np.nan, np.inf, 10**400, True, None, "0.1", [0.1], np.array([0.1, 0.1]), 1j]
NOT_A_COUNT = [0, -5, 5.0, True, None, "5"]


def rows():
    """Every other row of the table of bad input: the function, its spoiled arguments, and what must be said of them."""
    for rate, name in product(NOT_A_RATE, ("sgd_step", "train")):
        yield name, {"learning_rate": rate}, "learning_rate must be a number above 0 and below inf, got "
    for h in NOT_A_RATE:
        yield "numerical_grad", {"h": h}, "h must be a number above 0 and below 1, got "
    for count in NOT_A_COUNT:
        for name, key in (
            ("batches", "n"),
            ("batches", "size"),
            ("train", "epochs"),
            ("train", "batch_size"),
            ("one_hot", "n_classes"),
        ):
            yield name, {key: count}, f"{key} must be a whole number from [12] on, got "
        yield "init_params", {"sizes": [4, count]}, r"sizes\[1\] must be a whole number from 1 on, got "
    for sizes in ([], None, "45", np.array([4, 5])):
        yield (
            "init_params",
            {"sizes": sizes},
            "sizes must be a list of whole numbers, from the input to the output, got ",
        )
    yield "init_params", {"sizes": [4]}, r"sizes must list an input and an output at least, got \[4\]"
    for name, rng in product(
        ("init_params", "batches", "train", "vjp_error", "check_vjp"),
        (0, 1.5, -1, None, np.random, np.random.RandomState(0)),
    ):
        yield name, {"rng": rng}, "rng must be a numpy.random.Generator, got .*; pass np.random.default_rng"
    for name, dtype in product(("init_params", "one_hot"), (int, complex, "nonsense", np.float16, 3)):
        yield name, {"dtype": dtype}, "dtype must be float64 or float32, got "
    yield "train", {"batch_size": 8}, "batch_size must be at most the number of examples, 7, got 8"
    yield "batches", {"size": 8}, "size must be at most n = 7, got 8"

    for wrong in (3, -1):
        yield (
            "one_hot",
            {"labels": np.array([0, wrong])},
            f"labels must lie between 0 and n_classes - 1 = 2, got {wrong}",
        )
    yield "one_hot", {"labels": np.array([1.5])}, "labels must be whole numbers, got float64"
    for row, total in (([0, 0.5, 0], "0.5"), ([0, 1.0, 1.0], "2"), ([0.0, 0, 0], "0")):
        for name, y in (("softmax_cross_entropy", {"z": Z}), ("cross_entropy", {"p": softmax(Z)})):
            yield name, y | {"t": np.array([row])}, f"t must have rows that sum to 1, got the sum {total} in row 0"
    for name, t in product(("bce", "sigmoid_bce"), (-1.0, 2.0)):
        yield name, {"t": np.full((7, 3), t)}, f"t must lie between 0 and 1, got values from {t:g} to {t:g}"
    yield "bce", {"p": np.full((7, 3), 1.2)}, "p must lie between 0 and 1, got values from 1.2 to 1.2"
    yield (
        "cross_entropy",
        {"p": 1000 * honest("cross_entropy")["t"]},
        "p must lie between 0 and 1, got values from 0 to 1000",
    )
    yield (
        "bce",
        {"p": 1 - honest("bce")["t"]},
        "the result is not finite: p is 0 or 1 and t says otherwise; pass logits to sigmoid_bce",
    )
    yield (
        "cross_entropy",
        {"p": np.eye(3)[[1] * 7]},
        "the result is not finite: p is 0 for a true class; pass logits to softmax_cross_entropy",
    )
    yield (
        "softmax_cross_entropy",
        {"z": np.full((7, 3), 1 / 3)},
        "z must be logits, got rows between 0 and 1 that sum to 1: are they probabilities",
    )

    for name in ("forward", "backward", "value_and_grad", "train", "check_grads", "diagnose"):
        for params in (None, [], np.ones(3), PARAMS[0][0]):
            yield name, {"params": params}, r"params must be a list of tuples \(W, b\), one per layer, got "
        yield name, {"params": [W for W, _ in PARAMS]}, r"params\[0\] must be a list of 2 arrays \(W, b\), got ndarray"
        yield name, {"acts": [relu]}, "acts must be a list of 2 functions, one per layer, got a list of 1"
        yield name, {"acts": ["relu", identity]}, r"acts\[0\] must be a function, got 'relu'"
    for name in ("backward", "value_and_grad", "train", "check_grads", "diagnose", "diagnose_function"):
        yield (
            name,
            {"acts": [np.tanh, identity]},
            r"acts\[0\]: no derivative is known for tanh, only for identity, .*another function called tanh",
        )
    for name in ("value_and_grad", "train", "check_grads", "diagnose", "diagnose_function"):
        yield name, {"loss": "bce"}, "loss must be a function, got 'bce'"
        yield name, {"loss": np.sum}, "loss: no derivative is known for sum, only for half_mse, bce, "
        for last, loss in ((softmax, softmax_cross_entropy), (sigmoid, sigmoid_bce)):
            act = last.__name__
            twice = f"must be identity, got {act}: {loss.__name__} takes logits and applies {act} itself"
            yield name, {"acts": [relu, last], "loss": loss}, r"acts\[-1\] " + twice
    for name in ("sgd_step", "check_grads"):
        yield (
            name,
            {"grads": PARAMS[:1]},
            r"grads must be a list of 2 tuples \(dW, db\), one per layer, got a list of 1",
        )
    for trace in (None, [], [1, 2], forward(PARAMS, ACTS, X)[1][:1]):
        yield "backward", {"trace": trace}, r"trace(\[0\])? must be a list of [23] .*, got "
    far = {"learning_rate": 1e308, "grads": [(1e9 * W, b) for W, b in PARAMS]}
    yield "sgd_step", far, "learning_rate times grads overflowed in layer 1, expected finite numbers"

    for name in ("numerical_grad", "numerical_jacobian", "vjp_error", "check_vjp"):
        yield name, {"f": 3}, "f must be a function, got 3"
        yield name, {"f": lambda *args: None}, "the value of f must be a NumPy array, got NoneType"
        yield name, {"f": lambda *args: np.nan}, "the value of f must be finite, got nan"
        yield name, {"f": lambda *args: 1j}, "the value of f must be real, got complex128"
    yield "numerical_grad", {"f": np.tanh}, r"f must return one number .*, got shape \(7, 4\)"
    yield "numerical_jacobian", {"f": lambda x: x[x > X[0, 0]]}, r"f must return shape \(\d+,\) again, got shape"
    for name in ("vjp_error", "check_vjp"):
        yield name, {"f_vjp": 3}, "f_vjp must be a function, got 3"
        yield name, {"args": ()}, "expected the arguments of f after f_vjp, got none"
        yield name, {"f_vjp": lambda g, *args: g}, "f_vjp must return one gradient per argument, expected 3, got 1"
        yield name, {"f_vjp": lambda g, *args: (None,) * 3}, "the dx of f_vjp must be a NumPy array, got NoneType"
        yield name, {"f_vjp": lambda g, z, x, W, b: (x, W * 1j, b)}, "the dW of f_vjp must be real, got complex128"
    yield (
        "vjp_error",
        {"f_vjp": lambda g, z, x, W, b: (x, W, W)},
        r"expected b \(...\) and the db of f_vjp \(...\), got \(3,\) and \(3, 4\)",
    )
    yield "vjp_error", {"f_vjp": lambda g, z, x, W, b: (x, W, b / 0.0)}, "the db of f_vjp must be finite, got -?inf at"
    widths = [
        np.float32(np.nan),
        np.float16(-1),
        np.longdouble(0),
        np.timedelta64(1),
        np.array(0.1),
        np.datetime64("NaT"),
    ]
    for rate, (name, key) in product(widths, (("sgd_step", "learning_rate"), ("numerical_grad", "h"))):
        yield name, {key: rate}, f"{key} must be a number above 0 and below (inf|1), got "
    for count, (name, key) in product(
        (np.int8(-1), np.uint64(0), np.timedelta64(3), np.float32(3), np.bool_(True), np.array([3]), 10**400 - 10**400),
        (("batches", "n"), ("train", "epochs"), ("one_hot", "n_classes")),
    ):
        yield name, {key: count}, f"{key} must be a whole number from [12] on, got "
    yield (
        "batches",
        {"n": 10**400},
        "n must be at most 2147483648, which is 16 gigabytes, got a whole number of 1329 bits",
    )
    yield "batches", {"size": 10**400}, "size must be at most n = 7, got "
    yield (
        "init_params",
        {"sizes": [10**6, 10**6]},
        r"the product of sizes\[0\] and sizes\[1\] must be at most 2147483648",
    )
    yield "one_hot", {"n_classes": 10**10}, "the number of labels times n_classes must be at most 2147483648"
    for dtype in (",", "f4,f4", [], {}, object(), None):
        yield "init_params", {"dtype": dtype}, "dtype must be float64 or float32, got "
    for name, flag in product(("backward", "dense_vjp"), (np.array([1, 2]), "False", None, 1)):
        yield name, {"input_grad": flag}, "input_grad must be True or False, got "
    for h in (1e-17, np.float32(1e-20)):
        yield "numerical_grad", {"h": h}, "h must be large enough to change x, got .*1e-5 is a good step"
    for name, off in product(("value_and_grad", "train", "check_grads", "softmax_cross_entropy"), (1e-3, -1e-3, 1e-6)):
        t = (1 + off) * honest("cross_entropy")["t"]
        yield name, {"t": t}, "t must (have rows that sum to 1, got the sum|lie between 0 and 1)"
    for wrong in (
        lambda z: None,
        lambda z: z.tolist(),
        lambda z: z.astype("f"),
        lambda z: z[:, :1],
        lambda z: z * np.nan,
    ):
        yield "forward", {"acts": [relu, wrong]}, r"what acts\[1\], <lambda>, returns"
    for name in ("value_and_grad", "train", "check_grads"):
        yield name, {"acts": [Unhashable(), identity]}, r"acts\[0\] must be a function that a table knows"
    yield from rows_of_strangers()


def rows_of_strangers():
    """What somebody brings who has read no documentation."""
    for name in ("forward", "value_and_grad", "sgd_step"):
        for what, params in {
            "generator": (layer for layer in PARAMS),
            "dict": {"W1": PARAMS[0][0], "b1": PARAMS[0][1]},
            "zip": zip(*PARAMS),
            "dict_values": dict(enumerate(PARAMS)).values(),
            "deque": deque(PARAMS),
            "Series": pd.Series([1.0, 2.0]),
            "str": "W b",
        }.items():
            yield name, {"params": params}, rf"params must be a list of tuples \(W, b\), one per layer, got {what}"
        for what, layers in {
            "dict": [{"W": W, "b": b} for W, b in PARAMS],
            "generator": [(array for array in layer) for layer in PARAMS],
            "a tuple of 3": [(*layer, None) for layer in PARAMS],
            "str": ["Wb", "Wb"],
        }.items():
            yield name, {"params": layers}, rf"params\[0\] must be a list of 2 arrays \(W, b\), got {what}"
    for name, act in product(
        ("forward", "backward", "value_and_grad", "train"), (None, "tanh", 3, [relu], Unprintable())
    ):
        yield name, {"acts": [act, identity]}, r"acts\[0\] must be a function, got "
    for what, acts in {
        "dict": dict(enumerate(ACTS)),
        "function": relu,
        "str": "relu",
        "a tuple of 3": (*ACTS, relu),
    }.items():
        yield "forward", {"acts": acts}, f"acts must be a list of 2 functions, one per layer, got {what}"
    for act in (relu_vjp, softmax_cross_entropy, np.maximum, partial(relu), Unhashable().__call__, int):
        yield (
            "value_and_grad",
            {"acts": [act, identity]},
            r"acts\[0\]: no derivative is known for|acts\[0\] must be a function",
        )
    for loss in (None, "mse", 3, [half_mse], Unprintable()):
        yield "value_and_grad", {"loss": loss}, "loss must be a function, got "
    for loss in (half_mse_grad, relu, np.add, dict, partial(half_mse)):
        yield (
            "value_and_grad",
            {"loss": loss},
            "loss: no derivative is known for|loss must be a function that a table knows",
        )
    for rng in (np.random.PCG64(0), np.random.Generator, np.random.default_rng, random.Random(0), "0", Unprintable()):
        yield "init_params", {"rng": rng}, "rng must be a numpy.random.Generator, got .*; pass np.random.default_rng"
    for rate in (
        Decimal("0.1"),
        Fraction(1, 10),
        np.ma.masked,
        pd.NA,
        float,
        10**5000,
        np.longdouble("1e-4000"),
        Unprintable(),
    ):
        yield "sgd_step", {"learning_rate": rate}, "learning_rate must be a number above 0 and below inf, got "
    for count in (Decimal(3), Fraction(3), "3", b"3", 3 + 0j, [3], range(3), pd.NaT, -(10**5000), Unprintable()):
        yield "batches", {"size": count}, "size must be a whole number from 1 on, got "
    yield "batches", {"size": 10**5000}, "size must be at most n = 7, got a whole number of 16610 bits"
    for sizes in (range(2, 5), (k for k in (4, 5)), {4, 5}, {4: 5}, Unprintable()):
        yield (
            "init_params",
            {"sizes": sizes},
            "sizes must be a list of whole numbers, from the input to the output, got ",
        )
    for unit in (4.0, [4], True, None, Decimal(4), Unprintable()):
        yield "init_params", {"sizes": [unit, 3]}, r"sizes\[0\] must be a whole number from 1 on, got "
    for dtype in (pd.Float64Dtype(), np.longdouble, np.dtype((float, 2)), "float128", Unprintable()):
        yield "init_params", {"dtype": dtype}, "dtype must be float64 or float32, got "
    for word, key in product(
        (np.array(["rows", "columns"]), ["rows"], None, 0, "Rows", Unprintable()), ("examples", "weights")
    ):
        yield "diagnose_function", {key: word}, f"{key} must be '.*' or '.*', got "
    for after in (3.0, {"W": 1}, [(1, 2, 3)] * 2, "params", np.array(None)):
        yield "grads_of_step", {"step": lambda *args, after=after: after}, "what step returns(.0.)? must be a list of "
    for value in (None, [1.0], "x", {}, True, Decimal(1), np.array(None), np.float16(1), np.ma.masked, np.empty(0)):
        yield (
            "numerical_grad",
            {"f": lambda x, value=value: value},
            "(the value of f must (be|hold)|expected the value of f)",
        )


ROWS = list(rows())
