"""Is this gradient of a network right, and if not, which mistake made it wrong?

`check_grads` compares with the numerical derivative. `diagnose` goes further: it looks, among the `mistakes` that people
make, for those that reproduce the wrong gradient to its last entry, and says in words what it found.
"""

import inspect
import re
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable
from copy import deepcopy
from html import escape
from itertools import chain, count, islice, product, repeat
from textwrap import fill
from typing import NamedTuple

import numpy as np

from .activations import identity, sigmoid, softmax, tanh
from .arguments import FUSED, GRAD, VJP, as_it_is, check_function, check_layers, promises
from .contracts import Array, all_finite, bare, check_kind
from .gradcheck import CheckResult, compare, nudge
from .layers import dense_vjp
from .losses import bce, cross_entropy, half_mse, sigmoid_bce, softmax_cross_entropy
from .mistakes import MISTAKES, Net
from .network import forward, init_params, value_and_grad
from .search import Case, agree, effects, grads_of, progress, rounding, run, search, touched

SMOOTH = {identity, sigmoid, tanh, softmax}  # any other activation may bend where its input changes sign
ROUNDING = {np.dtype(np.float64): 1e-9, np.dtype(np.float32): 1e-5}  # between two ways to compute one gradient

# Right or wrong, beside the numerical derivative --------------------------------------------------------------------


def pairs_on_trial(name, key, grads, given):
    """A pair for every layer, of arrays of real numbers; their shapes and values are what is judged."""
    check_layers(name, key, grads, ("dW", "db"), len(given["params"]))
    for k, pair in enumerate(grads):
        for letter, array in zip("Wb", pair):
            check_kind(name, f"{key}[{k}] d{letter}", array, kinds="f")


@promises(real=True, as_given=True, leave=as_it_is, grads=pairs_on_trial)
def check_grads(params: list, acts: list, x: Array, t: Array, loss, grads: list | None = None) -> CheckResult:
    """Is this gradient right? Compare every entry with the numerical derivative of the loss.

    Parameters
    ----------
    params, acts, x, t, loss
        As for `value_and_grad`.
    grads : list of (dW, db), optional
        The gradients on trial; those of `value_and_grad` if left out.

    Returns
    -------
    result : CheckResult
        True when every entry is right; printed, it names the layer and the entry that are wrong, and both values.
        Entries where a unit changes sides within the step, as a ReLU may, are counted and not judged.

    Raises
    ------
    ValueError, TypeError, FloatingPointError
        If the network, the batch and the loss do not fit, or `grads` has not one pair per layer. A gradient of another
        shape is no error but a verdict.

    Notes
    -----
    Shown in chapter 11 and appendix A.
    """
    if grads is None:
        _, grads = value_and_grad(params, acts, x, t, loss)
    exact = [(np.array(W, dtype=float), np.array(b, dtype=float)) for W, b in params]
    x, t = np.array(x, dtype=float), np.array(t, dtype=float)

    def value_and_sides(params):
        """The loss, and on which side of its bend every unit stands."""
        y, trace = forward(params, acts, x)
        return loss(y, t), [z > 0 for (_, z, _), act in zip(trace, acts) if act not in SMOOTH]

    size, _ = value_and_sides(exact)
    entries = []
    parameters = [(k, j, f"layer {k + 1} {'Wb'[j]}") for k in range(len(params)) for j in range(2)]
    for k, j, name in progress(parameters, "numerical derivatives"):
        expected, kinks = np.empty(exact[k][j].shape), np.zeros(exact[k][j].shape, dtype=bool)
        for i in np.ndindex(expected.shape):
            up, down = nudge(exact[k][j], i, 1e-5)
            (above, sides), (below, others) = (value_and_sides(with_entry(exact, k, j, array)) for array in (up, down))
            expected[i] = (above - below) / (up[i] - down[i])
            kinks[i] = any((s != o).any() for s, o in zip(sides, others))
        note = f"{kinks.sum()} not checkable: a unit crosses 0 within the step" if kinks.any() else ""
        entries.append(compare(name, grads[k][j], expected, kinks, size, note))
    return CheckResult(tuple(entries))


def with_entry(params, k, j, array):
    """`params` with array j of layer k replaced."""
    pair = (array, params[k][1]) if j == 0 else (params[k][0], array)
    return [*params[:k], pair, *params[k + 1 :]]


# What a diagnosis is ------------------------------------------------------------------------------------------------

HEAD = {
    "right": "Right: every gradient agrees with nnlib's backward pass.",
    "named": "Wrong, and explained to the last entry:",
    "ambiguous": "Wrong, and this batch cannot tell {} explanations apart:",
    "unknown": "Wrong, and no mistake on the list explains it, nor do two of them together.",
    "bad_input": "This cannot be the gradient of the network.",
}
EXPLAINED = ("unknown", "named", "ambiguous")  # by none, by one, by several
SHOWN = 5  # explanations at most


class Cause(NamedTuple):
    """A mistake that explains gradients, and where it was made."""

    name: str  #: as in the list of mistakes
    layer: int | None  #: counted from 1; None where there are several
    scope: str  #: "everywhere", "hidden layers", or "layer 2"
    parameter: str  #: whose gradients it spoils: "W", "b", or "W and b"
    sentence: str  #: what happened, for a human
    chapter: int  #: to read: it derives the rule, though another may build the function
    rule: str  #: the line of nnlib to look at

    def __str__(self):
        return f"{self.sentence} Look at {self.rule}, and at chapter {self.chapter}."


class Diagnosis(NamedTuple):
    """What `diagnose` found; true when all is right. Print it, or end a notebook cell with it."""

    status: str  #: "right", "named", "ambiguous", "unknown", or "bad_input"
    explanations: tuple = ()  #: the alternatives, each a tuple of the causes that act together
    entries: tuple = ()  #: of CheckEntry, one per parameter: its worst entry, beside the right value
    remarks: tuple = ()  #: sentences: the evidence, what else was seen, what to try next
    params: tuple = ()  #: of the network, for its drawing

    @property
    def causes(self) -> tuple:
        """The causes of all explanations."""
        return tuple(dict.fromkeys(chain.from_iterable(self.explanations)))

    @property
    def head(self) -> str:
        """The verdict, in one sentence."""
        return HEAD[self.status].format(len(self.explanations))

    def __bool__(self):
        return self.status == "right"

    def __str__(self):
        lines = [self.head]
        for explanation in self.explanations[:SHOWN]:
            for mark, cause in zip(chain("-", repeat("+")), explanation):
                lines.append(fill(str(cause), 78, initial_indent=f"  {mark} ", subsequent_indent="    "))
        if len(self.explanations) > SHOWN:
            lines.append(f"  - and {len(self.explanations) - SHOWN} more")
        return "\n".join(lines + [fill(remark, 78) for remark in self.remarks])

    __repr__ = __str__

    def _repr_html_(self):
        """The same with a table, and the wrong gradients marked on a drawing of the network."""
        parts = [f"<p {INK}><b>{escape(self.head)}</b></p>"]
        if self.explanations:
            causes = ["<br/>and: ".join(map(as_html, explanation)) for explanation in self.explanations[:SHOWN]]
            parts.append(f"<ul {INK}>{''.join(f'<li {INK}>{cause}</li>' for cause in causes)}</ul>")
        parts += [f"<p {INK}>{escape(remark)}</p>" for remark in self.remarks]
        if wrong := [entry.name for entry in self.entries if not entry.ok]:
            parts += [table(self.entries), drawing(self.params, wrong)]
        return CARD.format("\n".join(filter(None, parts)))


# A light card with its own ink, as figures are: no theme of a page makes it illegible.
CARD = """\
<figure class="diagnosis" style="background:#fff;color:#1f2430;border:1px solid #d5d9e0;border-radius:8px;\
margin:0;padding:12px;text-align:left">
{}
</figure>"""
INK = 'style="color:inherit;background:none;margin-top:0;margin-bottom:6px"'
CELL = 'style="padding:2px 14px 2px 0;text-align:left"'


def as_html(cause):
    return f"{escape(cause.sentence)} Look at <code {INK}>{escape(cause.rule)}</code>, and at chapter {cause.chapter}."


def table(entries):
    head = "".join(f'<th scope="col" {CELL}>{title}</th>' for title in ("gradient", "verdict", "got", "expected"))
    rows = ""
    for entry in entries:
        cells = "".join(f"<td {CELL}>{escape(words)}</td>" for words in in_words(entry))
        rows += f'<tr {INK}><th scope="row" {CELL}>d{entry.name}</th>{cells}</tr>\n'
    return f"<table {INK}><thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody></table>"


def in_words(entry):
    """The verdict on one gradient, and the two numbers that show it, in as many digits as it takes."""
    if entry.ok:
        return "right", "", ""
    if entry.at is None:
        return f"wrong: {entry.note}", "", ""
    digits = next(n for n in range(4, 18) if f"{entry.got:.{n}g}" != f"{entry.expected:.{n}g}")
    place = f"wrong at {list(entry.at)}".replace(", ", ",\N{NO-BREAK SPACE}")
    return place, f"{entry.got + 0:.{digits}g}", f"{entry.expected:.{digits}g}"  # + 0: no minus zero


def drawing(params, wrong):
    """The network with the wrong gradients marked, as an <img>; nothing where matplotlib is missing."""
    try:
        from .explore import data_uri
        from .plots import compose, draw_network, svg
    except ImportError:
        return ""
    sizes = sizes_of(params)
    size = (1.6 * len(sizes), 0.4 * min(max(sizes), 8) + 1)
    picture = svg(compose(lambda ax: draw_network(ax, params, mark=wrong), size=size))
    words = f"Network {'-'.join(map(str, sizes))}, the wrong gradients marked: {', '.join(wrong)}."
    return f'<img alt="{words}" src="{data_uri(picture)}" style="max-width:100%;filter:none"/>'


def sizes_of(params):
    return [params[0][0].shape[1], *(len(b) for _, b in params)]


# In words -----------------------------------------------------------------------------------------------------------


def cause(case, made):
    """A mistake that was found, as a reader is told of it."""
    mistake, edit, layers, constant = made
    if len(layers) == 1:
        layer, scope, place = layers[0] + 1, f"layer {layers[0] + 1}", f"in layer {layers[0] + 1}"
    elif len(case.right) - 1 in layers:
        layer, scope, place = None, "everywhere", "everywhere"
    else:
        layer, scope, place = None, "hidden layers", "in the hidden layers"
    if edit.only:
        place = f"for {edit.only} {place}"
    wrong = set(chain.from_iterable(touched(case, made)))
    parameter = " and ".join("Wb"[j] for j in sorted(wrong))
    sentence = mistake.sentence.format(place=place, constant=f"{constant:.6g}", detail=edit.detail)
    rule = {"W": "dW", "b": "db", "δ": "activation"}.get(edit.only, mistake.rule)
    return Cause(
        mistake.name, layer, scope, parameter, sentence, mistake.chapter, line_of_nnlib(case.net, rule, layers[-1])
    )


def line_of_nnlib(net, rule, k):
    """The line in which nnlib follows a rule in layer k."""
    is_last = k == len(net.acts) - 1
    if rule == "activation" and is_last and net.loss in FUSED:
        rule = "loss"  # which has the output's activation inside
    elif rule == "loss" and not is_last:
        rule = "dW"
    function = {"loss": GRAD[net.loss], "activation": VJP[net.acts[k]]}.get(rule, dense_vjp)
    start = f"{rule} = " if function is dense_vjp else "return "
    try:
        lines = map(str.strip, inspect.getsource(function).splitlines())
    except (OSError, TypeError):  # what a reader has added to a table may have no source
        return function.__name__
    line = next((line for line in lines if line.startswith(start)), "").removeprefix("return ")
    return f"{function.__name__}: {re.split('  #| if ', line)[0]}"


def evidence(entries):
    """The worst entry of the first wrong layer, counted from the output."""
    wrong = [entry for entry in entries if not entry.ok]
    layer = wrong[-1].name[1:]
    of_layer = (entry for entry in wrong if entry.name[1:] == layer)
    worst = max(
        of_layer, key=lambda entry: round(entry.worst, 9)
    )  # a common factor errs alike in W and b: rounding does not choose
    _, got, expected = in_words(worst)
    seen = (
        f"d{worst.name}{list(worst.at)} is {got}, expected {expected}." if expected else f"d{worst.name} {worst.note}."
    )
    names = ", ".join(f"d{entry.name}" for entry in wrong)
    return f"{seen} Wrong: {names}. Counted from the output, layer {layer} is the first wrong one."


def clues(case, entries):
    """What there is to say of gradients that nothing on the list explains."""
    net, grads, right = case.net, case.grads, [grads_of(s) for s in case.right]

    def equal(got, want, judged=(1, 0)):
        return all(agree(pair, other, rounding(other, case.tolerance), judged) for pair, other in zip(got, want))

    def times(factor, pairs):
        return [(factor * dW, factor * db) for dW, db in pairs]

    wrong = [(int(entry.name[1:]) - 1, "Wb".index(entry.name[0]), entry) for entry in entries if not entry.ok]
    k, j, _ = wrong[-1]
    both = len(wrong) > 1 and wrong[-2][0] == k
    line = line_of_nnlib(net, "activation" if both else ("dW", "db")[j], k)
    yield f"{'Both gradients' if both else 'One gradient'} of layer {k + 1} {'are' if both else 'is'} wrong: look at {line}."
    factors = [(k, j, entry.name, entry.got / entry.expected) for k, j, entry in wrong if entry.expected]
    if factors and equal(grads, times(factors[-1][-1], right)):
        yield f"Every gradient is {factors[-1][-1]:.6g} times the right one."
    else:
        alike = defaultdict(list)
        for k, j, name, factor in factors:
            if equal([grads[k]], times(factor, [right[k]]), [j]):
                alike[f"{factor:.6g}"].append(f"d{name}")
        for factor, several in alike.items():
            yield f"{', '.join(several)} {'is' if len(several) == 1 else 'are each'} {factor} times the right one."
    for loss in GRAD:
        if equal(grads, map(grads_of, run(net._replace(g=bare(GRAD[loss])(net.trace[-1][2], net.t))))):
            yield f"It is the gradient of another loss, {loss.__name__}."
    if equal(grads[::-1], right):
        yield "It is right, but listed from the output on: nnlib lists the first layer first."


def advice(net):
    """Which batch would tell more, where this one is not the best."""
    sizes = sizes_of(net.params)
    wishes = {
        f"a batch of {good_batch(sizes)}": len(net.t) < 3 or len(net.t) in sizes,
        "at least 3 outputs": sizes[-1] < 3,
        "layers of different sizes": len(set(sizes)) < len(sizes),
    }
    if any(wishes.values()):
        yield f"To see more, try {' and '.join(wish for wish, wanted in wishes.items() if wanted)}."


def good_batch(sizes):
    """7, or the next number that is no size of the network: then no shapes fit by chance, and 1/N is no other factor."""
    return next(n for n in count(7) if n not in sizes)


def limits(case):
    """What would look right too, and what this network cannot show."""
    done = {
        mistake.name: {what for _, found in effects(case, mistake) for what in found.values()} for mistake in MISTAKES
    }
    unseen = [name for name, what in done.items() if "nothing" in what and "changes" not in what]
    unfit = [name for name, what in done.items() if "unfit" in what and not what & {"nothing", "changes"}]
    if unseen:
        yield f"On this batch these would look right too: {', '.join(unseen)}."
    if unfit:
        yield f"Where sizes differ, these cannot be made: {', '.join(unfit)}; a square network shows them."
    yield from advice(case.net)


# Which mistake: in gradients ----------------------------------------------------------------------------------------


def anything(name, key, grads, given):
    """Whatever it is, it is part of the diagnosis."""


def read_grads(grads, params):
    """The gradients as arrays of whatever shapes; raises where they cannot be gradients."""
    check_layers("diagnose", "grads", grads, ("dW", "db"), len(params))
    single = params[0][0].dtype == np.float32
    return [
        (read_array(f"grads[{k}] dW", dW, single), read_array(f"grads[{k}] db", db, single))
        for k, (dW, db) in enumerate(grads)
    ]


def read_array(key, X, single):
    if isinstance(X, (list, tuple)):
        try:
            X = np.array(X, dtype=float)
        except (ValueError, TypeError):
            raise ValueError(f"diagnose: {key} must be an array, got a list that cannot be turned into one") from None
    check_kind("diagnose", key, X, kinds="f")
    if not np.size(X) or not all_finite(X):
        got = np.ravel(X)[~np.isfinite(np.ravel(X))][:1]
        raise ValueError(f"diagnose: {key} must hold finite numbers, got {got[0] if got.size else 'none'}")
    return np.asarray(X, dtype=np.float32 if single or getattr(X, "dtype", None) == np.float32 else float)


@promises(real=True, as_given=True, leave=as_it_is, grads=anything)
def diagnose(params: list, acts: list, x: Array, t: Array, loss, grads: list) -> Diagnosis:
    """Name the mistake that made these gradients wrong.

    Parameters
    ----------
    params, acts, x, t, loss
        As for `value_and_grad`. A batch of 7, at least 3 outputs and layers of different sizes tell most mistakes apart.
    grads : list of (dW, db)
        The gradients on trial, from any code. Wrong shapes are part of the diagnosis.

    Returns
    -------
    diagnosis : Diagnosis
        Printed, it names the mistake and the place, shows two numbers, and says which line of nnlib to look at; in a
        notebook it marks the wrong gradients on a drawing too. Its `status` is

        - "right";
        - "named": one explanation, by one mistake or two together, reproduces every entry;
        - "ambiguous": several do, on this batch;
        - "unknown": none does; the remarks say where the error enters, and a common factor if there is one;
        - "bad_input": `grads` cannot be a gradient of this network: too few pairs, None, NaN.

    Raises
    ------
    ValueError, TypeError, FloatingPointError
        If the network, the batch and the loss do not fit.

    Notes
    -----
    Shown in appendix A, with the list of mistakes.
    """
    try:
        grads = read_grads(grads, params)
    except (ValueError, TypeError) as complaint:
        return Diagnosis("bad_input", remarks=(f"{complaint}.",))
    params = [(np.array(W, dtype=float), np.array(b, dtype=float)) for W, b in params]
    t = np.array(t, dtype=float)
    y, trace = forward(params, acts, np.array(x, dtype=float))
    net = Net(params, acts, trace, t, loss, GRAD[loss](y, t))
    case = Case.of(net, grads, max(ROUNDING[X.dtype] for X in chain.from_iterable(grads)))
    entries = tuple(
        compare(f"{letter}{k}", got, want, np.zeros(want.shape, dtype=bool), max(np.abs(X).max() for X in grads_of(s)))
        for k, (pair, s) in enumerate(zip(grads, case.right), start=1)
        for letter, got, want in zip("Wb", pair, grads_of(s))
    )
    if all(entry.ok for entry in entries):
        return Diagnosis("right", (), entries, tuple(limits(case)), params)

    remarks, found = [evidence(entries)], search(case)
    if not found and any(entry.at is None for entry in entries):  # a shape is wrong
        straight = Case.of(net, straighten(case), case.tolerance)
        if all(agree(pair, grads_of(s), slack) for pair, s, slack in zip(straight.grads, case.right, case.slack_right)):
            remarks.append("The numbers are right, the shapes are not.")
        elif found := search(straight):
            remarks.append("This holds when the axes of length 1 that do not belong are dropped.")
    status = EXPLAINED[min(len(found), 2)]
    if status == "unknown":
        remarks += [*clues(case, entries), *advice(net)]
    if status == "ambiguous":
        remarks += list(advice(net)) or ["Another batch, loss or activation may tell them apart."]
    explanations = tuple(tuple(cause(case, made) for made in together) for together in found)
    return Diagnosis(status, explanations, entries, tuple(remarks), params)


def straighten(case):
    """The gradients on trial, without the axes of length 1 that do not belong there."""

    def straight(got, want):
        fits = got.squeeze().shape == want.squeeze().shape
        return got if got.shape == want.shape else got.reshape(want.shape) if fits else got.squeeze()

    return [(straight(dW, s.dW), straight(db, s.db)) for (dW, db), s in zip(case.grads, case.right)]


# Which mistake: in a function ---------------------------------------------------------------------------------------

USUAL_LOSS = {identity: softmax_cross_entropy, softmax: cross_entropy, sigmoid: bce}


def fill_in(given):
    """What was left out: a network of three layers, and the loss that goes with its output."""
    acts = given["acts"]
    if given["rng"] is None:
        given["rng"] = np.random.default_rng(0)
    if given["sizes"] is None and isinstance(acts, (list, tuple, type(None))):
        n_layers = 3 if acts is None else len(acts)
        given["sizes"] = [*islice((n for n in count(4) if n != 7), n_layers), 3]
    if acts is None and isinstance(given["sizes"], (list, tuple)):
        acts = given["acts"] = [tanh] * (len(given["sizes"]) - 2) + [identity]
    if given["loss"] is None and isinstance(acts, (list, tuple)) and acts:
        given["loss"] = USUAL_LOSS.get(acts[-1], half_mse)


def function_on_trial(name, key, my_backward, given):
    check_function(name, key, my_backward)


@promises(as_given=True, before=fill_in, leave=as_it_is, my_backward=function_on_trial)
def diagnose_function(
    my_backward: Callable,
    sizes: list | None = None,
    acts: list | None = None,
    loss=None,
    rng: np.random.Generator | None = None,
) -> Diagnosis:
    """Name the mistake in a backward pass, by running it where mistakes look different from one another.

    It is run on a batch of 7 through a network whose sizes are all different, and through a square one, which shows the
    transposes; what holds for both is reported.

    Parameters
    ----------
    my_backward : function
        ``my_backward(params, acts, x, t) -> grads``, a list of (dW, db). It gets copies, so that it cannot change what it is
        judged by.
    sizes : list of int, optional
        Units per layer, [4, 5, 6, 3] if left out; best all different, none 7, and the last at least 3.
    acts : list of functions, optional
        One per layer, tanh and `identity` in the last if left out.
    loss : function, optional
        A key of `GRAD`. If left out, what goes with the last activation: `softmax_cross_entropy` with `identity`,
        `cross_entropy` with `softmax`, `bce` with `sigmoid`, else `half_mse`.
    rng : numpy.random.Generator, optional
        Draws the parameters and the batch; of seed 0 if left out.

    Returns
    -------
    diagnosis : Diagnosis
        As of `diagnose`. A function that raises or returns no gradients has the status "bad_input".

    Raises
    ------
    ValueError, TypeError
        If `my_backward` is no function, or the others make no network.

    Notes
    -----
    Shown in appendix A.
    """
    return combine([try_out(my_backward, shape, acts, loss, rng) for shape in (sizes, [4] * len(sizes))])


def try_out(my_backward, sizes, acts, loss, rng):
    """One network, one batch, one diagnosis, and what the function did beside returning gradients."""
    params = [(W, rng.normal(0, 0.5, b.shape)) for W, b in init_params(sizes, rng)]
    N = good_batch(sizes)
    x, t = rng.normal(0, 1, (N, sizes[0])), targets(loss, (N, sizes[-1]), rng)
    given = deepcopy([params, x, t])
    try:
        grads = my_backward(given[0], list(acts), *given[1:])
    except Exception as error:  # whatever it is, it is the reader's, and part of the diagnosis
        frames = traceback.extract_tb(error.__traceback__)[1:]
        line = [f" at `{frame.line}`" for frame in frames if frame.filename == frames[0].filename][-1:]
        raised = f"my_backward raised {type(error).__name__}{''.join(line)}: {error}."
        return Diagnosis("bad_input", remarks=(raised,), params=params), []
    notes, diagnosis = [], diagnose(params, acts, x, t, loss, grads)
    changed = [
        name for name, now, before in zip(("params", "x", "t"), given, (params, x, t)) if not unchanged(now, before)
    ]
    if changed:
        notes.append(f"my_backward changed its {' and '.join(changed)}: nnlib's functions never change an argument.")
    if diagnosis.entries and any(getattr(X, "dtype", None) == np.float32 for pair in grads for X in pair):
        notes.append("my_backward returned float32 for parameters of float64, so it was judged by five digits.")
    return diagnosis._replace(params=params), notes


def targets(loss, shape, rng):
    """Random targets of the kind that a loss takes."""
    if loss in (cross_entropy, softmax_cross_entropy):
        return np.eye(shape[1])[rng.integers(shape[1], size=shape[0])]
    return rng.integers(0, 2, shape).astype(float) if loss in (bce, sigmoid_bce) else rng.uniform(0, 1, shape)


def unchanged(now, before):
    if isinstance(before, (list, tuple)):
        return len(now) == len(before) and all(map(unchanged, now, before))
    return np.array_equal(now, before)


def combine(trials):
    """What the diagnoses of several networks say together, the first of which counts most.

    An explanation holds if it is one, or part of one, on every network: what its sizes forbid, a network cannot show.
    """
    diagnoses = [d for d, _ in trials]
    judged = [d for d in diagnoses if d.status != "bad_input"]
    wrong = [d for d in judged if d.status != "right"]
    holds = {}
    for choice in product(*(d.explanations or [()] * (d.status == "right") for d in judged)):
        longest = max(choice, key=len, default=())
        if longest and all(Counter(names(other)) <= Counter(names(longest)) for other in choice):
            holds.setdefault(names(longest), longest)
    status = EXPLAINED[min(len(holds), 2)] if wrong else diagnoses[0].status
    shown = next((d for d in wrong if d.status == status), (wrong or diagnoses)[0])
    said = defaultdict(list)  # a sentence, and the networks of which it is true
    for d in diagnoses:
        if d.status == "right":
            sentences = ["it is right."]
        elif d is shown and status == "unknown":
            sentences = d.remarks
        else:
            sentences = d.remarks[: d is shown or d.status == "bad_input"]  # what happened, but no advice
        for sentence in sentences:
            said[sentence].append("-".join(map(str, sizes_of(d.params))))
    remarks = [f"On {' and on '.join(networks)}: {sentence}" for sentence, networks in said.items()]
    if wrong and not holds and all(d.explanations for d in wrong):
        remarks.append("What explains one network does not explain the other.")
    notes = dict.fromkeys(chain.from_iterable(notes for _, notes in trials))
    return Diagnosis(status, tuple(holds.values()), shown.entries, (*remarks, *notes), shown.params)


def names(explanation):
    return tuple(sorted(cause.name for cause in explanation))
