"""What is wrong with the rule of one operation is said in words, and nothing is said that is not so."""

import numpy as np
import pytest

from nnlib import (
    check_chain,
    check_vjp,
    dense,
    dense_vjp,
    numerical_grad,
    relu,
    relu_vjp,
    sigmoid,
    softmax,
    softmax_vjp,
    tanh,
    tanh_vjp,
)
from nnlib.gradcheck import argument_names, as_tuple
from nnlib.operations import findings

RNG = np.random.default_rng


def found(f, rule, *args):
    """(argument, name, sentence) of everything that is said of a rule."""
    out = f(*args)
    g = RNG(1).normal(size=np.shape(out))
    expected = [
        numerical_grad(lambda x: (g * f(*args[:k], x, *args[k + 1 :])).sum(), args[k]) for k in range(len(args))
    ]
    return findings(f, args, g, as_tuple(rule(g, out, *args)), expected, argument_names(f, len(args)))


def batch_norm(x, gamma, beta):
    return gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5) + beta


def batch_norm_vjp(g, out, x, gamma, beta, mean=1, variance=1, scale=1):
    root = np.sqrt(x.var(axis=0) + 1e-5)
    xhat = (x - x.mean(axis=0)) / root
    d = g * gamma**scale
    dx = (d - mean * d.mean(axis=0) - variance * xhat * (d * xhat).mean(axis=0)) / root
    return dx, (g * xhat).sum(axis=0), g.sum(axis=0)


def without(**parts):
    return lambda *args: batch_norm_vjp(*args, **parts)


def layer_norm(x):
    return (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)


def unit_length(x):
    return x / np.sqrt((x**2).sum(axis=1, keepdims=True))


ROWS = np.array([2, 0, 2, 4])
MASK = RNG(7).random((3, 4)) > 0.4
NORM = RNG(0).normal(size=(7, 4)), RNG(1).normal(size=4), RNG(2).normal(size=4)
DENSE = RNG(0).normal(size=(7, 4)), RNG(1).normal(size=(3, 4)), RNG(2).normal(size=3)
Z = RNG(3).normal(size=(3, 4))


def take(table):
    return table[ROWS]


def overwrite(g, out, table):
    dtable = 0 * table
    dtable[ROWS] = g
    return dtable


def masked(x):
    return x * MASK / 0.6


def hinge(p):
    return np.maximum(0, 1 - p)


def shrink(z):
    return z - np.tanh(z)


def shifted(table):
    return np.stack([table[:-1], table[1:]])


WRONG = [
    ("factor", "dW is −1 times the right one.", dense, lambda g, z, x, W, b: (g @ W, -g.T @ x, g.sum(axis=0)), *DENSE),
    ("factor", "db is 0.142857 times the right one.", dense, lambda g, z, x, W, b: (g @ W, g.T @ x, g.mean(axis=0)), *DENSE),
    ("factor", "dx lacks the factor gamma.", batch_norm, without(scale=0), *NORM),
    ("factor", "dp has once too often the factor p.", hinge, lambda g, a, p: -g * p * (p < 1), RNG(5).normal(size=6)),
    ("statistics_constant", "dx treats the mean and the variance along axis 0 as constant", batch_norm, without(mean=0, variance=0), *NORM),
    ("statistics_constant", "dx treats the variance along axis 0 as constant", batch_norm, without(variance=0), *NORM),
    ("statistics_constant", "dx treats the mean along axis 0 as constant", batch_norm, without(mean=0), *NORM),
    ("statistics_constant", "along axis 2 as constant: they depend", layer_norm, lambda g, y, x: g / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5), RNG(4).normal(size=(2, 3, 5))),
    ("statistics_constant", "dx treats the length along axis 1 as constant", unit_length, lambda g, y, x: g / np.sqrt((x**2).sum(axis=1, keepdims=True)), RNG(4).normal(size=(3, 5))),
    ("elementwise", "dz was taken entry by entry", softmax, lambda g, p, z: g * p * (1 - p), Z),
    ("mask_missing", "dx is not 0 where x has no influence, in 5 of 12 entries", masked, lambda g, y, x: g / 0.6, Z),
    ("mask_missing", "elsewhere it is right", relu, lambda g, a, z: g, Z),
    ("overwritten_index", "where table[2] is used several times: they add up", take, overwrite, RNG(4).normal(size=(5, 3))),
    ("overwritten_index", "3 slices of table are used several times", shifted, lambda g, y, table: np.concatenate([g[0], g[1, -1:]]), RNG(4).normal(size=(5, 3))),
    ("summed_too_much", "db has the sum of the right one, along its axis", dense, lambda g, z, x, W, b: (g @ W, g.T @ x, np.full(3, g.sum())), *DENSE),
    ("summed_too_much", "dW has the mean of the right one, along axis 1", dense, lambda g, z, x, W, b: (g @ W, (g.T @ x).mean(axis=1, keepdims=True) + 0 * W, g.sum(axis=0)), *DENSE),
    ("", "dz and the right one add up to g", shrink, lambda g, a, z: g * (1 - np.tanh(z) ** 2), Z),
    ("", "dgamma is the gradient of beta.", batch_norm, lambda g, *args: (batch_norm_vjp(g, *args)[0], g.sum(axis=0), g.sum(axis=0)), *NORM),
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong[1])
def test_what_is_wrong_has_a_name(wrong, checked):
    name, words, f, rule, *args = wrong
    said = found(f, rule, *args)
    assert said[0].name == name and words in said[0].sentence, said
    assert len({finding.argument for finding in said}) == 1
    checked(operations_diagnosed=1)


@pytest.mark.parametrize(
    "right",
    [
        (dense, dense_vjp, *DENSE),
        (softmax, softmax_vjp, Z),
        (batch_norm, batch_norm_vjp, *NORM),
        (tanh, tanh_vjp, Z),
        (relu, relu_vjp, Z),
    ],
    ids=lambda right: right[0].__name__,
)
def test_nothing_is_said_of_what_is_right(right):
    assert found(*right) == []


@pytest.mark.parametrize("f, rule", [(dense, dense_vjp), (softmax, softmax_vjp), (batch_norm, batch_norm_vjp)])
def test_noise_has_no_name(f, rule):
    args = {dense: DENSE, softmax: (Z,), batch_norm: NORM}[f]
    for seed in range(20):
        noise = RNG([seed, 1])  # not the one that drew x
        spoiled = lambda *a: tuple(X + noise.normal(0, 1e-2, X.shape) for X in as_tuple(rule(*a)))
        said = found(f, spoiled, *args)
        assert len(said) == len(args) and not any(finding.name for finding in said)
        assert all("entries of d" in finding.sentence for finding in said)


def test_how_many_are_wrong_and_where():
    def spoil(i):
        def rule(g, z, x, W, b):
            dx, dW, db = dense_vjp(g, z, x, W, b)
            dW[i] += RNG(0).normal(size=dW[i].shape)
            return dx, dW, db

        return [finding.sentence for finding in found(dense, rule, *DENSE)]

    assert spoil((1, 2)) == ["1 of 12 entries of dW are wrong."]
    assert spoil(1) == ["Wrong in dW: the whole row 1."]
    assert spoil((slice(None), [0, 3])) == ["Wrong in dW: the whole columns 0, 3."]


def test_a_chain_names_its_first_wrong_link():
    W = RNG(0).normal(size=(3, 4))
    into = (lambda x: x @ W.T), (lambda g, z, x: g @ W)
    right = check_chain([into, (tanh, tanh_vjp), (softmax, softmax_vjp)], RNG(1).normal(size=(5, 4)), RNG(2))
    assert right and [entry.name for entry in right.entries] == ["link 1, <lambda>", "link 2, tanh", "link 3, softmax"]
    slip = (tanh, lambda g, a, z: g * (1 - z**2))
    wrong = check_chain([into, slip, (softmax, lambda g, p, z: g * p)], RNG(1).normal(size=(5, 4)), rng=RNG(2))
    assert [entry.ok for entry in wrong.entries] == [True, False, False]
    assert str(wrong).startswith("wrong: link 2, tanh, link 3, softmax")


@pytest.mark.parametrize(
    "pairs, message",
    [
        ([], "pairs must be a list of pairs"),
        ([sigmoid], r"pairs\[0\] must be a list of 2 functions"),
        ([(sigmoid, 3)], r"pairs\[0\] f_vjp must be a function"),
    ],
)
def test_a_chain_has_pairs_of_functions(pairs, message):
    with pytest.raises((TypeError, ValueError), match=f"check_chain: {message}"):
        check_chain(pairs, Z, RNG(0))


def scaled_layer_norm(x, gamma):
    return gamma * layer_norm(x)


def correlate(x, k):
    n, m = (len(x) - len(k) + 1, x.shape[1] - k.shape[1] + 1)
    return np.array([[(x[i : i + len(k), j : j + k.shape[1]] * k).sum() for j in range(m)] for i in range(n)])


def correlate_vjp(g, out, x, k, used=lambda k: k):
    dx, dk = np.zeros_like(x), np.zeros_like(k)
    for i, j in np.ndindex(g.shape):
        window = slice(i, i + len(k)), slice(j, j + k.shape[1])
        dx[window] += g[i, j] * used(k)
        dk += g[i, j] * x[window]
    return dx, dk


def scaled_layer_norm_vjp(g, out, x, gamma, scale=True, root=True):
    s = np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)
    xhat, d = layer_norm(x), g * gamma if scale else g
    dx = d - d.mean(axis=-1, keepdims=True) - xhat * (d * xhat).mean(axis=-1, keepdims=True)
    return dx / s if root else dx, (g * xhat).sum(axis=0)


def test_what_a_gradient_would_be_right_for():
    x, k, gamma = RNG(0).normal(size=(6, 5)), RNG(1).normal(size=(3, 3)), RNG(2).normal(size=5)
    for f, rule, args, words in (
        (correlate, lambda *a: correlate_vjp(*a, used=np.flip), (x, k), "would be right for k turned round"),
        (correlate, lambda *a: correlate_vjp(*a, used=np.transpose), (x, k), "would be right for k transposed"),
        (
            scaled_layer_norm,
            lambda *a: scaled_layer_norm_vjp(*a, scale=False),
            (x, gamma),
            "right for gamma = 1: it was left out",
        ),
        (
            scaled_layer_norm,
            lambda *a: scaled_layer_norm_vjp(*a, root=False),
            (x, gamma),
            "a factor of its own for each index of axis 0",
        ),
        (
            softmax,
            lambda g, p, z: g - (g * p).sum(axis=-1, keepdims=True),
            (x,),
            "lacks the factor out",
        ),
    ):
        ((_, name, sentence), *_) = found(f, rule, *args)
        assert name and words in sentence, sentence
    for f, rule, args in ((correlate, correlate_vjp, (x, k)), (scaled_layer_norm, scaled_layer_norm_vjp, (x, gamma))):
        assert found(f, rule, *args) == []
        noisy = lambda *a, rule=rule: tuple(X + 0.1 * RNG(3).normal(size=X.shape) for X in rule(*a))
        assert not any(name for _, name, _ in found(f, noisy, *args))


def test_a_rule_may_return_a_list():
    rng = RNG(0)
    x, y = rng.normal(size=(2, 3))
    assert check_vjp(lambda x: x**2, lambda g, out, x: [2 * x * g], x, rng=rng)
    assert check_vjp(lambda x, y: x * y, lambda g, out, x, y: [y * g, x * g], x, y, rng=rng)
    assert not check_vjp(lambda x, y: x * y, lambda g, out, x, y: [x * g, x * g], x, y, rng=rng)
