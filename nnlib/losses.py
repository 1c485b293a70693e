"""The losses: each is the mean over the batch of a loss per example, and starts the backward pass with its gradient.

The 1/N of that mean enters in the gradients of this module and nowhere else. Targets t have exactly the shape of the
predictions: (N,) against (N, 1) would be broadcast to (N, N), so it is refused.
"""

import numpy as np

from .activations import identity, sigmoid, softmax
from .arguments import FOLLOWS, FUSED, GRAD, promises
from .contracts import Array, contract, distributions, logits, targets, unit_interval

CERTAIN_OF_ONE = "p is 0 or 1 and t says otherwise; pass logits to sigmoid_bce instead"
CERTAIN_OF_CLASS = "p is 0 for a true class; pass logits to softmax_cross_entropy instead"


@promises()
def one_hot(labels: Array, n_classes: int, dtype=np.float64) -> Array:
    """Turn class numbers into rows of a single 1.

    Parameters
    ----------
    labels : array (N,) of whole numbers
        Class numbers, counted from 0.
    n_classes : int
        K, the number of classes.
    dtype : dtype
        float64 or float32.

    Returns
    -------
    t : array (N, K)
        ``t[n, k]`` is 1 where ``labels[n] == k``, else 0.

    Notes
    -----
    Built in chapter 6.
    """
    return (labels[:, None] == np.arange(n_classes)).astype(dtype)


@contract("N K, N K ->")
def half_mse(y: Array, t: Array):
    r"""Half the squared error per example: :math:`\frac{1}{2N} \sum_{nk} (y_{nk} - t_{nk})^2`.

    Parameters
    ----------
    y, t : arrays (N, K)
        Outputs and targets.

    Returns
    -------
    L : number

    Notes
    -----
    Built in chapter 6; article 000 (section 2.1). Article 002 uses twice this.
    """
    return ((y - t) ** 2).sum() / (2 * len(y))


@contract("N K, N K -> N K")
def half_mse_grad(y: Array, t: Array) -> Array:
    """The gradient of `half_mse`: ``dy = (y - t) / N``.

    Parameters
    ----------
    y, t : arrays (N, K)
        Outputs and targets.

    Returns
    -------
    dy : array (N, K)

    Notes
    -----
    Built in chapter 6; articles 000 and 002.
    """
    return (y - t) / len(y)


GRAD[half_mse] = half_mse_grad


@contract("N K, N K ->", CERTAIN_OF_ONE, p=unit_interval, t=unit_interval)
def bce(p: Array, t: Array):
    r"""Binary cross-entropy of probabilities.

    .. math:: -\frac1N \sum_{nk} [t_{nk} \log p_{nk} + (1 - t_{nk}) \log(1 - p_{nk})], \quad 0 \log 0 = 0

    Parameters
    ----------
    p, t : arrays (N, K)
        Probabilities and targets, between 0 and 1.

    Returns
    -------
    L : number

    Notes
    -----
    Built in chapter 6; article 004. With logits at hand, use `sigmoid_bce`.
    """
    log_p = np.log(np.where(t == 0, 1, p))
    log_q = np.log1p(-np.where(t == 1, 0, p))
    return -(t * log_p + (1 - t) * log_q).sum() / len(p)


@contract("N K, N K -> N K", CERTAIN_OF_ONE, p=unit_interval, t=unit_interval)
def bce_grad(p: Array, t: Array) -> Array:
    r"""The gradient of `bce`: :math:`dp = \frac{1}{N} \left( -\frac{t}{p} + \frac{1 - t}{1 - p} \right)`.

    Parameters
    ----------
    p, t : arrays (N, K)
        Probabilities and targets, between 0 and 1.

    Returns
    -------
    dp : array (N, K)

    Notes
    -----
    Built in chapter 6; article 004 (step 1).
    """
    return ((1 - t) / np.where(t == 1, 1, 1 - p) - t / np.where(t == 0, 1, p)) / len(p)


GRAD[bce] = bce_grad
FOLLOWS[bce] = sigmoid


@contract("N K, N K ->", CERTAIN_OF_CLASS, p=distributions, t=targets)
def cross_entropy(p: Array, t: Array):
    r"""Cross-entropy of probabilities: :math:`-\frac{1}{N} \sum_{nk} t_{nk} \log p_{nk}`, where 0 log 0 is 0.

    Parameters
    ----------
    p, t : arrays (N, K)
        Rows of probabilities; the rows of `t` are one-hot, or probabilities too.

    Returns
    -------
    L : number

    Notes
    -----
    Built in chapter 6; article 003. With logits at hand, use `softmax_cross_entropy`.
    """
    return -(t * np.log(np.where(t == 0, 1, p))).sum() / len(p)


@contract("N K, N K -> N K", CERTAIN_OF_CLASS, p=distributions, t=targets)
def cross_entropy_grad(p: Array, t: Array) -> Array:
    """The gradient of `cross_entropy`: ``dp = -t / p / N``.

    Parameters
    ----------
    p, t : arrays (N, K)
        Rows of probabilities; the rows of `t` are one-hot, or probabilities too.

    Returns
    -------
    dp : array (N, K)

    Notes
    -----
    Built in chapter 6; article 003.
    """
    return -t / np.where(t == 0, 1, p) / len(p)


GRAD[cross_entropy] = cross_entropy_grad
FOLLOWS[cross_entropy] = softmax


@contract("N K, N K ->", t=unit_interval)
def sigmoid_bce(z: Array, t: Array):
    r"""Binary cross-entropy of ``sigmoid(z)``, computed from the logits, summed over outputs.

    Per entry it is

    .. math:: t \max(-z, 0) + (1 - t) \max(z, 0) + \log(1 + e^{-|z|})

    in which nothing overflows, and a small loss keeps its digits.

    Parameters
    ----------
    z, t : arrays (N, K)
        Logits, and targets between 0 and 1.

    Returns
    -------
    L : number

    Notes
    -----
    Built in chapter 6; the cure for article 004's quotient.
    """
    wrong = np.where(z.real < 0, -t, 1 - t) * z
    return (wrong + np.log1p(np.exp(np.where(z.real < 0, z, -z)))).sum() / len(z)


@contract("N K, N K -> N K", t=unit_interval)
def sigmoid_bce_grad(z: Array, t: Array) -> Array:
    """The gradient of `sigmoid_bce`: ``dz = (sigmoid(z) - t) / N``.

    Parameters
    ----------
    z, t : arrays (N, K)
        Logits, and targets between 0 and 1.

    Returns
    -------
    dz : array (N, K)

    Notes
    -----
    Built in chapter 6; chapter 1 derives it for one neuron. Article 004 (step 1).
    """
    return (sigmoid(z) - t) / len(z)


GRAD[sigmoid_bce] = sigmoid_bce_grad
FUSED[sigmoid_bce] = sigmoid


@contract("N K, N K ->", z=logits, t=targets)
def softmax_cross_entropy(z: Array, t: Array):
    r"""Cross-entropy of ``softmax(z)``, computed from the logits.

    .. math:: \frac1N \sum_{nk} t_{nk} (\log\sum_j e^{z_{nj}} - z_{nk})

    The largest logit m of a row is taken out of the sum, so that nothing overflows and a small loss keeps its digits:
    :math:`\log\sum_j e^{z_j} = m + \log c + \log(1 + r / c)`, where c entries equal m and r is the sum of the other
    :math:`e^{z_j - m}`.

    Parameters
    ----------
    z, t : arrays (N, K)
        Logits, and rows that are one-hot or probabilities.

    Returns
    -------
    L : number

    Warns
    -----
    SuspiciousInput
        If the rows of `z` look like probabilities.

    Notes
    -----
    Built in chapter 6; article 003 with the full Jacobian.
    """
    z = z - z.max(axis=-1, keepdims=True)
    e = np.exp(z)
    c = (e * (z == 0)).sum(axis=-1, keepdims=True)
    r = (e * (z != 0)).sum(axis=-1, keepdims=True)
    return (t * (np.log(c) + np.log1p(r / c) - z)).sum() / len(z)


@contract("N K, N K -> N K", z=logits, t=targets)
def softmax_cross_entropy_grad(z: Array, t: Array) -> Array:
    """The gradient of `softmax_cross_entropy`: ``dz = (softmax(z) - t) / N``.

    Parameters
    ----------
    z, t : arrays (N, K)
        Logits, and rows that are one-hot or probabilities.

    Returns
    -------
    dz : array (N, K)

    Warns
    -----
    SuspiciousInput
        If the rows of `z` look like probabilities.

    Notes
    -----
    Built in chapter 6; article 003, whose elementwise product is right at the true class alone.
    """
    return (softmax(z) - t) / len(z)


GRAD[softmax_cross_entropy] = softmax_cross_entropy_grad
FUSED[softmax_cross_entropy] = softmax
FOLLOWS[softmax_cross_entropy] = identity
