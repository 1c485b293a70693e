"""What `landed` says, and what it looks at: the tokens of a function, and nothing else."""

import functools

import numpy as np
import pytest

import nnlib
from nnlib import landed


def verdict(f, capsys):
    assert landed(f) is None
    return capsys.readouterr().out


def test_what_does_not_count(capsys):
    def sigmoid_vjp(g, a, z):
        """A docstring of its own."""
        # a comment
        return (
            g * a * (1 - a)  # another
        )

    def dense(x: list, W: "weights", b: float) -> str: return x @ W.T + b  # fmt: skip

    @functools.cache
    @functools.cache
    def relu_vjp(g, a, z):
        return g * (z.real > (0))  # fmt: skip

    said = [verdict(f, capsys) for f in (sigmoid_vjp, dense, relu_vjp)]
    assert said == [
        "same as nnlib.activations.sigmoid_vjp\n",
        "same as nnlib.layers.dense\n",
        "same as nnlib.activations.relu_vjp\n",
    ]


def test_a_changed_token_is_shown_beside_both_places(capsys):
    def dense(x, W, b):
        return x @ W.T - b

    assert verdict(dense, capsys).splitlines() == [
        "dense here differs from nnlib.layers.dense",
        "--- nnlib.layers.dense",
        "+++ dense in this notebook",
        "@@ -1,2 +1,2 @@",
        " def dense(x, W, b):",
        "-    return x @ W.T + b",
        "+    return x @ W.T - b",
    ]


def test_what_does_count(capsys):
    def tanh(x):  # another name of the argument
        return np.tanh(x)

    def identity(z, w=0):  # one more argument
        return +z

    def half_mse_grad(y, t):  # one more line
        y = +y
        return (y - t) / len(y)

    def one_hot(labels, n_classes, dtype=np.float32):  # another default
        return (labels[:, None] == np.arange(n_classes)).astype(dtype)

    def sigmoid(z):
        """A docstring and nothing else."""

    for f in (tanh, identity, half_mse_grad, one_hot, sigmoid):
        assert verdict(f, capsys).startswith(f"{f.__name__} here differs from nnlib.")


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        (lambda z: z, "nnlib has no function <lambda>"),
        (len, "nnlib has no function len"),
        (test_what_does_count, "nnlib has no function test_what_does_count"),
        (functools.partial(nnlib.relu), "nnlib has no function functools.partial("),
        (3, "nnlib has no function 3"),
        (np.tanh, "tanh here has no source to compare with nnlib.activations.tanh"),
        (type("relu", (), {}), "relu here has no source to compare with nnlib.activations.relu"),
    ],
    ids=["lambda", "builtin", "unknown", "partial", "number", "ufunc", "class"],
)
def test_what_cannot_be_compared(thing, said, capsys):
    assert verdict(thing, capsys).startswith(said)


def test_a_function_without_a_file(capsys):
    names = {}
    exec("def relu(z):\n    return z", names)
    assert verdict(names["relu"], capsys) == "relu here has no source to compare with nnlib.activations.relu\n"


def test_a_class_with_source_is_not_a_function(capsys):
    class relu:
        pass

    assert verdict(relu, capsys) == "relu here has no source to compare with nnlib.activations.relu\n"


@pytest.mark.parametrize("name", [name for name in nnlib.__all__ if hasattr(getattr(nnlib, name), "__wrapped__")])
def test_the_package_is_the_same_as_itself(name, capsys):
    f = getattr(nnlib, name)
    said = verdict(f, capsys)
    assert said == (
        f"nnlib has no function {name}\n"
        if "diagnos" in f.__module__ or f.__module__ == "nnlib.checks"
        else f"same as {f.__module__}.{name}\n"
    )
