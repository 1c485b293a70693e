"""One honest call of every public function, with its arguments by name, and ways to spoil one array among them."""

import inspect

import numpy as np

import nnlib
from nnlib import (
    dense,
    dense_vjp,
    forward,
    identity,
    one_hot,
    relu,
    relu_vjp,
    softmax,
    softmax_cross_entropy,
    tanh,
    tanh_vjp,
    value_and_grad,
)
from nnlib.mistakes import MISTAKES

FUNCTIONS = {name: f for name in nnlib.__all__ if inspect.isfunction(f := getattr(nnlib, name))}
PARTS = {"params": ("W", "b"), "grads": ("dW", "db"), "trace": ("x", "z", "a")}


def honest(name):
    """Arguments for a public function: every parameter name has one meaning, and so one value, throughout nnlib."""
    rng = np.random.default_rng(0)
    params = [(rng.normal(size=(5, 4)), rng.normal(size=5)), (rng.normal(size=(3, 5)), rng.normal(size=3))]
    acts, x, labels = [relu, identity], rng.normal(size=(7, 4)), np.arange(7) % 3
    z, trace = forward(params, acts, x)
    values = dict(
        x=x, W=rng.normal(size=(3, 4)), b=rng.normal(size=3), z=z, a=relu(z), g=rng.normal(size=(7, 3)), y=z, got=z, expected=z + 1e-3, p=softmax(z), t=one_hot(labels, 3),
        labels=labels, n_classes=3, dtype=float, sizes=[4, 5, 3], params=params, grads=[(0.1 * W, 0.1 * b) for W, b in params], acts=acts,
        trace=trace, loss=softmax_cross_entropy, input_grad=True, f=dense, f_vjp=dense_vjp, args=None, h=1e-5,
        n=7, size=3, epochs=2, batch_size=3, learning_rate=0.1, rng=np.random.default_rng(1),
        examples="rows", weights="out in", penalty=("l2", 0.1), mistakes=MISTAKES, one_by_one=False,
        pairs=[(relu, relu_vjp), (tanh, tanh_vjp)], step=lambda params, x, t, rate: [(0.9 * W, 0.9 * b) for W, b in params],
    )  # fmt: skip
    values |= {
        "diagnose": {"penalty": None},
        "diagnose_function": {"penalty": None},
        "numerical_grad": {"f": np.sum},
        "numerical_jacobian": {"f": np.tanh},
        "landed": {"f": relu},
        "shown": {"f": relu},
    }.get(name, {})
    if name in ("check_grads", "diagnose"):  # the right gradients
        values["grads"] = value_and_grad(params, acts, x, values["t"], softmax_cross_entropy)[1]
    values["args"] = (x, values["W"], values["b"])
    values["my_backward"] = lambda params, acts, x, t: value_and_grad(params, acts, x, t, softmax_cross_entropy)[1]
    return {key: values[key] for key in inspect.signature(FUNCTIONS[name]).parameters}


def call(name, arguments):
    """The result; of a generator, everything that it yields."""
    f = FUNCTIONS[name]
    bound = inspect.BoundArguments(inspect.signature(f), arguments)
    result = f(*bound.args, **bound.kwargs)
    return list(result) if inspect.isgenerator(result) else result


# Arrays among the arguments, each at a path such as ("params", 0, 1) --------------------------------------------------


def array_paths(nested, path=()):
    parts = (
        nested.items() if isinstance(nested, dict) else enumerate(nested) if isinstance(nested, (list, tuple)) else ()
    )
    return (
        [path]
        if isinstance(nested, np.ndarray)
        else [found for key, part in parts for found in array_paths(part, (*path, key))]
    )


ARRAYS = [(name, path) for name in FUNCTIONS for path in array_paths(honest(name))]


def label(path):
    """What an error message calls the array at a path."""
    match path:
        case ("args", k):
            return "xWb"[k]
        case (key, layer, part):
            return f"{key}[{layer}] {PARTS[key][part]}"
        case (key,):
            return key


def replace(nested, path, change):
    """The same arguments with change(array) in place of the array at the path."""
    if not path:
        return change(nested)
    items = nested.items() if isinstance(nested, dict) else enumerate(nested)
    parts = {key: replace(part, path[1:], change) if key == path[0] else part for key, part in items}
    return parts if isinstance(nested, dict) else type(nested)(parts.values())


def replace_all(arguments, change):
    for path in array_paths(arguments):
        arguments = replace(arguments, path, change)
    return arguments
