"""Sphinx extension: the directive `mistake`, which makes one of nnlib's mistakes and says what came of it.

Nothing on the page that can be computed is typed: how many mistakes there are, which gradients each makes wrong, their
size and shape, how training fares, and where the mistake cannot be seen are all found by making it.
"""

import inspect
from functools import cache
from pathlib import Path

import numpy as np
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective, SphinxRole

from nnlib import (
    GRAD,
    diagnose,
    diagnosis,
    identity,
    init_params,
    mistakes,
    relu,
    search,
    softmax,
    softmax_cross_entropy,
    tanh,
)
from nnlib import slots as slots_of_nnlib
from nnlib.card import sizes_of
from nnlib.diagnosis import penalty_of
from nnlib.mistakes import MISTAKES
from nnlib.search import Case, Made, agree, effects, touched
from nnlib.slots import Net, bare, grads_of, run
from nnlib.verdict import cause

NAMED = {m.name: m for m in MISTAKES}
CHAPTERS = Path(__file__).parents[1] / "chapters"
DIFFERENT, EQUAL, NARROW = (4, 5, 6, 3), (4, 4, 4, 4), (4, 5, 1, 3)
PENALTY = "l2", 0.05, "W"  # for the mistakes that are about one
RATE, STEPS = 1.0, 300  # of the training; with the right gradients the loss comes to rest
CONSTANTS = {"stale_W": RATE, "weight_decay": 0.3, "penalty_strength": 2.0}
SLOWER = 0.002  # a loss that is no further above that of the right gradients is said to be there


def make_net(sizes=DIFFERENT, hidden=tanh, N=7, penalty=None, seed=3):
    """A network of three layers with a softmax inside its loss, and a batch, after the forward pass.

    The targets are probabilities, so the lowest loss is not 0, and training can reach it.
    """
    rng = np.random.default_rng(seed)
    params = [(W, rng.normal(size=b.shape)) for W, b in init_params(list(sizes), rng)]
    x, t = rng.normal(size=(N, sizes[0])), softmax(rng.normal(size=(N, sizes[-1])))
    return Net.of(params, [hidden, hidden, identity], x, t, softmax_cross_entropy, penalty or ())


def case_of(net):
    return Case.of(net)


def ways(case, mistake):
    """The ways to make a mistake, those that change most layers first; none where the sizes do not let it."""
    found = []
    for edit, done in effects(case, mistake):
        layers = tuple(k for k, what in done.items() if what == "changes")
        if layers or "nothing" in done.values():
            found.append(Made(mistake, edit.at(CONSTANTS[mistake.name]) if mistake.fitted else edit, layers))
    return sorted(found, key=lambda made: -len(made.layers))


def gradients(net, made):
    return [grads_of(s) for s in run(net, [made])]


def same(case, one, other):
    return all(map(agree, one, other, case.slack_right))


# What a mistake does ------------------------------------------------------------------------------------------------


@cache
def penalty_for(mistake):
    """Some mistakes are about a penalty, and can be made where there is one."""
    return None if any(ways(case_of(make_net(sizes)), mistake) for sizes in (DIFFERENT, EQUAL)) else PENALTY


@cache
def place(mistake):
    """A case and a mistake made in it: sizes that differ if they may, and a middle layer if it concerns one."""
    penalty = penalty_for(mistake)
    cases = (case_of(make_net(sizes, penalty=penalty)) for sizes in (DIFFERENT, EQUAL))
    case = next(case for case in cases if ways(case, mistake))
    made = ways(case, mistake)[0]
    everywhere = mistake.rule == "loss" and len(made.layers) > 1
    return case, made._replace(layers=made.layers if everywhere else (1,) if 1 in made.layers else made.layers[-1:])


PATTERNS = {  # where on the page it is: (dW, db) of the layer wrong, and whether the layers below are
    (True, True, True): "activation",
    (False, False, True): "back",
    (False, True, False): "b",
    (True, False, False): "w",
    (True, True, False): "both",
}


def pattern(mistake):
    """Which gradients are wrong, in the word of the page's sections."""
    case, made = place(mistake)
    if len(made.layers) > 1:
        return "loss"
    wrong, (k,) = touched(case, made), made.layers
    below = {len(w) for w in wrong[:k]}
    assert not any(wrong[k + 1 :]) and below in ({0}, {2})
    return PATTERNS[0 in wrong[k], 1 in wrong[k], 2 in below]


def spoiled(mistake):
    """Which gradients are wrong, in words."""
    case, made = place(mistake)
    wrong = touched(case, made)
    if len(made.layers) > 1:
        (own,) = {tuple(w) for w in wrong}
        return "every gradient" if len(own) == 2 else f"{('dW', 'db')[own[0]]} of every layer"
    (k,) = made.layers
    own = " and ".join(("dW", "db")[j] for j in sorted(wrong[k]))
    parts = [f"{own} of the layer"] if own else []
    return ", and ".join(parts + ["every gradient of the layers below"] * any(wrong[:k]))


def size(mistake):
    """How many times too large they are, if that is one number; or the shape that one of them has."""
    case, made = place(mistake)
    wrong, got, right = touched(case, made), gradients(case.net, made), [grads_of(s) for s in case.right]
    for k, j in [(layer, j) for layer in made.layers for j in wrong[layer]]:
        shape, expected, letter = np.shape(got[k][j]), right[k][j].shape, "Wb"[j]
        if shape != expected:
            is_one = "is a single number" if shape == () else f"has the shape {shape}"
            return f"d{letter} {is_one}, and {letter} has {expected}"
    N, K = case.net.t.shape
    for words, c in {"−1": -1, "$N$": N, "$1/N$": 1 / N, "2": 2, "½": 1 / 2, "$1/K$": 1 / K, "0": 0}.items():
        if same(case, got, [[c * X if j in w else X for j, X in enumerate(pair)] for pair, w in zip(right, wrong)]):
            return f"{words} times the right one"
    return ""


def seen(net, params):
    """The same network with other parameters, after the forward pass."""
    a, trace = net.trace[0][0], []
    for (W, b), act in zip(params, net.acts):
        x, z = a, a @ W.T + b
        a = bare(act)(z)
        trace.append((x, z, a))
    return net._replace(params=params, trace=trace, g=bare(GRAD[net.loss])(a, net.t))


def loss_of(net):
    return bare(net.loss)(net.trace[-1][2], net.t) + penalty_of(net)


def trained(net, made=()):
    """The loss after some steps with these gradients; the update is in place, as people write it."""
    params = [(W.copy(), b.copy()) for W, b in net.params]
    for _ in range(STEPS):
        for pair, grads in zip(params, [grads_of(s) for s in run(net, made)]):
            for X, dX in zip(pair, grads):
                X -= RATE * dX
        net = seen(net, [(W.copy(), b.copy()) for W, b in params])
    return loss_of(net)


@cache
def trained_right(sizes, penalty):
    return trained(make_net(sizes, penalty=penalty))


def training(mistake):
    """How the loss fares."""
    case, made = place(mistake)
    right = trained_right(tuple(sizes_of(case.net.params)), case.net.penalty)
    try:
        with np.errstate(all="ignore"):
            above = trained(case.net, [made]) - right
    except ValueError:
        return "it stops at the first step, since the shapes do not fit"
    if not np.isfinite(above):
        return "the loss goes up until it overflows"
    if above <= SLOWER:
        return f"nothing is seen: after {STEPS} steps the loss is as low as with the right gradients"
    if above + right > loss_of(case.net):
        return "the loss goes up"
    return f"after {STEPS} steps the loss is {above:.3f} above that of the right gradients"


HIDING = {
    "with $N = 1$": (EQUAL, tanh, 1),
    "with $N = 2$": (EQUAL, tanh, 2),
    "with $K = 2$": ((4, 5, 6, 2), tanh, 7),
    "with $N = K$": (DIFFERENT, tanh, 3),
    "with ReLU": (EQUAL, relu, 7),
}


FITTING = {
    "where the sizes of the layers are equal": (EQUAL, tanh, 7),
    "where the layer has $N$ units": (DIFFERENT, tanh, 6),  # the one in the middle
}


def fits(mistake, network):
    """Whether the gradients have the shapes of the parameters; None where the mistake cannot be made."""
    case = case_of(make_net(*network, penalty=penalty_for(mistake)))
    grads = [gradients(case.net, made) for made in ways(case, mistake)[:1]]
    return all(np.shape(X) == Y.shape for X, Y in zip(grads[0][1], case.net.params[1])) if grads else None


def unseen(mistake):
    """Where it is no error, where it looks like another one, where it cannot be made."""
    penalty = penalty_for(mistake)
    for where, network in HIDING.items():
        case = case_of(make_net(*network, penalty=penalty))
        if not (found := ways(case, mistake)):
            continue
        net = case.net
        grads = gradients(net, found[0])
        diagnosis = diagnose(net.params, net.acts, net.trace[0][0], net.t, net.loss, grads, penalty=penalty or None)
        alone = [e[0].name for e in diagnosis.explanations if len(e) == 1]
        others = [f"`{name}`" for name in NAMED if name in alone and name != mistake.name]
        if diagnosis:
            yield f"it is no error {where}"
        elif others:
            yield f"it looks like {' and '.join(others)} {where}"
    if fits(mistake, (DIFFERENT, tanh, 7)) is False:
        yield from (f"its shape is right {where}" for where, network in FITTING.items() if fits(mistake, network))
    if not ways(case_of(make_net(penalty=penalty)), mistake):
        unless = ", unless one has a single unit" if ways(case_of(make_net(NARROW)), mistake) else ""
        yield f"it does not fit where the sizes of the layers differ{unless}"


def facts(name):
    """All that there is to say of a mistake: (what, text)."""
    mistake = NAMED[name]
    case, made = place(mistake)
    yield "Wrong", f"{'; '.join(filter(None, [spoiled(mistake), size(mistake)]))}."
    yield "Training", f"{training(mistake)}."
    if limits := "; ".join(unseen(mistake)):
        yield "Where it hides", f"{limits}."
    line = cause(case, made).rule
    (chapter,) = CHAPTERS.glob(f"{mistake.chapter:02}_*.ipynb")
    yield "Compare", f"`{line}`, and [chapter {mistake.chapter}]({chapter.name})."


def sentence(name):
    """What the package says of it, wherever it is made."""
    said = NAMED[name].sentence.replace(" {place}", "")
    return said.format(detail="say relu" if "another activation" in said else "", constant="$c$")


class Describe(SphinxDirective):
    """``{mistake} bias_mean``: what nnlib says of it, how it comes about (the content), what is seen of it."""

    required_arguments = 1
    has_content = True

    def run(self):
        for module in (mistakes, slots_of_nnlib, search, diagnosis):
            self.env.note_dependency(inspect.getsourcefile(module))
        name = self.arguments[0]
        found = [("How it comes about", " ".join(self.content)), *facts(name)]
        lines = [sentence(name), "", *(f"- **{what}:** {text}" for what, text in found)]
        parent = nodes.Element()
        self.state.nested_parse(StringList(lines, source=name), self.content_offset, parent)
        return parent.children


class Count(SphinxRole):
    """``{mistakes}`of layers` ``: how many there are, before the words."""

    def run(self):
        self.env.note_dependency(inspect.getsourcefile(mistakes))
        return [nodes.Text(f"{len(MISTAKES)} {self.text}")], []


def setup(app):
    app.add_directive("mistake", Describe)
    app.add_role("mistakes", Count())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
