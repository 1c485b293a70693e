"""Is this gradient of a network right, and if not, where is it wrong?"""

import numpy as np

from .activations import identity, sigmoid, softmax, tanh
from .contracts import Array, check_kind, requires
from .gradcheck import CheckResult, compare, nudge
from .network import check_layers, check_value_and_grad, forward, layer_shapes, value_and_grad

SMOOTH = {identity, sigmoid, tanh, softmax}  # any other activation may bend where its input changes sign


def check_trial(name, params, acts, x, t, loss, grads):
    check_value_and_grad(name, params, acts, x, t, loss, kinds="f")
    if grads is not None:
        check_layers(name, "grads", grads, ("dW", "db"), len(params))
        for key, _, array in layer_shapes("grads", grads, ("dW", "db")):
            check_kind(name, key, array, kinds="f")


@requires(check_trial)
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
    for k, j, name in progress([(k, j, f"layer {k + 1} {'Wb'[j]}") for k in range(len(params)) for j in range(2)]):
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


def progress(items):
    """A progress bar in a terminal, where tqdm is installed; silent elsewhere."""
    try:
        from tqdm import tqdm
    except ImportError:
        return items
    return tqdm(items, desc="numerical derivatives", disable=None, leave=False)
