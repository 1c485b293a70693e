"""Sphinx extension: the directive `mistake`, which makes one of nnlib's mistakes and says what came of it.

Nothing on the page that can be computed is typed: which gradients are wrong, their size and shape, how training fares,
and where the mistake cannot be seen are all found by making it.
"""

import inspect
from pathlib import Path

import numpy as np
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from nnlib import (
    diagnose,
    identity,
    init_params,
    mistakes,
    one_hot,
    relu,
    search,
    slots,
    softmax_cross_entropy,
    tanh,
    verdict,
)
from nnlib.card import sizes_of
from nnlib.mistakes import MISTAKES, penalised
from nnlib.search import Case, Made, agree, effects, touched
from nnlib.slots import Net, grads_of, run
from nnlib.verdict import line_of_nnlib

NAMED = {m.name: m for m in MISTAKES}
CHAPTERS = Path(__file__).parents[1] / "chapters"
DIFFERENT, EQUAL, NARROW = (4, 5, 6, 3), (4, 4, 4, 4), (4, 5, 1, 3)
RATE, STEPS = 0.3, 50  # a mistake with a constant has the rate for it


def make_net(sizes=DIFFERENT, hidden=tanh, N=7, seed=0, penalty=()):
    """A network of three layers with a softmax inside its loss, and a batch, after the forward pass."""
    rng = np.random.default_rng(seed)
    params = [(W, rng.normal(size=b.shape)) for W, b in init_params(list(sizes), rng)]
    x, t = rng.normal(size=(N, sizes[0])), one_hot(rng.integers(sizes[-1], size=N), sizes[-1])
    return see(params, [hidden, hidden, identity], x, t, penalty)


def see(params, acts, x, t, penalty=()):
    return Net.of(params, acts, x, t, softmax_cross_entropy, penalty)


def penalty_of(mistake):
    """A mistake in a penalty is made where the loss has one."""
    return ("l2", RATE, "W and b") if mistake.where is penalised else ()


def case_of(net):
    return Case.of(net)


def ways(case, mistake):
    """The ways to make a mistake, those that change most layers first; none where the sizes do not let it."""
    found = []
    for edit, done in effects(case, mistake):
        layers = tuple(k for k, what in done.items() if what == "changes")
        if layers or "nothing" in done.values():
            found.append(Made(mistake, edit.at(RATE) if mistake.fitted else edit, layers))
    return sorted(found, key=lambda made: -len(made.layers))


def gradients(net, made):
    return [grads_of(s) for s in run(net, [made])]


def same(case, one, other):
    return all(map(agree, one, other, case.slack_right))


# What a mistake does --------------------------------------------------------------------------------------------------


def place(mistake):
    """A network and a layer to make it in: sizes that differ if they may, and a middle layer if it concerns one."""
    nets = (make_net(sizes, penalty=penalty_of(mistake)) for sizes in (DIFFERENT, EQUAL))
    case = next(case for case in map(case_of, nets) if ways(case, mistake))
    made = ways(case, mistake)[0]
    return case, made, made.layers if mistake.rule == "loss" else (1,) if 1 in made.layers else made.layers[-1:]


def spoiled(mistake):
    """Which gradients are wrong."""
    case, made, layers = place(mistake)
    wrong = touched(case, made._replace(layers=layers))
    if mistake.rule == "loss":
        assert all(len(w) == 2 for w in wrong)
        return "every gradient"
    (k,) = layers
    own = " and ".join(("dW", "db")[j] for j in sorted(wrong[k]))
    below = {len(w) for w in wrong[:k]}
    assert not any(wrong[k + 1 :]) and below in ({0}, {2})
    parts = [f"{own} of the layer"] if own else []
    return ", and ".join(parts + ["every gradient of the layers below"] * (2 in below))


def size(mistake):
    """How many times too large they are, if that is one number; or the shape that one of them has."""
    case, made, layers = place(mistake)
    made = made._replace(layers=layers)
    wrong, got, right = touched(case, made), gradients(case.net, made), [grads_of(s) for s in case.right]
    for k, j in [(layer, j) for layer in layers for j in wrong[layer]]:
        shape, expected, letter = np.shape(got[k][j]), right[k][j].shape, "Wb"[j]
        if shape != expected:
            return f"d{letter} has the shape {shape}, and {letter} has {expected}"
    N, K = case.net.t.shape
    for words, c in {"−1": -1, "$N$": N, "$1/N$": 1 / N, "2": 2, "½": 1 / 2, "$1/K$": 1 / K, "0": 0}.items():
        if same(case, got, [[c * X if j in w else X for j, X in enumerate(pair)] for pair, w in zip(right, wrong)]):
            return f"{words} times the right one"
    return ""


def trained(make, sizes, penalty):
    """The loss after some steps with these gradients; the update is in place, as people write it."""
    net = make_net(sizes, penalty=penalty)
    params = [(W.copy(), b.copy()) for W, b in net.params]
    for _ in range(STEPS):
        net = see(params, net.acts, net.trace[0][0], net.t, penalty)
        for pair, pair_of_grads in zip(params, make(net)):
            for X, dX in zip(pair, pair_of_grads):
                X -= RATE * dX
    return net.loss(see(params, net.acts, net.trace[0][0], net.t).trace[-1][2], net.t)


def training(mistake):
    """How the loss fares."""
    case, made, _ = place(mistake)
    sizes, penalty = tuple(sizes_of(case.net.params)), case.net.penalty
    right = trained(lambda net: [grads_of(s) for s in run(net)], sizes, penalty)
    start = case.net.loss(case.net.trace[-1][2], case.net.t)
    rights = f"with the right gradients to {right:.2f}"
    try:
        with np.errstate(all="ignore"):
            got = trained(lambda net: gradients(net, made), sizes, penalty)
    except ValueError:
        return "it stops at the first step, since the shapes do not fit"
    except FloatingPointError:
        return f"the loss goes from {start:.2f} up until it overflows, {rights}"
    return f"the loss goes from {start:.2f} to {got:.2f}, {rights}"


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
    case = case_of(make_net(*network, penalty=penalty_of(mistake)))
    grads = [gradients(case.net, made) for made in ways(case, mistake)[:1]]
    return all(np.shape(X) == Y.shape for X, Y in zip(grads[0][1], case.net.params[1])) if grads else None


def unseen(mistake):
    """Where it is no error, where it looks like another one, where it cannot be made."""
    penalty = penalty_of(mistake)
    for where, network in HIDING.items():
        case = case_of(make_net(*network, penalty=penalty))
        if not (found := ways(case, mistake)):
            continue
        net = case.net
        x, grads = net.trace[0][0], gradients(net, found[0])
        diagnosis = diagnose(net.params, net.acts, x, net.t, net.loss, grads, penalty=penalty or None)
        others = [f"`{cause.name}`" for cause in diagnosis.causes if cause.name != mistake.name]
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
    case, made, layers = place(mistake)
    yield "Wrong", f"{'; '.join(filter(None, [spoiled(mistake), size(mistake)]))}."
    yield "Training", f"{training(mistake)}."
    if limits := "; ".join(unseen(mistake)):
        yield "Where it hides", f"{limits}."
    line = line_of_nnlib(case.net, mistake.rule, layers[-1])
    (chapter,) = CHAPTERS.glob(f"{mistake.chapter:02}_*.ipynb")
    yield "Compare", f"`{line}`, and {{doc}}`chapter {mistake.chapter} <{chapter.stem}>`."


def sentence(name):
    """What the package says of it, wherever it is made."""
    return NAMED[name].sentence.replace(" {place}", "").format(detail="say relu", constant="$c$")


class Describe(SphinxDirective):
    """``{mistake} bias_mean``: what nnlib says of it, how it comes about (the content), what is then seen."""

    required_arguments = 1
    has_content = True

    def run(self):
        for module in (slots, mistakes, search, verdict):
            self.env.note_dependency(inspect.getsourcefile(module))
        name = self.arguments[0]
        found = [("How it comes about", " ".join(self.content)), *facts(name)]
        lines = [sentence(name), "", *(f"- **{what}:** {text}" for what, text in found)]
        parent = nodes.Element()
        self.state.nested_parse(StringList(lines, source=name), self.content_offset, parent)
        return parent.children


def setup(app):
    app.add_directive("mistake", Describe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
