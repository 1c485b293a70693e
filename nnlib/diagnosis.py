"""If a gradient of a network is wrong, which mistake made it so? In gradients, and in a function that makes them.

`diagnose` looks, among the `mistakes` that people make, for those that reproduce the wrong gradient to its last
entry, and says in words what it found.
"""

import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from itertools import chain, count, islice, product
from typing import NamedTuple, cast

import numpy as np

from .activations import identity, sigmoid, softmax, tanh
from .arguments import (
    GRAD,
    VJP,
    as_it_is,
    check_function,
    check_layers,
    check_list,
    check_number,
    check_sizes,
    promises,
)
from .card import number, sizes_of
from .clues import clues, slope_used
from .contracts import Array, all_finite, bare, brief, check_arrays, check_flag, check_kind
from .conventions import EXAMPLES, WEIGHTS, Convention, by_layer, conventions, how_many_fit, missing, straight, upright
from .gradcheck import check_vjp, compare, numerical_grad, relative_error
from .losses import bce, cross_entropy, half_mse, sigmoid_bce, softmax_cross_entropy
from .mistakes import MISTAKES, Mistake
from .network import init_params
from .search import Case, agree, search, widest
from .slots import Net, grads_of
from .verdict import EXPLAINED, Cause, Diagnosis, advice, cause, evidence, good_batch, is_own, limits

ROUNDING = {np.dtype(np.float64): 1e-9, np.dtype(np.float32): 1e-5}  # between two ways to compute one gradient
NEARLY = 1e-5  # of a gradient that a small constant in a quotient or a logarithm may move

# What the functions below require -----------------------------------------------------------------------------------


class Brought(NamedTuple):
    """Gradients on trial, and which layers have no b."""

    grads: list
    without_b: list


class Sizes(list):
    """Units per layer; with those of a square network beside them."""

    square = None


def penalty_promised(name, key, penalty, given):
    """("l1" or "l2", strength), and whose it is if not of W alone; returns all three."""
    check_list(name, key, penalty, 'such things as "l2", its strength, and "W and b" if it is not of W alone')
    kind, strength, whose = (*penalty, "W")[:3] if 1 < len(penalty) < 4 else (None, None, None)
    if kind not in ("l1", "l2") or whose not in ("W", "W and b"):
        raise ValueError(f'{name}: {key} must be such as ("l2", 0.01) or ("l1", 0.01, "W and b"), got {brief(penalty)}')
    return kind, check_number(name, f"{key}[1]", strength), whose


def mistakes_promised(name, key, mistakes, given):
    check_list(name, key, mistakes, "entries that nnlib.mistakes.mistake has made")
    for k, entry in enumerate(mistakes):
        if not isinstance(entry, Mistake):
            got = type(entry).__name__
            raise TypeError(f"{name}: {key}[{k}] must be made by nnlib.mistakes.mistake, got {got}")


def one_of(known):
    """A promise to be one of a few words."""

    def check(name, key, word, given):
        if not isinstance(word, str) or word not in known:
            raise ValueError(f"{name}: {key} must be {' or '.join(map(repr, known))}, got {brief(word)}")

    return check


def anything(name, key, value, given):
    """On trial: what is wrong with it is the diagnosis."""


def with_zeros(given):
    """A layer (W, None) has the b of one without a bias, 0, and no gradient of b on trial."""
    params, t = given["params"], given["t"]
    if isinstance(t, np.ndarray) and t.dtype.kind in "iu" and t.ndim == 1:
        raise TypeError("diagnose: t must have one column per class, got class numbers; pass one_hot(t, n_classes)")
    if is_list_of_pairs(params) and any(b is None for _, b in params):
        given["grads"] = Brought(given["grads"], [b is None for _, b in params])
        given["params"] = with_biases(params)


def with_biases(params):
    return [(W, np.zeros(len(W), W.dtype) if b is None and isinstance(W, np.ndarray) else b) for W, b in params]


def is_list_of_pairs(layers):
    is_list = isinstance(layers, (list, tuple))
    return is_list and all(isinstance(layer, (list, tuple)) and len(layer) == 2 for layer in layers)


def fill_in(given):
    """What was left out: a network of three layers, and the loss that goes with its output."""
    acts = given["acts"]
    if given["rng"] is None:
        given["rng"] = np.random.default_rng(0)
    if given["sizes"] is None and isinstance(acts, (list, tuple, type(None))):
        n_layers = 3 if acts is None else len(acts)
        given["sizes"] = Sizes([*islice((n for n in count(4) if n != 7), n_layers), 3])
        given["sizes"].square = [5] * (n_layers + 1)
    if acts is None and isinstance(given["sizes"], (list, tuple)):
        acts = given["acts"] = [tanh] * (len(given["sizes"]) - 2) + [identity]
    if given["loss"] is None and isinstance(acts, (list, tuple)) and acts:
        given["loss"] = USUAL_LOSS.get(acts[-1], half_mse)


def sizes_promised(name, key, sizes, given):
    """With those of a square network, which shows the transposes; an output size that was given stays."""
    checked = Sizes(check_sizes(name, key, sizes, given))
    K = checked[-1]
    checked.square = getattr(sizes, "square", None) or [K if 3 <= K <= 12 else 5] * (len(checked) - 1) + [K]
    return checked


def pairs_in_any_layout(name, key, params, given):
    check_layers(name, key, params, ("W", "b"))
    for k, pair in enumerate(params):
        for letter, array in zip("Wb", pair):
            if letter == "W" or array is not None:  # some layers have no bias
                check_arrays(name, [(f"{key}[{k}] {letter}", ("...",), array)], "f")


def batch_in_any_layout(name, key, array, given):
    """Numbers of any shape, class numbers among them."""
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iu":
        check_arrays(name, [(key, ("...",), array)], "f")
    if not np.ndim(array) or not np.size(array):
        raise ValueError(f"{name}: expected {key} (N, ...), got {np.shape(array)}: it is no batch")


# Which mistake: in gradients ------------------------------------------------------------------------------------------


def read_grads(grads, params):
    """The gradients as arrays of whatever shapes, None for a b that is not there; raises where they are none."""
    grads, without_b = grads if isinstance(grads, Brought) else (grads, [b is None for _, b in params])
    grads = by_layer(grads, params)
    check_layers("diagnose", "grads", grads, ("dW", "db"), len(params))
    single = params[0][0].dtype == np.float32
    return [
        (read_array(f"grads[{k}] dW", dW, single), None if without else read_array(f"grads[{k}] db", db, single))
        for k, ((dW, db), without) in enumerate(zip(grads, without_b))
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


@promises(
    real=True,
    as_given=True,
    before=with_zeros,
    leave=as_it_is,
    grads=anything,
    penalty=penalty_promised,
    mistakes=mistakes_promised,
)
def diagnose(
    params: list,
    acts: list,
    x: Array,
    t: Array,
    loss,
    grads: list,
    *,
    penalty: tuple | None = None,
    mistakes: list = MISTAKES,
) -> Diagnosis:
    """Name the mistake that made these gradients wrong.

    Parameters
    ----------
    params, acts, x, t, loss
        As for `value_and_grad`. A batch of 7, at least 3 outputs and layers of different sizes tell most mistakes
        apart. A layer without a bias is (W, None).
    grads : list of (dW, db)
        The gradients on trial, from any code: a list, or a dictionary of names such as "dW1". Wrong shapes are part
        of the diagnosis.
    penalty : ("l2", strength) or ("l1", strength), optional
        What the loss adds for the weights: strength / 2 times the sum of their squares, or strength times the sum of
        their absolute values. A third word, "W and b", says that the biases have it too.
    mistakes : list
        The mistakes to look for.

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

    Notes
    -----
    Shown in appendix A, with the list of mistakes. A search that is interrupted returns what it has found so far.
    """
    try:
        grads = read_grads(grads, params)
    except (ValueError, TypeError) as complaint:
        return Diagnosis("bad_input", remarks=(f"{complaint}.",))
    return judge(params, acts, x, t, loss, grads, penalty or (), mistakes)


def judge(params, acts, x, t, loss, grads, penalty, mistakes, value=None, turned=False):
    """The diagnosis of gradients that have been read, and of the value of the loss that came with them."""
    tolerance = max(ROUNDING[X.dtype] for X in chain.from_iterable(grads) if X is not None)
    params = [tuple(np.array(X, dtype=float) for X in pair) for pair in with_biases(params)]
    x, t = np.array(x, dtype=float), np.array(t, dtype=float)
    net = Net.of(params, acts, x, t, loss, penalty)
    if wrong := foreign_rule(net):
        return Diagnosis("named", ((wrong,),), params=params)

    flat = (
        [(upright(dW, W), straight(db, b)) for (dW, db), (W, b) in zip(grads, params)] if len(t) > 1 else grads
    )  # or no sum shows
    bent = {
        (f"d{letter}", np.shape(X)): (letter, P.shape)
        for mine, straightened, theirs in zip(grads, flat, params)
        for letter, X, Y, P in zip("Wb", mine, straightened, theirs)
        if np.shape(X) != np.shape(Y)
    }
    proviso = [f"with {dX} as {shape}, for {X} as {right}" for (dX, shape), (X, right) in bent.items()][:1]
    case = Case.of(net, flat, tolerance, mistakes)._replace(turned=turned)
    entries = compared(case)
    losses, returned = scales(net), []
    if value is not None:
        losses, returned = own_loss(net, value, all(entry.ok for entry in entries))
    for words, scale in (("", 1.0), *losses):
        if right_at(case, scale):
            if returned and not words:
                return Diagnosis("named", ((other_loss(net, *returned),),), entries, (), "", params)
            proviso = [f"for a loss that is {words} times {loss.__name__}", *proviso] if words else proviso
            return Diagnosis("right", (), compared(case, scale), tuple(limits(case)), " and ".join(proviso), params)
    diagnosis = explained(case, entries, losses, returned, params)
    if diagnosis.status == "unknown" and nearly_right(case, entries) and not returned:
        n = int(-np.log10(max(entry.worst for entry in entries)))
        digits = f"to {n} digits, as where a small ε keeps a quotient or a logarithm finite"
        entries = tuple(entry._replace(tolerance=NEARLY) for entry in entries)
        return Diagnosis("right", (), entries, tuple(limits(case)), " and ".join([digits, *proviso]), params)
    return diagnosis


def nearly_right(case, entries):
    """Whether the gradients differ by little, and not in a few entries alone, which would be a mistake in these."""
    pairs = [two for pair, s in zip(case.grads, case.right) for two in zip(pair, grads_of(s)) if two[0] is not None]
    if max(entry.worst for entry in entries) > NEARLY:
        return False
    off = [np.abs(got - want)[want != 0] > 1e-12 * np.abs(want).max() for got, want in pairs]
    return all(np.mean(here) > 0.5 for here, entry in zip(off, entries) if not entry.ok)


def compared(case, scale=1.0):
    """Every gradient on trial beside that of nnlib."""
    right = (
        case.right if scale == case.net.scale else Case.of(case.net._replace(g=scale * case.net.g), case.grads).right
    )
    turn = np.transpose if case.turned else np.asarray
    return tuple(
        compare(f"{letter}{k}", turn(got), turn(want), turn(np.zeros(want.shape, dtype=bool)), largest(s))
        for k, (pair, s) in enumerate(zip(case.grads, right), start=1)
        for letter, got, want in zip("Wb", pair, grads_of(s))
        if got is not None
    )


def largest(s):
    """The size of the largest number in the gradients of a layer."""
    return max(np.abs(X).max() for X in grads_of(s))


def right_at(case, scale):
    return all(entry.ok for entry in compared(case, scale))


def explained(case, entries, losses, returned, params):
    """The explanations of wrong gradients, or what else there is to say of them."""
    found, finished = look(case, losses)
    if len(own := {words for words, _ in found}) == 1 and own != {""}:  # beside the gradients of the owner's loss
        entries = compared(case, dict(losses)[own.pop()])
    said = [evidence(entries)]
    if not found and any(entry.at is None for entry in entries):  # a shape is wrong
        straightened = Case.of(case.net, straighten(case), case.tolerance, case.mistakes)
        if all(agree(pair, grads_of(s), e) for pair, s, e in zip(straightened.grads, case.right, case.slack_right)):
            said.append("The numbers are right, the shapes are not.")
        else:
            found, finished = look(straightened, losses)
            said += ["This holds when the axes of length 1 that do not belong are dropped."] * bool(found)
    explanations = tuple(tuple(cause(case, made) for made in together) for _, together in found)
    if not found and returned:
        return Diagnosis("named", ((other_loss(case.net, *returned),),), entries, tuple(said), "", params)
    status = EXPLAINED[min(len(found), 2)]
    said += [
        f"Your loss is {words} times {case.net.loss.__name__}; that is no mistake."
        for words in {w for w, _ in found if w}
    ]
    if returned and not any(words for words, _ in found):
        said.append(f"{other_value(case.net, *returned)}.")
    said += [f"If your loss is {words} times {case.net.loss.__name__}, {so}." for words, so in excuses(explanations)]
    if status == "unknown":
        said += [*clues(case, entries), *advice(case.net)]
    if status == "ambiguous":
        said += list(advice(case.net)) or ["Another batch, loss or activation may tell them apart."]
    if not finished:
        said.append("The search was interrupted: there may be other explanations.")
    return Diagnosis(status, explanations, entries, tuple(said), "", params)


def look(case, losses):
    """The distinct explanations, and whether the search came to its end."""
    found = []
    try:
        found.extend(search(case, losses))
    except KeyboardInterrupt:
        return widest(found), False
    return widest(found), True


FACTORS = {"missing_1/N": "N", "factor_2": "2", "factor_1/2": "½", "mean_over_outputs": "1/K", "double_1/N": "1/N"}


def excuses(explanations):
    """A common factor may be the loss that somebody means: how many times nnlib's it then is, and what follows."""
    if len(explanations) == 1:
        for cause in explanations[0]:
            if cause.name in FACTORS and cause.scope in ("everywhere", "layer 1") and cause.parameter == "W and b":
                yield FACTORS[cause.name], "that is no mistake" if len(explanations[0]) > 1 else "nothing is wrong"


def straighten(case):
    """The gradients on trial, without the axes of length 1 that do not belong there."""

    def straightened(got, want):
        if got is None or got.shape == want.shape:
            return got
        return got.reshape(want.shape) if got.squeeze().shape == want.squeeze().shape else got.squeeze()

    return [(straightened(dW, s.dW), straightened(db, s.db)) for (dW, db), s in zip(case.grads, case.right)]


# The loss and the rules that are not nnlib's --------------------------------------------------------------------------


def scales(net):
    """Usual losses of which nnlib's is a part, and how many times nnlib's they are: those that have no other name."""
    N, K = net.t.shape
    usual = {"2/K": 2 / K, "2N": 2 * N} if net.loss is half_mse else {}
    return tuple((words, scale) for words, scale in usual.items() if scale not in (1, 2, 1 / 2, N, 1 / K, 1 / N))


def own_loss(net, value, is_right):
    """How many times nnlib's loss a value is, and what there is to say if it is another number."""
    loss, penalty = bare(net.loss)(net.trace[-1][2], net.t), penalty_of(net)
    ratio = (value - penalty) / loss
    if abs(ratio - 1) < 1e-6:
        return (), []
    N, K = net.t.shape
    names = {"2": 2, "½": 1 / 2, "N": N, "1/K": 1 / K, "2/K": 2 / K, "2N": 2 * N, "1/N": 1 / N}
    words = next((words for words, scale in names.items() if abs(ratio / scale - 1) < 1e-6), number(ratio))
    return ((words, names.get(words, ratio)),), [value, loss + penalty]


def penalty_of(net):
    """What the penalty adds to the loss."""
    if not net.penalty:
        return 0.0
    kind, strength, whose = net.penalty
    arrays = [X for pair in net.params for letter, X in zip("Wb", pair) if letter in whose]
    return strength * sum((X**2).sum() / 2 if kind == "l2" else abs(X).sum() for X in arrays)


def other_value(net, value, expected):
    return (
        f"The loss that is returned is {number(value)}, where {net.loss.__name__} of this network is {number(expected)}"
    )


def other_loss(net, value, expected):
    """The cause where the value that came with the gradients is no multiple of the loss that has these gradients."""
    sentence = (
        f"{other_value(net, value, expected)}: the forward pass or the loss is another one, and these gradients do not "
        "belong to it."
    )
    return Cause("other_loss", None, "everywhere", "W and b", sentence, 6, f"{net.loss.__name__}")


def foreign_rule(net):
    """A rule that was added to a table and is no derivative of its function, as a cause."""
    rng = np.random.default_rng(0)
    for k, act in enumerate(net.acts):
        if not is_own(VJP[act]):
            z, a = (X[:7] for X in net.trace[k][1:])
            fault = not_like(VJP[act](np.ones_like(z), a, z), z, "z")
            if fault or not check_vjp(act, VJP[act], z, rng=rng):
                return wrong_rule(f"VJP[{act.__name__}]", act, fault, k + 1, 4)
    if not is_own(GRAD[net.loss]):
        y, t = net.trace[-1][2][:7], net.t[:7]
        got = GRAD[net.loss](y, t)
        fault = not_like(got, y, "y")
        if fault or relative_error(got, numerical_grad(lambda y: net.loss(y, t), y)) > 1e-6:
            return wrong_rule(f"GRAD[{net.loss.__name__}]", net.loss, fault, len(net.acts), 6)
    return None


def not_like(got, X, key):
    """How what a rule returns differs in kind from the array that belongs there, in words."""
    if not isinstance(got, np.ndarray):
        return f"returns a {type(got).__name__}, where an array of the shape of {key} belongs"
    return f"returns an array {got.shape}, where {key} is {X.shape}" if got.shape != X.shape else ""


def wrong_rule(entry, function, fault, layer, chapter):
    fault = fault or f"is not the derivative of {function.__name__}"
    sentence = f"The rule {entry} that was added {fault}, so it can judge nothing."
    return Cause("wrong_rule", layer, f"layer {layer}", "W and b", sentence, chapter, entry)


# Which mistake: in a function -----------------------------------------------------------------------------------------

USUAL_LOSS = {identity: softmax_cross_entropy, softmax: cross_entropy, sigmoid: bce}


@promises(
    as_given=True,
    before=fill_in,
    leave=as_it_is,
    my_backward=check_function,
    sizes=sizes_promised,
    examples=one_of(EXAMPLES),
    weights=one_of(WEIGHTS),
    penalty=penalty_promised,
    mistakes=mistakes_promised,
)
def diagnose_function(
    my_backward: Callable,
    sizes: list | None = None,
    acts: list | None = None,
    loss=None,
    rng: np.random.Generator | None = None,
    *,
    examples: str = "rows",
    weights: str = "out in",
    penalty: tuple | None = None,
    mistakes: list = MISTAKES,
) -> Diagnosis:
    """Name the mistake in a backward pass, by running it where mistakes look different from one another.

    It is run on a batch of 7 through a network whose sizes are all different, and through a square one, which shows the
    transposes; what holds for both is reported. Where it is not right, and other conventions are, that is the verdict.

    Parameters
    ----------
    my_backward : function
        ``my_backward(params, acts, x, t) -> grads``, a list of (dW, db) or a dictionary of names such as "dW1"; or
        ``-> (loss, grads)``, and then the value is compared too. It gets copies, so that it cannot change what it is
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
    examples : "rows" or "columns"
        How `my_backward` has one example in x and t.
    weights : "out in" or "in out"
        How it has W, with the inputs of a neuron in a row or in a column.
    penalty, mistakes
        As for `diagnose`.

    Returns
    -------
    diagnosis : Diagnosis
        As of `diagnose`. A function that raises or returns no gradients has the status "bad_input".

    Notes
    -----
    Shown in appendix A.
    """
    sizes, acts = cast(Sizes, sizes), cast(list, acts)  # what was left out is filled in by now
    problems = [problem(shape, acts, loss, rng, penalty or ()) for shape in (sizes, sizes.square)]
    told = Convention(examples, weights)
    convention, words = recognised(my_backward, problems[0], told)
    if unsteady := two_answers(my_backward, problems[0], convention):
        return Diagnosis("bad_input", remarks=(unsteady,), params=problems[0].params)
    trials = [trial(my_backward, one, convention, mistakes) for one in problems]
    diagnosis = combine(trials)
    if diagnosis.status == "unknown":
        wide = problem([*range(len(acts) + 8, 8, -1), sizes[-1]], acts, loss, rng, penalty or ())
        diagnosis = diagnosis._replace(remarks=(*diagnosis.remarks, *slope_on(my_backward, wide, convention)))
    if words and diagnosis.status == "right":
        return diagnosis._replace(proviso=" and ".join(filter(None, [f"with {', '.join(words)}", diagnosis.proviso])))
    return diagnosis._replace(remarks=(*diagnosis.remarks, *(f"It was run with {word}." for word in words)))


class Problem(NamedTuple):
    """A network and a batch, drawn at random."""

    params: list
    acts: list
    x: Array
    t: Array
    loss: Callable
    penalty: tuple

    @property
    def sizes(self):
        return sizes_of(self.params)

    def without_biases(self):
        return self._replace(params=[(W, None) for W, _ in self.params])


def problem(sizes, acts, loss, rng, penalty):
    params = [(W, rng.normal(0, 0.5, b.shape)) for W, b in init_params(sizes, rng)]
    N = good_batch(sizes)
    return Problem(params, acts, rng.normal(0, 1, (N, sizes[0])), targets(loss, (N, sizes[-1]), rng), loss, penalty)


def targets(loss, shape, rng):
    """Random targets of the kind that a loss takes."""
    if loss in (cross_entropy, softmax_cross_entropy):
        return np.eye(shape[1])[rng.integers(shape[1], size=shape[0])]
    return rng.integers(0, 2, shape).astype(float) if loss in (bce, sigmoid_bce) else rng.uniform(0, 1, shape)


class Outcome(NamedTuple):
    """What a function did on a problem."""

    problem: Problem  #: without biases, if it has none
    grads: Sequence = ()  #: in nnlib's shapes, as far as they fit
    value: float | None = None  #: of the loss, if it came with them
    complaint: str = ""  #: why there are no gradients
    notes: tuple = ()  #: what else it did

    def right_shapes(self):
        """How many gradients have the shapes of their parameters; -1 where there are none."""
        if self.complaint:
            return -1
        pairs = zip(self.grads, self.problem.params)
        return sum(np.shape(X) == np.shape(P) for pair, ps in pairs for X, P in zip(pair, ps) if X is not None)


def outcome(my_backward, problem, convention):
    """Run a function on a problem, in its owner's convention."""
    params, acts, x, t, *_ = problem
    given, before = (convention.hand(params, x, t) for _ in range(2))
    try:
        returned = my_backward(given[0], list(acts), *given[1:])
    except Exception as error:  # whatever it is, it is the reader's, and part of the diagnosis
        return Outcome(problem, complaint=raised(error))
    value, grads = taken_apart(returned, params)
    grads = by_layer(grads, params)
    if (
        is_list_of_pairs(grads)
        and len(grads) == len(params)
        and params[0][1] is not None
        and all(db is None for _, db in grads)
    ):
        without = outcome(my_backward, problem.without_biases(), convention)
        if without.complaint:  # it has a b then, and makes no gradient for it
            return Outcome(problem, complaint=f"db is None in every layer, and without b {without.complaint}")
        return without
    if isinstance(grads, dict) and (absent := missing(grads, params)):
        return Outcome(problem, complaint=absent)
    try:
        grads = convention.take(read_grads(grads, params), params)
    except (ValueError, TypeError) as complaint:
        return Outcome(problem, complaint=f"{complaint}.")
    notes = []
    if changed := [name for name, now, then in zip(("params", "x", "t"), given, before) if not unchanged(now, then)]:
        notes.append(f"my_backward changed its {' and '.join(changed)}: nnlib's functions never change an argument.")
    if any(X is not None and X.dtype == np.float32 for pair in grads for X in pair):
        notes.append("my_backward returned float32 for parameters of float64, so it was judged by five digits.")
    return Outcome(problem, grads, value, notes=tuple(notes))


def two_answers(my_backward, problem, convention):
    """What there is to say of a function that answers one question in two ways."""
    first, second = (numbers(outcome(my_backward, problem, convention)) for _ in range(2))
    if first.shape == second.shape and np.allclose(first, second, rtol=1e-7):
        return ""
    third = numbers(outcome(my_backward, problem, convention))
    if first.shape == second.shape == third.shape and np.allclose(third - second, second - first, rtol=1e-6):
        grown = "its gradients grow by the same amount at every call"
        return f"Asked the same again, {grown}: they are added up, and never set back to zero."
    kept = "it draws random numbers, as dropout does, or keeps something from one call for the next"
    return f"Asked the same again, my_backward gives another answer: {kept}."


def numbers(did):
    """All gradients of an outcome in one array of their own, which a later call cannot change."""
    arrays = [np.ravel(X) for pair in did.grads for X in pair if X is not None]
    return np.concatenate(arrays or [np.empty(0)])


def raised(error):
    """What a reader's function raised, and in which line of it."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    line = [f" at `{frame.line}`" for frame in frames if frame.filename == frames[0].filename][-1:]
    return f"my_backward raised {type(error).__name__}{''.join(line)}: {error}."


def taken_apart(returned, params):
    """(loss, grads), (grads, loss), or the loss beside all of them in one list; or None and grads."""
    if isinstance(returned, (list, tuple)) and len(returned) > 1:
        for value, rest in ((returned[0], returned[1:]), (returned[-1], returned[:-1])):
            grads = rest[0] if len(rest) == 1 else rest
            if is_number(value) and how_many_fit(by_layer(grads, params), params) > len(params):
                return float(value), grads
        if is_number(returned[0]) and len(returned) == 2 and isinstance(returned[1], (list, tuple, dict)):
            return float(returned[0]), returned[1]
    return None, returned


def is_number(value):
    return isinstance(value, (int, float, np.number, np.ndarray)) and np.ndim(value) == 0


def unchanged(now, before):
    if isinstance(before, (list, tuple)):
        return len(now) == len(before) and all(map(unchanged, now, before))
    return before is None or np.array_equal(now, before)


def trial(my_backward, problem, convention, mistakes):
    """One network, one batch, one diagnosis, and what the function did beside returning gradients."""
    did = outcome(my_backward, problem, convention)
    if did.complaint:
        return Diagnosis("bad_input", remarks=(did.complaint,), params=problem.params), did.notes
    params, acts, x, t, loss, penalty = did.problem
    turned = (convention.weights == "in out") != convention.turned
    diagnosis = judge(params, acts, x, t, loss, did.grads, penalty, mistakes, did.value, turned)
    return diagnosis._replace(params=with_biases(params)), did.notes


def is_right(did):
    """Whether these are the gradients of nnlib's loss, or of a multiple that has a name."""
    params, acts, x, t, loss, penalty = did.problem
    net = Net.of(with_biases(params), acts, x, t, loss, penalty)
    if did.complaint or foreign_rule(net):
        return False
    case = Case.of(net, did.grads)
    return any(right_at(case, scale) for scale in (1.0, *(scale for _, scale in scales(net))))


def recognised(my_backward, problem, told):
    """The convention in which a function is right, or fits best; and how that differs from what was told."""
    found, best = told, outcome(my_backward, problem, told)
    expected = sum(P is not None for pair in best.problem.params for P in pair)
    if best.right_shapes() < expected:
        turned = told._replace(turned=True)
        for convention in (*conventions(told, problem.loss, problem.sizes[-1]), turned):
            did = outcome(my_backward, problem, convention)
            if did.right_shapes() > best.right_shapes() and convention is not turned:
                found, best = convention, did
            if did.right_shapes() == expected and is_right(did):
                found = convention
                break
    return found, found._replace(biases=told.biases).beside(told)


def slope_on(my_backward, wide, convention):
    """What a network with no more examples than inputs tells of the slope that was used."""
    did = outcome(my_backward, wide, convention)
    if did.complaint:
        return
    params, acts, x, t, loss, penalty = did.problem
    case = Case.of(Net.of(with_biases(params), acts, x, t, loss, penalty), did.grads)
    wrong = [int(entry.name[1:]) - 1 for entry in compared(case) if not entry.ok]
    yield from slope_used(case, max(wrong)) if wrong else ()


def combine(trials):
    """What the diagnoses of several networks say together, the first of which counts most."""
    diagnoses = [d for d, _ in trials]
    judged = [d for d in diagnoses if d.status != "bad_input"]
    wrong = [d for d in judged if d.status != "right"]
    holds = common(judged)
    status = EXPLAINED[min(len(holds), 2)] if wrong else diagnoses[0].status if not judged else judged[0].status
    shown = next((d for d in wrong if d.status == status), (wrong or judged or diagnoses)[0])
    remarks = [*on_each(diagnoses, shown, status)]
    if wrong and not holds and all(d.explanations for d in wrong):
        remarks.append("What explains one network does not explain the other.")
    notes = dict.fromkeys(chain.from_iterable(notes for _, notes in trials))
    proviso = next((d.proviso for d in judged if d.proviso), "") if status == "right" else shown.proviso
    return Diagnosis(status, tuple(holds.values()), shown.entries, (*remarks, *notes), proviso, shown.params)


def common(judged):
    """The explanations that are one, or part of one, on every network: what its sizes forbid, a network cannot show."""
    holds = {}
    for choice in product(*(d.explanations or [()] * (d.status == "right") for d in judged)):
        longest = max(choice, key=len, default=())
        if longest and all(Counter(names(other)) <= Counter(names(longest)) for other in choice):
            holds.setdefault(names(longest), longest)
    return holds


def names(explanation):
    return tuple(sorted(cause.name for cause in explanation))


def on_each(diagnoses, shown, status):
    """What happened on each network, each sentence once; advice of the one that is shown alone."""
    said = defaultdict(list)  # a sentence, and the networks of which it is true
    for d in diagnoses:
        if d.status == "right":
            sentences = ["it is right."]
        elif d is shown and status == "unknown":
            sentences = [*d.remarks[:1], *a_factor(d)] if d.explanations else d.remarks  # which do not hold elsewhere
        elif d is shown:
            sentences = [*d.remarks[:1], *(remark for remark in d.remarks[1:] if "loss" in remark)]
        else:
            sentences = d.remarks[: d.status == "bad_input"]  # what happened, but no advice
        for sentence in sentences:
            said[sentence].append("-".join(map(str, sizes_of(d.params))))
    return [f"On {' and on '.join(networks)}: {sentence}" for sentence, networks in said.items()]


def a_factor(diagnosis):
    """What every wrong gradient seems to be multiplied by, if that is one number."""
    wrong = [entry for entry in diagnosis.entries if not entry.ok and entry.expected]
    ratios = {round(entry.got / entry.expected, 9) for entry in wrong}
    if len(ratios) == 1 and len(wrong) == len(diagnosis.entries):
        yield f"Every gradient is {number(ratios.pop())} times the right one, as far as their worst entries show."


# Code that updates in place -------------------------------------------------------------------------------------------


@promises(
    real=True,
    step=check_function,
    params=pairs_in_any_layout,
    x=batch_in_any_layout,
    t=batch_in_any_layout,
    one_by_one=check_flag,
)
def grads_of_step(
    step: Callable, params: list, x: Array, t: Array, learning_rate: float, one_by_one: bool = False
) -> list:
    r"""The gradients that are in an update, for code that steps and returns none.

    Parameters
    ----------
    step : function
        ``step(params, x, t, learning_rate)`` changes `params` in place, or returns the new ones. It gets copies.
    params : list of (W, b)
        In whatever layout it takes them.
    x, t : arrays
        The batch, as it takes it; t may be class numbers.
    learning_rate : float
        The rate of its step; about 0.01 keeps most digits.
    one_by_one : bool
        Whether it takes one example at a time: it is then given ``x[n]`` and ``t[n]``, each with fresh copies, and the
        mean of the gradients is returned.

    Returns
    -------
    grads : list of (dW, db)
        :math:`(W - W_\text{after}) / \eta`, shaped like `params`.

    Notes
    -----
    Shown in appendix A. A step that goes through its batch example by example moves W in between, so that the gradient
    found is no gradient at one place: give it its examples one by one.
    """
    if not one_by_one:
        return difference(step, params, np.array(x), np.array(t), learning_rate)
    each = [difference(step, params, np.array(x[n]), np.array(t[n]), learning_rate) for n in range(len(x))]
    return [tuple(None if X[0] is None else sum(X) / len(x) for X in zip(*pairs)) for pairs in zip(*each)]


def difference(step, params, x, t, rate):
    """What one step has taken from the parameters, divided by its rate."""
    now = [tuple(None if X is None else np.array(X) for X in pair) for pair in params]
    after = step(now, x, t, rate)
    after = now if after is None else after
    check_layers("grads_of_step", "what step returns", after, ("W", "b"), len(params))
    return [tuple(None if X is None else (X - Y) / rate for X, Y in zip(*pairs)) for pairs in zip(params, after)]
