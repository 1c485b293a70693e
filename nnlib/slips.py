"""The lines of a backward pass as a form, with the wrong lines that `diagnose` knows by name.

A wrong line is a formula of the page's grammar. What is said of it is not written here: the line is typed wrong, the
gradients that come of it are given to `diagnose`, and its sentence becomes the page's.
"""

import re

import numpy as np

from .activations import identity, relu, sigmoid, softmax, tanh
from .ask import LAYERS, Line, Lines, Option
from .diagnosis import diagnose
from .grammar import Complaint
from .losses import bce, cross_entropy, half_mse
from .mistakes import MISTAKES
from .network import init_params

N, C = 7, 0.3  # examples; and the constant with which a mistake that has one is made

# The lines ------------------------------------------------------------------------------------------------------------
# Rows are examples. The names that begin with _ stand for what the activation and the loss decide, in layer {k}:
# _a{k} is a{k}, or x; _b{k} comes back from above, _s{k} is the slope; _d and _g are the gradients of the loss
# at the last z and at the last a.

ANY = [  # a factor in any gradient
    ("sign", "-_right"),
    ("missing_1/N", "N * _right"),
    ("factor_2", "2 * _right"),
    ("factor_1/2", "_right / 2"),
    ("mean_over_outputs", "_right / _K"),
    ("zero_layer", "0 * _right"),
]
AVERAGED = [("double_1/N", "_right / N")]  # in db it is bias_mean

LAST = [
    ("missing_output_derivative", "_g"),
    ("extra_output_derivative", "_right * _aL * (1 - _aL)"),
    ("extra_output_derivative", "_right * _extra"),
    ("derivative_at_a", "_g * _at_a"),
    ("a_form_at_z", "_g * _zL * (1 - _zL)"),
    ("wrong_activation_derivative", "_g * (1 - _aL ** 2)"),
    ("wrong_activation_derivative", "_g * (_zL > 0)"),
    ("softmax_elementwise", "_g * _aL * (1 - _aL)"),
    ("softmax_over_batch", "(softmax(_zL.T).T - t) / N"),
]
HIDDEN = [
    ("missing_activation_derivative", "_b{k}"),
    ("derivative_at_a", "_b{k} * _at{k}"),
    ("a_form_at_z", "_b{k} * _form{k}"),
    ("wrong_activation_derivative", "_b{k} * a{k} * (1 - a{k})"),
    ("wrong_activation_derivative", "_b{k} * (1 - a{k} ** 2)"),
    ("wrong_activation_derivative", "_b{k} * (z{k} > 0)"),
    ("wrong_activation_derivative", "_b{k} * sigmoid(z{k}) * (1 - sigmoid(z{k}))"),
    ("wrong_activation_derivative", "_b{k} * (1 - np.tanh(z{k}) ** 2)"),
    ("activation_instead_of_derivative", "_b{k} * a{k}"),
    ("activation_of_gradient", "_of{k}"),
    ("slope_sign", "_b{k} * _plus{k}"),
    ("slope_times_z", "_right * z{k}"),
    ("derivative_off_by_one", "(delta{k+1} * _s{k}) @ W{k+1}"),
    ("derivative_off_by_one", "_b{k} * _s{k+1}"),
    ("way_back_without_slope", "(_b{k+1} @ W{k+1}) * _s{k}"),
    ("W_transposed", "(delta{k+1} @ W{k+1}.T) * _s{k}"),
    ("missing_W", "delta{k+1} * _s{k}"),
    ("dW_instead_of_W", "(delta{k+1} @ dW{k+1}) * _s{k}"),
    ("stale_W", "(delta{k+1} @ (W{k+1} - _c * dW{k+1})) * _s{k}"),
]
OF_W = [
    ("dW_transposed", "_right.T"),
    ("z_instead_of_a", "delta{k}.T @ z{k-1}"),
    ("a_off_by_one", "delta{k}.T @ a{k}"),
    ("a_off_by_one", "delta{k}.T @ _a{k-2}"),
    ("outer_of_sums", "np.outer(delta{k}.sum(axis=0), _a{k-1}.sum(axis=0))"),
    ("outer_of_sums", "np.outer(delta{k}.sum(axis=0), _a{k-1}.mean(axis=0))"),
    ("last_example_only", "np.outer(delta{k}[-1], _a{k-1}[-1])"),
    ("slope_missing_in_part", "_b{k}.T @ _a{k-1}"),
    ("weight_decay", "_right + _c * W{k}"),
]
OF_B = [
    ("bias_not_summed", "delta{k}"),
    ("bias_mean", "delta{k}.mean(axis=0)"),
    ("bias_wrong_axis", "delta{k}.sum(axis=1)"),
    ("bias_sum_all", "delta{k}.sum()"),
    ("bias_from_dW", "dW{k}.sum(axis=1)"),
    ("last_example_only", "delta{k}[-1]"),
    ("slope_missing_in_part", "_b{k}.sum(axis=0)"),
]

RULES = {  # the right lines, and what is said on a second try
    "last": Line(
        "_d",
        hint="How does the loss change with the last `z`? "
        "The mean over the examples brings 1/N, here and nowhere else.",
    ),
    "hidden": Line(
        "_b{k} * _s{k}",
        hint="Back through the weights that led forward, `W{k+1}`, "
        "then times the slope of the activation at this layer's `z{k}`.",
        turned="(W{k+1}.T @ delta{k+1}) * _s{k}",
    ),
    "dW": Line(
        "delta{k}.T @ _a{k-1}",
        hint="Row o of `dW{k}` belongs to neuron o: over the examples, sum its delta times what entered the layer.",
        turned="delta{k} @ _a{k-1}.T",
    ),
    "db": Line(
        "delta{k}.sum(axis=0)",
        hint="A bias is a weight whose input is 1: sum `delta{k}` over the examples.",
        turned="delta{k}.sum(axis=1)",
    ),
}
TURNED = {  # the same where arrays are seen in another layout
    "hidden": {
        "columns": "(W{k+1}.T @ delta{k+1}) * _s{k}",
        "in out": "(delta{k+1} @ W{k+1}.T) * _s{k}",
        "columns in out": "(W{k+1} @ delta{k+1}) * _s{k}",
    },
    "dW": {
        "columns": "delta{k} @ _a{k-1}.T",
        "in out": "_a{k-1}.T @ delta{k}",
        "columns in out": "_a{k-1} @ delta{k}.T",
    },
    "db": {"columns": "delta{k}.sum(axis=1)", "columns in out": "delta{k}.sum(axis=1)"},
}
SLIPS = {
    "last": ANY + AVERAGED + LAST,
    "hidden": ANY + AVERAGED + HIDDEN,
    "dW": ANY + AVERAGED + OF_W,
    "db": ANY + OF_B,
}

# What can be chosen ---------------------------------------------------------------------------------------------------


ACTIVATIONS = {
    tanh: {
        "_f{k}": "np.tanh(z{k})", "_s{k}": "1 - a{k} ** 2", "_at{k}": "1 - np.tanh(a{k}) ** 2",
        "_form{k}": "1 - z{k} ** 2", "_of{k}": "np.tanh(_b{k})", "_plus{k}": "1 + a{k} ** 2",
        "_slope": "1 - np.tanh(_zL) ** 2",
    },
    sigmoid: {
        "_f{k}": "sigmoid(z{k})", "_s{k}": "a{k} * (1 - a{k})", "_at{k}": "sigmoid(a{k}) * (1 - sigmoid(a{k}))",
        "_form{k}": "z{k} * (1 - z{k})", "_of{k}": "sigmoid(_b{k})", "_slope": "sigmoid(_zL) * (1 - sigmoid(_zL))",
    },
    relu: {"_f{k}": "relu(z{k})", "_s{k}": "z{k} > 0", "_of{k}": "relu(_b{k})", "_slope": "_zL > 0"},
}  # fmt: skip
ENDS = {
    (softmax, cross_entropy): (
        "softmax, cross-entropy", {"_out": "softmax(_zL)", "_d": "(_aL - t) / N", "_g": "-t / _aL / N"},
    ),
    (sigmoid, bce): (
        "sigmoid, binary cross-entropy",
        {"_out": "sigmoid(_zL)", "_d": "(_aL - t) / N", "_g": "(_aL - t) / (_aL * (1 - _aL)) / N"},
    ),
    (identity, half_mse): (
        "no activation, half the squared error", {"_out": "_zL", "_d": "(_aL - t) / N", "_extra": "_slope"},
    ),
    (sigmoid, half_mse): (
        "sigmoid, half the squared error",
        {
            "_out": "sigmoid(_zL)", "_d": "(_aL - t) / N * _aL * (1 - _aL)", "_g": "(_aL - t) / N",
            "_at_a": "sigmoid(_aL) * (1 - sigmoid(_aL))",
        },
    ),
}  # fmt: skip

CODE = """\
import nnlib
import numpy as np

def my_backward(params, acts, x, t):
    N, (y, trace) = len(x), nnlib.forward(params, acts, x)
    <<(W{k}, b{k})>> = params
    <<(_, z{k}, a{k})>> = trace
    {turn}
    {lines}
    return [<<(dW{k}, {db})>>]

sizes, out = [{sizes}], {out}
acts = [{hidden}] * (len(sizes) - 2) + [out]
print(nnlib.diagnose_function(my_backward, sizes, acts, {loss}))
"""


def each(*letters):
    """These names in every layer."""
    return tuple(f"{letter}{k}" for letter in letters for k in LAYERS)


LAYOUTS = {  # what the reader sees otherwise, and types; the values that are judged stay the same
    "Examples are": {
        "rows": Option(flat=each("db"), code={"db": "db{k}"}),
        "columns": Option(
            turned=("x", "t", *each("b", "z", "a", "delta", "db")),
            layout="columns",
            code={"turn": "x, t, <<z{k}, a{k}>> = (X.T for X in (x, t, <<z{k}, a{k}>>))", "db": "np.squeeze(db{k})"},
        ),
    },
    "W is": {
        "out × in": Option(code={"dW": "dW{k}"}),
        "in × out": Option(
            turned=each("W", "dW"),
            layout="in out",
            code={"turn_W": "<<W{k}>> = (W.T for W in (<<W{k}>>))", "dW": "dW{k}.T"},
        ),
    },
    "1/N is in": {
        "delta": Option(),
        "dW and db": Option(
            scaled=dict.fromkeys(each("delta"), "N"),
            words={"but δ carries the 1/N already: here it is summed": "and divided by N once more"},
        ),
    },
}


def batch(n_in, n_out, rng):
    """The names that do not depend on the hidden layers: a small batch with one-hot targets."""
    x, t = rng.normal(size=(N, n_in)).round(2), np.eye(n_out)[rng.integers(n_out, size=N)]
    return {"N": N, "x": x, "t": t, "_K": n_out, "_a{k}": "a{k}", "_b{k}": "delta{k+1} @ W{k+1}"}


def network(sizes, rng):
    """The names that do, with parameters of two decimals; and each line with its rule."""
    L = len(sizes) - 1
    names = {"_a0": "x", "_zL": f"z{L}", "_aL": f"a{L}", f"_b{L}": "_g"}
    for k, (W, b) in enumerate(init_params(list(sizes), rng), start=1):
        names |= {f"W{k}": W.round(2), f"b{k}": rng.normal(0, 0.5, b.shape).round(2)}
        names |= {f"z{k}": f"_a{k - 1} @ W{k}.T + b{k}", f"a{k}": f"_f{k}" if k < L else "_out"}
    lines = {}
    for k in range(L, 0, -1):
        lines |= {f"delta{k}": "last" if k == L else "hidden", f"dW{k}": "dW", f"db{k}": "db"}
    return names, lines


PLACE = re.compile(
    r" (for \S+ )?(in layer \d+|in the hidden layers|everywhere)( alone)?(?=\W)"
)  # the form itself says which line


class Backward(Lines):
    """A form for the backward pass of a network, line by line: what `diagnose` would name, the page names.

    Parameters
    ----------
    prompt : str
        Plain words, with `code` in backticks.
    sizes : sequence of tuples
        Units per layer, of two or three layers; the first and the last alike in all of them. With more than one, of
        these or of the others, the reader chooses.
    hidden : sequence of functions
        Activations of the hidden layers: keys of `ACTIVATIONS`.
    ends : sequence of (function, function)
        Output activations with their losses: keys of `ENDS`.
    layouts : bool
        Whether the reader may also have one example per column, W as in × out, and the 1/N in dW and db.
    seed : int
        Draws the small arrays.

    Raises
    ------
    ValueError
        As for `Lines`.
    """

    max_bytes = 12_288  # many questions in one

    def __init__(self, prompt, sizes, hidden=(tanh,), ends=((softmax, cross_entropy),), *, layouts=False, seed=0):
        rng = np.random.default_rng(seed)
        names = batch(sizes[0][0], sizes[0][-1], rng)
        networks = {shape: network(shape, rng) for shape in sizes}
        self.hidden, self.ends = {f.__name__: f for f in hidden}, {ENDS[end][0]: end for end in ends}

        def options(rules):
            choices = LAYOUTS if layouts else {"Examples are": {"rows": Option(code={"db": "db{k}"})}}
            return choices | {
                "Layers": {
                    "-".join(map(str, shape)): Option(
                        names,
                        {line: rules[rule] for line, rule in lines.items()},
                        code={"sizes": ", ".join(map(str, shape))},
                    )
                    for shape, (names, lines) in networks.items()
                },
                "Hidden activation": {
                    name: Option(ACTIVATIONS[f], code={"hidden": f"nnlib.{name}"}) for name, f in self.hidden.items()
                },
                "Output and loss": {
                    words: Option(ENDS[end][1], code=dict(zip(("out", "loss"), (f"nnlib.{f.__name__}" for f in end))))
                    for words, end in self.ends.items()
                },
            }

        bare = Lines(prompt, {}, names, choices=options(RULES))
        rules = {rule: line._replace(wrong=self.sentences(bare, rule)) for rule, line in RULES.items()}
        if layouts:
            rules = {rule: line._replace(turned=TURNED.get(rule, "")) for rule, line in rules.items()}
        code = CODE.replace("{lines}", "{turn_W}\n    {lines}").replace("(dW{k}", "({dW}") if layouts else CODE
        super().__init__(prompt, {}, names, choices=options(rules), code=code)

    def network(self, form, chosen):
        """What `diagnose` takes before the gradients."""
        L = max(int(name[1:]) for name in form.given if name[0] == "W")
        params = [(form.names[f"W{k}"], form.names[f"b{k}"]) for k in range(1, L + 1)]
        out, loss = self.ends[chosen["Output and loss"]]
        acts = [self.hidden[chosen["Hidden activation"]]] * (L - 1) + [out]
        return params, acts, form.names["x"], form.names["t"], loss

    def diagnosis(self, form, chosen, name, formula):
        """What `diagnose` makes of the gradients when one line is typed wrong; None where it is right, or cannot be."""
        values = form.spoiled(name, formula, C)
        network = self.network(form, chosen)
        try:
            value = np.asarray(values[name], dtype=float)
            grads = [(values[f"dW{k}"], values[f"db{k}"]) for k in range(1, len(network[0]) + 1)]
        except Complaint:  # the shapes do not fit
            return None
        return None if form.same(value, form.right(name), form.right(name)) else diagnose(*network, grads)

    def sentences(self, bare, rule):
        """The wrong formulas of a rule, each with the sentence that `diagnose` has for it among the choices."""
        said, listed = {}, {mistake.name for mistake in MISTAKES}
        forms = [(bare.case(chosen), chosen) for chosen in bare.settings(layouts=False)]
        for name, formula in SLIPS[rule]:
            if name in listed and (cause := next(self.causes(forms, rule, name, formula), None)):
                said[formula] = f"{PLACE.sub('', cause.sentence).replace(f'{C:g}', '{c}')} (`{name}`)"
        return said

    def causes(self, forms, rule, name, formula):
        """What `diagnose` says of a formula where that is this mistake, line by line and choice by choice."""
        for form, chosen in forms:
            for line in (line for line, its in form.lines.items() if its == RULES[rule]):
                diagnosis = self.diagnosis(form, chosen, line, formula)
                yield from (cause for cause in diagnosis.causes if cause.name == name) if diagnosis is not None else ()
