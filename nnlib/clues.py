"""What there is to say of gradients that nothing on the list explains: factors, orders, and the slope that was used."""

from collections import defaultdict

import numpy as np

from .activations import sigmoid, softmax
from .arguments import GRAD
from .card import number
from .contracts import bare
from .mistakes import CLASSES, Edit, curved, has_above, last, not_first, passed
from .search import GRADIENTS, Made, agree, rounding, slot_of
from .slots import grads_of, run
from .verdict import line_of_nnlib


def clues(case, entries):
    """Sentences: where the error enters first, then what the numbers have in common with the right ones."""
    wrong = [(int(entry.name[1:]) - 1, "Wb".index(entry.name[0]), entry) for entry in entries if not entry.ok]
    yield pointer(case, wrong)
    yield from factors(case, wrong)
    if len(wrong) > 1 and wrong[-2][0] == wrong[-1][0]:  # both gradients of the layer, so δ
        yield from slope_used(case, wrong[-1][0])
    yield from clipped(case)
    yield from slips(case)
    yield from weighted(case, wrong)
    yield from other_gradients(case)


def pointer(case, wrong):
    """The lines of nnlib to compare with, for the first wrong layer counted from the output."""
    k, j, _ = wrong[-1]
    both = len(wrong) > 1 and wrong[-2][0] == k
    lines = [line_of_nnlib(case.net, "activation" if both else ("dW", "db")[j], k)]
    if both and k + 1 == len(case.right) and (loss := line_of_nnlib(case.net, "loss", k)) not in lines:
        lines.insert(0, loss)
    if both and k + 1 < len(case.right):
        lines.append(f"the way back through layer {k + 2}, {line_of_nnlib(case.net, 'dx', k + 1)}")
    which = f"Both gradients of layer {k + 1} are" if both else f"One gradient of layer {k + 1} is"
    return f"{which} wrong: look at {', and at '.join(lines)}."


def equal(case, got, want, judged=(1, 0)):
    return all(agree(pair, other, rounding(other, case.tolerance), judged) for pair, other in zip(got, want))


def factors(case, wrong):
    """Which gradients are the right ones but for a factor; of a single number that says nothing."""
    right = [grads_of(s) for s in case.right]
    ratios = [(k, j, entry, entry.got / entry.expected) for k, j, entry in wrong if entry.expected and entry.got]
    alike = defaultdict(list)
    for k, j, entry, ratio in ratios:
        if right[k][j].size > 1 and equal(case, [case.grads[k]], [[ratio * X for X in right[k]]], [j]):
            alike[number(ratio)].append((f"d{entry.name}", ratio))
    for words, several in alike.items():
        if equal(case, case.grads, [[several[0][1] * X for X in pair] for pair in right]):
            ratio = several[0][1]
            size = np.sqrt(sum((X**2).sum() for pair in case.grads for X in pair if X is not None))
            if abs(size - size.round(2)) < 1e-9:
                loss = f"all together have the norm {size:g}: they were scaled by their norm, or clipped to it"
                yield f"Every gradient is {words} times the right one, and {loss}."
                continue
            step = f", or if it is the step, at learning rate {number(-ratio)}" if -1 < ratio < 0 else ""
            loss = f"it is right if your loss is {words} times nnlib's{step}"
            yield f"Every gradient is {words} times the right one: {loss}."
        else:
            names = ", ".join(name for name, _ in several)
            yield f"{names} {'is' if len(several) == 1 else 'are each'} {words} times the right one."


def slope_used(case, k):
    """The slope in layer k, read off δ; δ is known from dW where no more examples are than inputs."""
    s, (dW, _) = case.right[k], case.grads[k]
    N, n_in = s.x.shape
    if dW is None or np.shape(dW) != s.dW.shape or N > n_in or np.linalg.cond(s.x) > 1e6 or case.net.penalty:
        return
    delta = np.linalg.lstsq(s.x.T, np.asarray(dW, dtype=float).T, rcond=None)[0]
    if np.abs(delta.T @ s.x - dW).max() > 1e-9 * np.abs(dW).max() or np.abs(s.g).min() < 1e-9 * np.abs(s.g).max():
        return  # nothing of this kind, or g is 0 somewhere
    used, belongs = delta / s.g, s.at_z / s.g
    for letter, of in (("a", s.a), ("z", s.z)):
        if letter in (words := polynomial(of, used, letter)) and words != (right := polynomial(s.a, belongs, "a")):
            instead = f", where {right} belongs" if right else ""
            yield f"In layer {k + 1} the gradient that arrives was multiplied by {words}{instead}."
            return
    if (words := on_each_side(s.z, used)) and words != (right := on_each_side(s.z, belongs)):
        yield f"In layer {k + 1} the gradient that arrives was multiplied by {words}, where {right or 'f′(z)'} belongs."


def on_each_side(z, values):
    """Values as one polynomial in z where it is negative, and another where it is positive, in words."""
    below, above = (polynomial(z[side], values[side], "z") for side in (z < 0, z > 0))
    return f"{below} where z < 0 and {above} where z > 0" if below and above and below != above else ""


def polynomial(of, values, letter):
    """Values as a polynomial of degree 2 in something, in words; nothing where they are none."""
    A = np.stack([np.ones(of.size), of.ravel(), of.ravel() ** 2], axis=1)
    p, _, rank, _ = np.linalg.lstsq(A, values.ravel(), rcond=1e-9)
    if rank < 3 or len(A) < 6 or np.abs(A @ p - values.ravel()).max() > 1e-6 * max(1, np.abs(values).max()):
        return ""
    terms = [(c, power) for c, power in zip(p.round(6), ("", letter, f"{letter}²")) if c]
    words = "".join(
        (" + " if c > 0 else " − ") + (power if power and abs(c) == 1 else f"{abs(c):g}{' ' * bool(power)}{power}")
        for c, power in terms
    )
    return words.removeprefix(" + ").replace(" − ", "−", 1).strip() if words.startswith(" − ") else words[3:] or "0"


def clipped(case):
    """Whether every gradient is the right one, cut off at a largest size that several entries have; or its sign."""
    got = [X for pair in case.grads for X in pair if X is not None]
    most = max(np.abs(X).max() for X in got)
    signs = [[most * np.sign(X) for X in grads_of(s)] for s in case.right]
    if sum(X.size for X in got) > 4 and equal(case, case.grads, signs):
        yield f"Every entry is ±{number(most)}, with the right sign, as Adam's first step has it."
        return
    if sum(int((np.abs(X) == most).sum()) for X in got) > 2:
        right = [[np.clip(X, -most, most) for X in grads_of(s)] for s in case.right]
        if equal(case, case.grads, right):
            yield f"It is right, but clipped to ±{number(most)}: compare it before it is clipped."


def below(s):
    """The slope of the layer below, where its a belongs."""
    x, z, a = s.net.trace[s.k - 1]
    return passed(s, np.ones_like(a), s.net.acts[s.k - 1], a, z)


def compared_with(outputs):
    """p - t, for other probabilities p."""
    return lambda s: s.net.scale * (outputs(s.z) - s.net.t) / len(s.net.t)


def decided(z):
    return np.eye(z.shape[1])[z.argmax(axis=1)]


def of_classes(s):
    return last(s) and (s.net.loss, s.act) in CLASSES


def against_each_target(s):
    y, t = np.broadcast_arrays(s.a, s.net.t.T)
    return s.net.scale * bare(GRAD[s.net.loss])(y, t)


SLIPS = (  # what is no choice in a slot by itself, each with where it can be made, and what happened
    (
        not_first,
        dict(dx=lambda s: s.for_x[:, -1:] * s.W_back[-1]),
        "What went back through layer {} is that of its last neuron alone: over its neurons it adds up, += for =",
    ),
    (
        not_first,
        dict(dx=lambda s: s.for_x[:, :1] * s.W_back[0]),
        "What went back through layer {} is that of its first neuron alone: over its neurons it adds up",
    ),
    (
        lambda s: last(s) and s.net.t.shape[1] == 1,
        dict(
            at_z=lambda s: passed(s, s.net.scale * bare(GRAD[s.net.loss])(s.a, np.full_like(s.net.t, s.net.t.mean())))
        ),
        "Every output of layer {} was compared with the mean target: (N, 1) beside (N,) is (N, N) for NumPy",
    ),
    (
        lambda s: last(s) and s.net.t.shape[1] == 1,
        dict(at_z=lambda s: passed(s, against_each_target(s))),
        "Every output of layer {} was compared with every target: (N, 1) beside (N,) is (N, N) for NumPy",
    ),
    (
        of_classes,
        dict(at_z=lambda s: compared_with(lambda z: bare(softmax)(bare(softmax)(z)))(s)),
        "Softmax was applied twice in layer {}",
    ),
    (
        of_classes,
        dict(at_z=lambda s: compared_with(bare(sigmoid))(s)),
        "The outputs of layer {} went through sigmoid, where softmax belongs",
    ),
    (
        of_classes,
        dict(at_z=lambda s: compared_with(decided)(s)),
        "The targets were compared in layer {} with decisions, argmax, where probabilities belong",
    ),
    (
        not_first,
        dict(through=lambda s: s.net.params[s.k - 1][0]),
        "What went back through layer {} was multiplied by the W of the layer below it",
    ),
    (
        has_above,
        dict(through=lambda s: s.net.params[s.k + 1][0]),
        "What went back through layer {} was multiplied by the W of the layer above it",
    ),
    (
        not_first,
        dict(into=below),
        "dW of layer {} was made with the slope of the layer below, where its a belongs",
    ),
    (
        curved,
        dict(at_z=lambda s: s.g * passed(s, np.ones_like(s.a)).mean(axis=0)),
        "The slope of layer {} was averaged over the batch, where every example has its own",
    ),
)


def slips(case):
    """What else was done in one layer, but for a common factor, if that makes all of these gradients."""
    right = [grads_of(s) for s in case.right]
    for where, slots, sentence in SLIPS:
        edit = Edit(slots)
        for k in (k for k, s in enumerate(case.right) if where(s)):
            made = [[slot_of(s, slot) for slot in GRADIENTS] for s in run(case.net, [Made(None, edit, (k,))])]
            made = [
                (dW.T if dW is not None and dW.shape != np.shape(mine[0]) == dW.T.shape else dW, db)
                for mine, (dW, db) in zip(case.grads, made)
            ]
            c = common_factor(case.grads, made)
            if c and equal(case, case.grads, [[c * X for X in pair] for pair in made]) and not equal(case, made, right):
                beside = f", and all is {number(c)} times as large" if abs(c - 1) > 1e-6 else ""
                yield f"{sentence.format(k + 1)}{beside}."


def weighted(case, wrong):
    """Whether the examples count alike: a gradient is a sum over them, in which each has its share."""
    N, said = len(case.net.t), {}
    for k, j, entry in wrong:
        s, got = case.right[k], case.grads[k][j]
        if N < 3 or np.shape(got) != grads_of(s)[j].shape:
            continue
        shares = (s.delta[:, :, None] * s.x[:, None, :] if j == 0 else s.delta).reshape(N, -1)
        if shares.shape[1] > N + 1:
            counts = np.linalg.lstsq(shares.T, np.ravel(got), rcond=None)[0]
        else:  # too few numbers to tell how much each counts; but not whether it is one of them alone
            counts = min((*np.eye(N), *(N * np.eye(N))), key=lambda one: np.abs(one @ shares - np.ravel(got)).max())
        nearest = counts.round(6)
        if np.abs(nearest @ shares - np.ravel(got)).max() <= 1e-5 * np.abs(got).max() and np.ptp(nearest) > 1e-3:
            said.setdefault(tuple(nearest + 0.0), []).append(f"d{entry.name}")
    for counts, arrays in said.items():
        in_loop = any(name.startswith("dW") for name in arrays)
        yield f"In {', '.join(arrays)} {how_they_count(np.array(counts), in_loop)}."


def how_they_count(counts, in_loop):
    """Which examples count, and how often."""
    N, there = len(counts), np.flatnonzero(counts)
    if len(there) and np.ptp(counts[there]) == 0 and counts[there[0]] > 0:
        divisor = number(N / counts[there[0]])
        if len(there) == 1:
            early = ": a return inside the loop ends it" if in_loop and there[0] == 0 else ""
            return f"example {there[0] + 1} of {N} alone counts, divided by {divisor}{early}"
        missing = ", ".join(str(n + 1) for n in range(N) if n not in there)
        return (
            f"example{'s' * (len(there) < N - 1)} {missing} of {N} did not count; the others are divided by {divisor}"
        )
    often = ", ".join(number(c, 4) for c in counts)
    running = ": a sum that runs on was added at every step" if np.ptp(np.diff(counts)) < 1e-5 else ""
    return f"the examples count {often} times, where each counts once{running}"


def common_factor(got, made):
    """How many times as large the largest array on trial is, by least squares; 0 where the shapes differ."""
    pairs = [two for pairs in zip(got, made) for two in zip(*pairs) if two[0] is not None]
    if any(np.shape(X) != np.shape(Y) for X, Y in pairs):
        return 0
    X, Y = (np.concatenate([np.ravel(two[j]) for two in pairs]) for j in (0, 1))
    return X @ Y / (Y @ Y) if Y.any() and X.size > 4 else 0


def other_gradients(case):
    """Whether it is the gradient of something else."""
    net = case.net
    for loss in GRAD:
        g = bare(GRAD[loss])(net.trace[-1][2], net.t) if loss is not net.loss else None
        if g is not None and equal(case, case.grads, map(grads_of, run(net._replace(g=g, loss=loss)))):
            yield f"It is the gradient of another loss, {loss.__name__}."
    yield from shared(case)
    yield from stepped(case)
    if equal(case, case.grads[::-1], [grads_of(s) for s in case.right]):
        yield "It is right, but listed from the output on: nnlib lists the first layer first."


def shared(case):
    """Whether all layers were written into one array, as in a list [zeros] * 3."""
    right = [grads_of(s) for s in case.right]
    if len(right) < 2 or len({tuple(X.shape for X in pair) for pair in right}) > 1:
        return
    written = {"their sum": tuple(sum(X) for X in zip(*right)), "what was written last": right[0]}
    for words, pair in written.items():
        if equal(case, case.grads, [pair] * len(right)):
            yield f"The gradients of all layers are one array, which holds {words}: [zeros] * n is n times the same."
            return


def stepped(case):
    """Whether these are the parameters after a step, and not its gradients."""
    pairs = list(zip(case.grads, case.net.params, map(grads_of, case.right)))
    triples = [three for layer in pairs for three in zip(*layer) if three[0] is not None]
    if any(np.shape(got) != X.shape for got, X, _ in triples):
        return
    got, X, dX = (np.concatenate([np.ravel(three[j]) for three in triples]) for j in range(3))
    rate = (X - got) @ dX / (dX @ dX)
    if abs(rate) > 1e-6 and np.abs(X - rate * dX - got).max() <= 10 * case.tolerance * np.abs(X).max():
        words = f"These are the parameters after a step with learning rate {number(rate)}, not their gradients"
        yield f"{words}: grads_of_step takes code that steps."
