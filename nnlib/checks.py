"""Right or wrong, beside the numerical derivative: a whole network, or a chain of rules link by link."""

import numpy as np

from .activations import identity, sigmoid, softmax, tanh
from .arguments import as_it_is, check_function, check_layers, check_list, promises
from .contracts import Array, check_kind
from .gradcheck import CheckResult, check_vjp, compare, nudge
from .network import forward, value_and_grad
from .search import progress

SMOOTH = {identity, sigmoid, tanh, softmax}  # any other activation may bend where its input changes sign

# What the functions below require -----------------------------------------------------------------------------------


def pairs_on_trial(name, key, grads, given):
    """A pair for every layer, of arrays of real numbers; their shapes and values are what is judged."""
    check_layers(name, key, grads, ("dW", "db"), len(given["params"]))
    for k, pair in enumerate(grads):
        for letter, array in zip("Wb", pair):
            check_kind(name, f"{key}[{k}] d{letter}", array, kinds="f")


def links(name, key, pairs, given):
    check_list(name, key, pairs, "pairs (f, f_vjp)")
    for k, pair in enumerate(pairs):
        check_list(name, f"{key}[{k}]", pair, "functions (f, f_vjp)", 2)
        for part, function in zip(("f", "f_vjp"), pair):
            check_function(name, f"{key}[{k}] {part}", function)


# A network ------------------------------------------------------------------------------------------------------------


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


# A chain --------------------------------------------------------------------------------------------------------------


@promises(real=True, as_given=True, leave=as_it_is, pairs=links, x=("...",))
def check_chain(pairs: list, x: Array, rng: np.random.Generator) -> CheckResult:
    """Which link of a chain is wrong? Check the rule of each, at the value that reaches it.

    Parameters
    ----------
    pairs : list of (f, f_vjp)
        The links, first to last: each f takes the result of the one before, and ``f_vjp(g, out, x)`` is its rule.
    x : array
        What goes into the first.
    rng : numpy.random.Generator
        Where each g comes from.

    Returns
    -------
    result : CheckResult
        One entry per link, called by its number and name; the first that is not ok is the first wrong link.

    Notes
    -----
    Shown in appendix A. Links are checked apart from one another, so that a wrong one does not spoil those below it.
    """
    entries = []
    for number, (f, f_vjp) in enumerate(pairs, start=1):
        (entry,) = check_vjp(f, f_vjp, x, rng=rng).entries
        entries.append(entry._replace(name=f"link {number}, {getattr(f, '__name__', 'f')}"))
        x = f(x)
    return CheckResult(tuple(entries))
