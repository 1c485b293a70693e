"""One check for each formula and claim of the five articles: ``check("000-33")`` runs one, ``check_all()`` all.

The entries stand in sources.toml. Here each article is a generator that builds its network once, in its own notation,
and yields for each entry what is printed and, where that does not hold as it stands, what does:

    "000-33", (printed, true), "mended", (-printed, true)

A reading is a pair (got, expected), a truth value, a list of both, or None where the words have no plain reading. What
is expected is a derivative by complex step.
The verdict follows from what is measured: a printed reading that holds is right; if it fails, the second one must hold.
"""

import re
import tomllib
from collections import namedtuple
from functools import cache
from pathlib import Path

import numpy as np

from nnlib import relu, softmax
from nnlib import sigmoid as σ

HOLDS = 1e-11  # the largest relative deviation of a reading that holds
FAILS = 1e-3  # and the least of one that fails
VERDICTS = {  # by what the second reading is
    "mended": "wrong",  # the formula or claim needs a change
    "given": "ambiguous",  # it holds under a condition, or with a bracket, that the text does not state
    "read": "notation",  # it holds when its symbols are read in an unusual way
    "restored": "damaged",  # the text was damaged on its way to us, which is no error of its author's
}
Finding = namedtuple("Finding", "verdict printed other")  # two deviations: a number, or why there is none
eye, outer, einsum = np.eye, np.outer, np.einsum


def entries():
    """The data file: {"000-01": {"section": ..., "claim": ..., ...}, ...}."""
    return tomllib.loads(Path(__file__).with_name("sources.toml").read_text("utf-8"))


def deviation(reading):
    """By how much a reading misses, relative to the largest entry expected; in words where no number exists."""
    if reading is None:
        return "nothing to evaluate"
    if isinstance(reading, list):
        return max(map(deviation, reading), key=lambda d: (isinstance(d, str), d))
    if not isinstance(reading, tuple):
        return 0.0 if reading else "does not hold"
    got, expected = reading
    try:
        got = np.asarray(got() if callable(got) else got)
    except (ValueError, IndexError):
        return "the shapes do not fit"
    except (NameError, SyntaxError) as error:
        return type(error).__name__
    expected = np.asarray(expected)
    if got.shape != expected.shape:
        return f"shape {got.shape}; true: {expected.shape}"
    miss = np.abs(got - expected).max() / (np.abs(expected).max() or 1)
    return "not a number" if np.isnan(miss) else float(miss)


def judge(printed, kind=None, other=None):
    """The verdict on an entry, from its readings."""
    first, second = deviation(printed), deviation(other) if kind else 0.0
    if not (isinstance(first, float) and first < HOLDS) and kind:
        assert isinstance(first, str) or first > FAILS, f"neither holds nor fails: {first}"
        assert isinstance(second, float) and second < HOLDS, f"the second reading does not hold: {second}"
        return Finding(VERDICTS[kind], first, second)
    assert isinstance(first, float) and first < HOLDS, f"not right, and nothing said about it: {first}"
    return Finding("right", first, second)


@cache
def check_all():
    """{"000-01": Finding(...), ...}: every check, run."""
    return {name: judge(*readings) for article in ARTICLES for name, *readings in article()}


def check(name):
    """Run one check."""
    return next(judge(*readings) for article in ARTICLES for key, *readings in article() if key == name)


def derivative(f, x):
    """Every partial derivative of f at x by complex step, shape f(x).shape + x.shape."""
    x = np.asarray(x, dtype=float)
    columns = []
    for k in range(x.size):
        moved = x.astype(complex)
        moved.flat[k] += 1e-30j
        columns.append(np.imag(f(moved)) / 1e-30)
    return np.stack(columns, -1).reshape(np.shape(columns[0]) + x.shape)


def blocks(T):
    """The block matrix whose block (i, j) is T[:, :, i, j]."""
    return np.block([[T[:, :, i, j] for j in range(T.shape[3])] for i in range(T.shape[2])])


def run(code, **names):
    """What a piece of code leaves behind; names, or the error that it raises."""
    exec(code, names)
    return names


def slope(a):
    """σ' from the value of σ."""
    return a * (1 - a)


def bce(p, t):
    return -(t * np.log(p) + (1 - t) * np.log(1 - p))


def cross_entropy(p, t):
    return -(t * np.log(p)).sum()


def half_sse(y, t):
    return ((y - t) ** 2).sum() / 2


# 000: rows, W is (in, out), three sigmoid layers, one example, the squared error halved ------------------------------


def forward_000(P, x):
    a1 = σ(x @ P["W1"] + P["b1"])
    a2 = σ(a1 @ P["W2"] + P["b2"])
    return a1, a2, σ(a2 @ P["W3"] + P["b3"])


def gradients_000(P, x, g):
    return {k: derivative(lambda v, k=k: half_sse(forward_000(P | {k: v}, x)[2], g), P[k]) for k in P}


def net_000():
    rng, sizes = np.random.default_rng(0), (8, 4, 3, 2)
    P = {f"W{k}": rng.normal(size=sizes[k - 1 : k + 1]) for k in (1, 2, 3)}
    P |= {f"b{k}": rng.normal(size=(1, sizes[k])) for k in (1, 2, 3)}
    return P, rng.normal(size=(1, 8)), np.array([[1.0, 0.0]])


def exact_000():
    """Sizes 1-2-2-1 with a1 = a2 = (1/2, 3/4) and y = 1/2, g = 1: the gradients are fractions."""
    a, one, W2, W3 = np.array([[0.5, 0.75]]), np.ones((1, 1)), np.array([[1.0, 2], [3, 4]]), np.full((2, 1), 8.0)
    z = np.log(a / (1 - a))
    P = {"W1": 0 * a, "W2": W2, "W3": W3, "b1": z, "b2": z - a @ W2, "b3": -a @ W3}
    return P, one, one


def printed_000(P, x, g):
    """Its last gradient as printed: a minus lost, and the factor W2 in the last place."""
    a1, a2, y = forward_000(P, x)
    inner = slope(a2) * ((slope(y) * (g - y)) @ P["W3"].T)
    return lambda: x.T @ ((slope(a1) * inner) @ P["W2"].T), -x.T @ (slope(a1) * (inner @ P["W2"].T))


def article_000():
    P, x, g = net_000()
    a1, a2, y = forward_000(P, x)
    W1, W2, W3, b1, b2, b3 = (P[k] for k in ("W1", "W2", "W3", "b1", "b2", "b3"))
    true = gradients_000(P, x, g)
    δ3 = -(g - y) * slope(y)
    δ2 = (δ3 @ W3.T) * slope(a2)
    δ1 = (δ2 @ W2.T) * slope(a1)
    A, a, up = np.array([[1.0, 2], [3, 4], [5, 6]]), np.array([[5.0, 6, 7]]), np.array([[3.0, -2]])
    rows, columns = derivative(lambda v: v @ A, a[0]), derivative(lambda v: A.T @ v, a[0])
    three = derivative(lambda M: (a @ M)[0], A)  # indices k, i, j
    square = np.array([[1.0, 2], [3, 4]])
    s, t = np.linspace(-5, 5, 21), np.linspace(-30, 30, 241)
    e = np.exp(-s)

    yield "000-01", (A, columns), "mended", [(A.T, columns), (A, columns.T), (A.T, rows), (A, rows.T)]
    yield "000-02", all(P[k].ndim == 2 for k in P) and half_sse(y, g).ndim == 2, "read", half_sse(y, g).ndim == 0
    yield "000-03", sum(v.size for v in P.values()) == 59
    yield "000-04", (1 / (1 + np.exp(-t)), (1 + np.tanh(t / 2)) / 2)
    layers = ((x, W1, b1, a1), (a1, W2, b2, a2), (a2, W3, b3, y))
    yield "000-05", [(σ(einsum("ni,io->no", h, W) + b), out) for h, W, b, out in layers]
    shapes = [v.shape for h, W, b, out in layers for v in (W, b, h @ W + b, out)]
    announced = [(n, k) for n, k in ((8, 4), (4, 3), (3, 2)) for n in (n, 1, 1, 1)]
    yield "000-06", [x.shape] + shapes == [(1, 8)] + announced
    yield "000-07", (x @ W1).shape == (1, W1.shape[1])

    G, Y = np.arange(6.0).reshape(3, 2), np.array([[1.0, 3], [0, 2], [5, 1]])
    E = sum((G[i, k] - Y[i, k]) ** 2 for i in range(3) for k in range(2)) / 6
    yield "000-08", (((G - Y) ** 2).sum(axis=0) / 6, E), "given", (((G - Y) ** 2).sum() / 6, E)
    halved = lambda d: (d**2).sum() / (2 * len(d))
    wide = np.arange(12.0).reshape(4, 3)
    yield "000-09", (halved(wide), (wide**2).mean()), "read", (halved(G - Y), ((G - Y) ** 2).mean())
    goal, out = np.array([1.0, 0]), np.array([0.0, 2])
    full = derivative(lambda v: half_sse(v, goal), out)
    one = derivative(lambda v: (goal[0] - v[0]) ** 2 / 2, out)
    yield "000-10", (one, full), "given", (-(goal - out), full)
    dσ = np.diag(derivative(σ, s))
    yield (
        "000-11",
        [(e / (1 + e) ** 2, dσ), (σ(s) * e / (1 + e), dσ), (σ(s) * (1 - 1 + e) / (1 + e), dσ), (slope(σ(s)), dσ)],
    )
    E_a = derivative(lambda v: half_sse(v @ A, up), a)
    yield "000-12", (lambda: (a @ A - up) @ A, E_a), "given", [((a @ A - up) @ A.T, E_a), (A.T, rows)]
    flat = derivative(lambda v: v @ square, np.array([5.0, 6]))
    yield "000-13", (square.T, flat.T), "read", (square.T, flat)
    pulled = einsum("k,kij->ij", up[0], three)
    yield "000-14", (a.T, three), "read", [(einsum("i,jk->kij", a[0], eye(2)), three), (a.T @ up, pulled)]
    exact = exact_000()
    exact_true = gradients_000(*exact)
    last, mended = printed_000(*exact)
    yield "000-15", (-last(), exact_true["W1"]), "given", (mended, exact_true["W1"])
    yield "000-16", all(true[k].shape == P[k].shape for k in P)

    T = {k: derivative(lambda M, h=h: (h @ M)[0], W) for k, (h, W, *_) in enumerate(layers, 1)}
    S = {k: np.diag(slope(v)[0]) for k, v in enumerate((a1, a2, y), 1)}
    D = (y - g)[0]
    chain = einsum("kij,lk,l->ij", T[3], S[3], D)
    yield "000-17", (lambda: a2.T @ slope(y) @ (y - g), true["W3"]), "read", (chain, true["W3"])
    chain = einsum("kij,lk,lm->mij", T[2], S[2], W3)
    five = lambda: a1.T @ slope(a2) @ W3.T @ slope(y) @ (y - g)
    yield "000-18", (five, true["W2"]), "read", (einsum("mij,nm,n->ij", chain, S[3], D), true["W2"])
    chain = einsum("kij,lk,lm,pm,pq->qij", T[1], S[1], W2, S[2], W3, optimize=True)
    seven = lambda: x.T @ slope(a1) @ W2.T @ slope(a2) @ W3.T @ slope(y) @ (y - g)
    yield "000-19", (seven, true["W1"]), "read", (einsum("qij,nq,n->ij", chain, S[3], D), true["W1"])
    yield "000-20", [(δ1, true["b1"]), (δ2, true["b2"]), (δ3, true["b3"])]

    rng = np.random.default_rng(5)
    X, W, c, V = (rng.normal(size=n) for n in ((6, 3), (3, 4), (1, 4), (4, 2)))
    norm = lambda z: (z - z.mean(axis=0)) / np.sqrt(((z - z.mean(axis=0)) ** 2).mean(axis=0) + 1e-5)
    after = derivative(lambda v: half_sse(norm(σ(X @ W + v)) @ V, 1), c)
    before = derivative(lambda v: half_sse(σ(norm(X @ W + v)) @ V, 1), c)
    yield "000-21", (after, 0 * c), "given", (before, 0 * c)
    factors = ["T3 s3 E", "T2 s2 W3 s3 E", "T1 s1 W2 s2 W3 s3 E"]
    named = " ".join(factors).split()
    yield "000-22", (len(named), len(set(named))) == (15, 9)
    yield "000-23", (-(g - y), derivative(lambda v: half_sse(v, g), y))

    z1, z2, z3 = (np.log(v / (1 - v))[0] for v in (a1, a2, y))
    for name, z, v in (("000-24", z3, y), ("000-30", z2, a2)):
        yield name, (slope(v)[0], derivative(σ, z)), "read", (np.diag(slope(v)[0]), derivative(σ, z))
    for name, h, k, n in (("000-25", a2, 3, 2), ("000-31", a1, 2, 3)):
        up = np.arange(1.0, n + 1)[None]
        yield name, (h.T, T[k]), "read", (h.T @ up, einsum("k,kij->ij", up[0], T[k]))
    yield "000-26", (-a2.T @ (slope(y) * (g - y)), true["W3"])
    A2, Ys, Gs = (rng.uniform(size=(4, n)) for n in (3, 2, 2))
    first = slice(0, 1)
    product = lambda r: ((A2[r].T @ Ys[r]) * (1 - Ys[r])) * (Gs[r] - Ys[r])
    elementwise = lambda r: A2[r].T @ (slope(Ys[r]) * (Gs[r] - Ys[r]))
    every = slice(None)
    yield "000-27", (lambda: product(every), elementwise(every)), "read", (product(first), elementwise(first))
    yield "000-28", true["W3"].shape == (3, 2) == (a2.T @ δ3).shape
    za = derivative(lambda v: v @ W3, a2[0])
    yield "000-29", (W3.T, za.T), "read", (W3.T, za)
    yield "000-32", (lambda: a1.T @ ((slope(a2) * δ3) @ W3.T), true["W2"]), "mended", (a1.T @ δ2, true["W2"])
    printed = a1.T @ (slope(a2) * ((slope(y) * (g - y)) @ W3.T))
    yield "000-33", (printed, true["W2"]), "mended", (-printed, true["W2"])
    yield "000-34", true["W2"].shape == (4, 3)
    up = np.array([[3.0, -2, 1, 4]])
    pulled = (x.T @ up, einsum("k,kij->ij", up[0], T[1]))
    factors = [(W2.T, derivative(lambda v: v @ W2, a1[0])), (np.diag(slope(a1)[0]), derivative(σ, z1)), pulled]
    yield "000-35", (x.T, T[1]), "read", factors
    _, generic = printed_000(P, x, g)
    yield "000-36", (last, exact_true["W1"]), "mended", [(mended, exact_true["W1"]), (generic, true["W1"])]
    yield "000-37", true["W1"].shape == (8, 4)
    X, Gs = rng.normal(size=(3, 8)), rng.uniform(size=(3, 2))
    mean = derivative(lambda w: half_sse(forward_000(P | {"W1": w}, X)[2], Gs) / 3, W1)
    each = sum(gradients_000(P, X[[n]], Gs[[n]])["W1"] for n in range(3))
    yield "000-38", (each, mean), "given", (each / 3, mean)
    after = half_sse(forward_000({k: P[k] - 0.1 * true[k] for k in P}, x)[2], g)
    yield "000-39", after < half_sse(y, g)


# 001: columns, W is (out, in), any depth, any elementwise σ, any cost ------------------------------------------------


def forward_001(W, b, h, f=np.tanh, start=0):
    """z and h by layer, from layer `start` on; entry 0 of both is the input's."""
    z, h = [None] * (start + 1), [None] * start + [h]
    for W_l, b_l in zip(W[start:], b[start:]):
        z.append(W_l @ h[-1] + b_l)
        h.append(f(z[-1]))
    return z, h


def cost_001(h):
    """A cost that is no sum over its entries."""
    return ((h - 0.3) ** 2).sum() / 2 + h[0] * h[1]


def slope_001(h):
    return h - 0.3 + np.array([h[1], h[0]])


def net_001(*sizes, seed=1):
    rng = np.random.default_rng(seed)
    W = [rng.normal(size=pair) / 2 for pair in zip(sizes[1:], sizes)]
    return W, [rng.normal(size=n) / 2 for n in sizes[1:]], rng.normal(size=sizes[0])


def swap(items, k, item):
    return [*items[:k], item, *items[k + 1 :]]


def deltas_001(W, b, x, f=np.tanh, df=lambda h: 1 - h**2):
    """D by layer; entry 0 is not used."""
    _, h = forward_001(W, b, x, f)
    D = [slope_001(h[-1]) * df(h[-1])]
    for l in range(len(W) - 1, 0, -1):
        D.insert(0, (W[l].T @ D[0]) * df(h[l]))
    return [None, *D], h


def article_001():
    W, b, x = net_001(3, 5, 4, 3, 2)
    (z, h), L = forward_001(W, b, x), 4
    D, _ = deltas_001(W, b, x)
    s = [None] + [1 - v**2 for v in h[1:]]  # σ' by layer
    W2, W3, W4 = W[1:]  # of layers L-2, L-1, L
    C_h = slope_001(h[4])
    of_W2 = lambda w: forward_001(swap(W, 1, w), b, x)
    h4, z4, z3, h3, z2 = (
        derivative(lambda w, part=part, l=l: of_W2(w)[part][l], W2)
        for part, l in ((1, 4), (0, 4), (0, 3), (1, 3), (0, 2))
    )
    true = [derivative(lambda w, l=l: cost_001(forward_001(swap(W, l, w), b, x)[1][4]), W[l]) for l in range(4)]
    true_b = [derivative(lambda v, l=l: cost_001(forward_001(W, swap(b, l, v), x)[1][4]), b[l]) for l in range(4)]
    above = lambda l, v: forward_001(W, b, np.tanh(v), start=l)  # the layers above z^l = v
    true_z = [None] + [derivative(lambda v, l=l: cost_001(above(l, v)[1][-1]), z[l]) for l in (1, 2, 3, 4)]
    z4_z3 = derivative(lambda v: above(3, v)[0][4], z[3])

    yield "001-01", [(einsum("oi,i->o", W[l], h[l]) + b[l], z[l + 1]) for l in range(L)]
    yield "001-02", None, "restored", (cost_001(np.tanh(W4 @ np.tanh(z[3]) + b[3])), cost_001(h[4]))
    stepped = [W_l - 1e-2 * dW for W_l, dW in zip(W, true)]
    yield "001-03", cost_001(forward_001(stepped, b, x)[1][4]) < cost_001(h[4])
    yield "001-04", (s[4], derivative(np.tanh, z[4])), "read", (np.diag(s[4]), derivative(np.tanh, z[4]))
    yield "001-05", (einsum("m,mij->ij", C_h, h4), true[1])
    yield "001-06", (einsum("m,mij->mij", s[4], z4), h4)
    yield "001-07", (einsum("mn,nij->mij", W4, h3), z4)
    yield "001-08", (einsum("mn,n,nij->mij", W4, s[3], z3), z4)
    V, c, u = net_001(3, 5, 4, 4, 2)  # equal widths, or the printed index runs out of range
    _, k = forward_001(V, c, u)
    Z3, Z2 = (derivative(lambda w, l=l: forward_001(swap(V, 1, w), c, u)[0][l], V[1]) for l in (3, 2))
    slipped, mended = (einsum(f"np,p,{index}ij->nij", V[2], 1 - k[2] ** 2, Z2) for index in "np")
    yield "001-09", (slipped, Z3), "mended", (mended, Z3)
    yield "001-10", (einsum("np,p,pij->nij", W3, s[2], derivative(lambda w: w @ h[1] + b[1], W2)), z3)
    yield "001-11", (einsum("ni,i,j->nij", W3, s[2], h[1]), z3)
    yield "001-12", (einsum("pi,qj->pqij", eye(4), eye(5)), derivative(lambda w: w, W2))
    loops = np.zeros_like(W2)
    for i, j, m, n in np.ndindex(4, 5, 2, 3):
        loops[i, j] += C_h[m] * s[4][m] * W4[m, n] * s[3][n] * W3[n, i] * s[2][i] * h[1][j]
    yield "001-13", (loops, true[1])
    yield "001-14", ([sum(W4[i, j] * C_h[i] for i in range(2)) for j in range(3)], W4.T @ C_h)
    u, v, B = np.array([1.0, 2]), np.array([3.0, 4]), np.array([[1.0, 2], [3, 4]])
    yield "001-15", [(u.sum() * v.sum(), outer(u, v).sum()), (u @ B.sum(axis=1), einsum("i,ij->", u, B))]
    factors = {"j": h[1], "m": C_h * s[4], "mn": W4, "n": s[3], "ni": W3, "i": s[2]}
    orders = {"16": "j m mn n ni i", "17": "j ni mn m n i"}
    for number, order in orders.items():
        names = order.split()
        total = einsum(",".join(names) + "->ij", *(factors[k] for k in names), optimize=True)
        yield f"001-{number}", (total, true[1])
    inner = einsum("mn,m,n,i->ni", W4, factors["m"], s[3], s[2])
    yield "001-18", (einsum("ni,ni,j->ij", W3, inner, h[1]), true[1])
    back = derivative(lambda v: (B @ v).sum(), np.zeros(2))
    yield "001-19", (np.linalg.solve(B, np.ones(2)), back), "read", (B.T @ np.ones(2), back)
    yield "001-20", (C_h * s[4], true_z[4])
    yield "001-21", ((W4.T @ (C_h * s[4])) * s[3], true_z[3])
    unbracketed = lambda: (W3.T @ (W4.T @ (C_h * s[4])) * s[3]) * s[2]
    bracketed = (W3.T @ ((W4.T @ (C_h * s[4])) * s[3])) * s[2]
    yield "001-22", (unbracketed, true_z[2]), "given", (bracketed, true_z[2])
    yield "001-23", (lambda: outer(unbracketed(), h[1]), true[1]), "given", (outer(bracketed, h[1]), true[1])
    yield "001-24", (D[4], true_z[4])
    yield "001-25", [(D[l], true_z[l]) for l in (1, 2, 3)]
    yield "001-26", [(outer(D[l + 1], h[l]), true[l]) for l in range(L)]
    yield "001-27", [(D[l + 1], true_b[l]) for l in range(L)]
    yield "001-28", z4_z3.shape == z[3].shape, "mended", z4_z3.shape == (2, 3) and true_z[3].shape == z[3].shape
    C_true = derivative(cost_001, h[4])
    yield "001-29", (true[3], C_true), "read", (C_h, C_true)
    z_σ, h_σ = forward_001(W, b, x, σ)
    yield "001-30", (slope_001(h_σ[4]) * slope(h_σ[4]), derivative(lambda v: cost_001(σ(v)), z_σ[4]))
    yield "001-31", (W4 * s[3], z4_z3)
    yield "001-32", [(einsum("i,ij->j", D[4], z4_z3), true_z[3]), (einsum("i,ij,j->j", D[4], W4, s[3]), true_z[3])]
    yield "001-33", [((W4.T @ D[4]) * s[3], true_z[3]), ((W4.T @ (C_h * s[4])) * s[3], true_z[3])]
    V, c, u = net_001(4, 3, 5, 2, 6, 3, 2)
    D, h = deltas_001(V, c, u, σ, slope)
    out = lambda V, c: cost_001(forward_001(V, c, u, σ)[1][-1])
    dV = [derivative(lambda w, l=l: out(swap(V, l, w), c), V[l]) for l in range(6)]
    dc = [derivative(lambda v, l=l: out(V, swap(c, l, v)), c[l]) for l in range(6)]
    yield "001-34", [r for l in range(6) for r in ((outer(D[l + 1], h[l]), dV[l]), (D[l + 1], dc[l]))]


# 002: rows, W is (in, out), a batch of N, one hidden layer, a plain output, the mean of squared norms ----------------


def forward_002(p, f=np.tanh):
    Y1 = p["X"] @ p["W1"] + p["b1"]
    H1 = f(Y1)
    return Y1, H1, H1 @ p["W2"] + p["b2"]


def mse_002(y_pred, y):
    return ((y_pred - y) ** 2).sum() / len(y)


def cost_002(y_pred, y):
    """A cost that couples examples and outputs."""
    return mse_002(y_pred, y) + (y_pred[0] * y_pred[-1]).sum() + 0.3 * (y_pred**3).sum()


def net_002(N, D, M, K):
    rng, shapes = (
        np.random.default_rng(2),
        {"X": (N, D), "W1": (D, M), "b1": (1, M), "W2": (M, K), "b2": (1, K), "y": (N, K)},
    )
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def code(*numbers, of="claim"):
    """The lines of code that the entries restate, as they stand in the data file."""
    return "\n".join(line for k in numbers for line in re.findall(r"`([^`]+)`", entries()[f"002-{k}"][of]))


NUMBERED = " 5 # Output layer\n 6 dy_pred = 2*(y_pred - y)\n"


def article_002():
    N, D, M, K = 3, 5, 4, 2
    p = net_002(N, D, M, K)
    X, W1, b1, W2, b2, y = p.values()
    Y1, H1, y_pred = forward_002(p)
    to = lambda name, f=np.tanh: derivative(lambda v: cost_002(forward_002(p | {name: v}, f)[2], y), p[name])
    true = {name: to(name) for name in ("X", "W1", "b1", "W2", "b2")}
    G = derivative(lambda v: cost_002(v, y), y_pred)
    of_H = lambda H: cost_002(H @ W2 + b2, y)
    dH, dY = derivative(of_H, H1), derivative(lambda v: of_H(np.tanh(v)), Y1)
    T = derivative(lambda H: H @ W2 + b2, H1)  # indices m, n, i, j
    slope_Y = 1 - H1**2

    layers = [(einsum("nd,dm->nm", X, W1) + b1, Y1), (einsum("nm,mk->nk", H1, W2) + b2, y_pred)]
    yield "002-01", layers
    yield "002-02", (np.vstack([forward_002(p | {"X": X[[n]]})[2] for n in range(N)]), y_pred)
    yield "002-03", (np.tanh(layers[0][0]), H1)
    squashed = derivative(lambda w: cost_002(σ(H1 @ w + b2), y), W2)
    dσ = derivative(lambda v: cost_002(v, y), σ(y_pred))
    yield "002-04", (H1.T @ dσ, squashed), "given", (H1.T @ (dσ * slope(σ(y_pred))), squashed)
    A, B = np.arange(6.0).reshape(2, 3), np.arange(6.0, 12).reshape(2, 3)
    C = np.arange(15.0).reshape(3, 5)
    yield "002-05", (2 * A, derivative(lambda v: (v**2).sum(), A))
    block = blocks(derivative(lambda v: v @ C, A))
    yield "002-06", (einsum("ik,jl->ikjl", eye(2), C).reshape(4, 15), block)
    yield "002-07", (A * B, [[A[i, j] * B[i, j] for j in range(3)] for i in range(2)])
    yield "002-08", (sum(A[i, j] * B[i, j] for i in range(2) for j in range(3)), np.trace(A.T @ B))
    yield "002-09", all(true[k].shape == p[k].shape for k in ("W1", "b1", "W2", "b2"))
    contracted = (einsum("mn,mnij->ij", G, T), dH)
    yield "002-10", (lambda: G @ T.reshape(N * K, N * M), dH), "read", contracted
    defined, vectors = blocks(T), T.reshape(N * K, N * M)
    yield (
        "002-11",
        defined.shape == (N * K, N * M),
        "mended",
        defined.shape == (N * N, M * K) and vectors.size == defined.size,
    )
    frobenius = np.array([[(G * T[:, :, i, j]).sum() for j in range(M)] for i in range(N)])
    yield "002-12", [(frobenius, dH), contracted, T[:, :, 0, 0].shape == (N, K)]
    yield "002-13", (frobenius, dH)
    yield "002-14", (lambda: G @ defined, dH), "read", (einsum("mn,imjn->ij", G, defined.reshape(N, N, M, K)), dH)
    survives = all((T[m, :, i] == 0).all() for m in range(N) for i in range(N) if m != i)
    yield "002-15", [(einsum("in,jn->ij", G, W2), dH), survives]
    g, w = np.array([[1.0, 2]]), np.array([[1.0, 2], [3, 4]])
    back = derivative(lambda h: (g * (h @ w)).sum(), np.zeros((1, 2)))
    yield "002-16", (einsum("in,nj->ij", g, w), back), "restored", (einsum("in,nj->ij", g, w.T), back)
    yield "002-17", (g @ w, back), "restored", [(g @ w.T, back), (G @ W2.T, dH)]
    yield "002-18", (G @ W2.T, dH)
    yield "002-19", (einsum("mj,mi->ij", G, H1), true["W2"])
    ones = np.ones((2, 1))
    out = derivative(lambda v: (ones * (w @ v)).sum(), ones)
    yield "002-20", (einsum("im,mj->ij", w, ones), out), "restored", (einsum("im,mj->ij", w.T, ones), out)
    yield "002-21", (H1.T @ G, true["W2"])
    yield "002-22", ([[sum(G[m, j] for m in range(N)) for j in range(K)]], true["b2"])
    yield "002-23", None, "read", G.shape == (N, K) and G.sum(axis=0, keepdims=True).shape == (1, K)
    yield "002-24", (G.sum(axis=0, keepdims=True), true["b2"])
    yield "002-25", [(einsum("mn,mnij->ij", dH, derivative(np.tanh, Y1)), dY), (dH * slope_Y, dY)]
    yield "002-26", (lambda: dH * blocks(derivative(np.tanh, Y1)), dY), "read", (dH * slope_Y, dY)
    yield "002-27", (dY @ W1.T, true["X"])
    yield "002-28", (X.T @ dY, true["W1"])
    yield "002-29", (dY.sum(axis=0, keepdims=True), true["b1"])
    moved = cost_002(forward_002(p | {"X": X - 1e-3 * true["X"]})[2], y)
    yield "002-30", moved >= cost_002(y_pred, y), "given", [moved < cost_002(y_pred, y), (dY @ W1.T, true["X"])]
    yield "002-31", (mse_002(y_pred, y), np.mean([np.linalg.norm(row) ** 2 for row in y_pred - y]))
    yield "002-32", (2 / N * (y_pred - y), derivative(lambda v: mse_002(v, y), y_pred))
    v = np.array([-2, -0.5, 0, 0.5, 3])
    yield "002-33", ([max(entry, 0) for entry in v], relu(v))
    away = v[v != 0]
    kink = (relu(1e-6) - relu(-1e-6)) / 2e-6
    mask = (np.diag(1.0 * (away > 0)), derivative(relu, away))
    yield "002-34", (0.0, kink), "given", mask
    g, Y = np.array([5.0, 7]), np.array([-1.0, 2])
    gated = derivative(lambda v: (g * relu(v)).sum(), Y)
    restored = [(g * relu(Y).astype(bool), gated), (g * (Y > 0), gated)]
    yield "002-35", (g * Y.astype(bool), gated), "restored", restored
    gate = derivative(lambda v: of_H(relu(v)), Y1)
    yield "002-36", (gate[Y1 <= 0] == 0).all() and (gate[Y1 > 0] != 0).all() and (Y1 <= 0).any()
    starts = range(0, 10, 2)  # ten examples, two a step
    yield "002-37", len(starts) == 1, "mended", sum(len(range(s, s + 2)) for s in starts) == 10

    c = run(code(40))
    listing = code(*range(44, 55))
    toy = net_002(2, 3, 4, 2)
    run_code = lambda p, lines=listing: run(lines, np=np, **p)
    ran = run_code(toy)
    cost = lambda p, f=relu: mse_002(forward_002(p, f)[2], p["y"])
    d = {k: derivative(lambda v: cost(toy | {k: v}), toy[k]) for k in ("W1", "b1", "W2", "b2")}
    sized = [toy[k].shape for k in ("X", "W1", "b1", "W2", "b2")]
    parameters = sum(toy[k].size for k in d)
    yield "002-38", sized == [(2, 3), (3, 4), (1, 4), (4, 2), (1, 2)] and parameters == 26
    yield "002-39", (cost(toy), sum(d @ d for d in ran["y_pred"] - toy["y"]) / 2)
    yield "002-40", (c["N"], c["D"], c["K"]) == (2, 3, 2)
    drawn = run(code(41), np=np, D=3, K=2)
    yield "002-41", (lambda: run(code(41), D=3, K=2), 0), "read", all(drawn[k].shape == toy[k].shape for k in d)
    yield "002-42", run(code(42), np=np, N=4, D=3)["X"].shape == (4, 3)
    shape = lambda line, N: run(line, np=np, N=N, K=2)["y"].shape
    yield "002-43", [shape(code(43), 2) == (2, 2), shape(code(43, of="right"), 3) == (3, 2)]
    yield "002-44", (ran["Y1"], einsum("nd,dm->nm", toy["X"], toy["W1"]) + toy["b1"])
    yield "002-45", (ran["H1"], relu(ran["Y1"]))
    yield "002-46", (ran["y_pred"], einsum("nm,mk->nk", ran["H1"], toy["W2"]) + toy["b2"])
    wide = net_002(3, 3, 4, 5)
    off = run_code(wide)
    loss, same = code(47, of="right").splitlines()
    mended = run(f"{loss}; same = {same}", np=np, y_pred=off["y_pred"], y=wide["y"], N=3, K=5)
    right = [(mended["L"], cost(wide)), (mended["same"], cost(wide))]
    yield "002-47", (ran["L"], cost(toy)), "mended", right
    top = derivative(lambda v: mse_002(v, toy["y"]), ran["y_pred"])
    yield "002-48", (ran["dy_pred"], top), "mended", (run(code(48, of="right"), **ran | {"N": 2})["dy_pred"], top)
    to_H = derivative(lambda h: mse_002(h @ toy["W2"] + toy["b2"], toy["y"]), ran["H1"])
    to_Y = derivative(lambda v: mse_002(relu(v) @ toy["W2"] + toy["b2"], toy["y"]), ran["Y1"])
    yield "002-49", (ran["dH1"] / 2, to_H)
    yield "002-50", (ran["dW2"] / 2, d["W2"])
    for number, name in (("51", "b2"), ("54", "b1")):
        yield f"002-{number}", (ran["d" + name] / 2, d[name]), "read", (ran["d" + name] / 2, d[name][0])
    yield "002-52", [(ran["dY1"] / 2, to_Y), ((ran["H1"] > 0) == (ran["Y1"] > 0)).all()]
    yield "002-53", (ran["dW1"] / 2, d["W1"])
    needs = {"dH1": "dy_pred", "dW2": "dy_pred", "db2": "dy_pred", "dY1": "dH1", "dW1": "dY1", "db1": "dY1"}
    yield "002-55", all(listing.index(f"{need} =") < listing.index(f"{name} =") for name, need in needs.items())
    stripped = NUMBERED.replace(" 5 ", "").replace(" 6 ", "")
    yield "002-56", (lambda: run(NUMBERED, y_pred=1, y=0), 0), "restored", run(stripped, y_pred=1, y=0)["dy_pred"] == 2
    yield "002-57", (lambda: run(code(57)), 0), "restored", run(code(57, of="right"))["lr"] == 1e-6
    stepped = run(code(58), lr=1e-6, **{k: np.array(ran[k]) for k in (*d, *("d" + k for k in d))})
    steps = [(stepped[k], toy[k] - 1e-6 * ran["d" + k]) for k in d]
    yield "002-58", [*steps, cost(toy | {k: stepped[k] for k in d}) < cost(toy)]
    flat = {k: ran["d" + k].reshape(d[k].shape) for k in d}
    yield "002-59", [(flat[k], d[k]) for k in d], "mended", [(flat[k] / 2, d[k]) for k in d]


# 003: rows, W is (out, in), one example; ReLU, then an elementwise output or softmax ---------------------------------


def forward_003(p, out):
    z1 = p["x"] @ p["W1"].T + p["b1"]
    a1 = relu(z1)
    z2 = a1 @ p["W2"].T + p["b2"]
    return z1, a1, z2, out(z2)


def net_003(seed=2):
    rng, shapes = np.random.default_rng(seed), {"x": 4, "W1": (5, 4), "b1": 5, "W2": (3, 5), "b2": 3}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()} | {"y": eye(3)[seed % 3]}


def jacobian_softmax(a):
    return np.diag(a) - outer(a, a)


def article_003():
    p = net_003()
    x, W1, b1, W2, b2, y = p.values()
    both = {"softmax": (softmax, cross_entropy), "sigmoid": (σ, half_sse)}
    cost = lambda p, kind: both[kind][1](forward_003(p, both[kind][0])[3], p["y"])
    true = {(k, n): derivative(lambda v: cost(p | {n: v}, k), p[n]) for k in both for n in ("W1", "b1", "W2", "b2")}
    z1, a1, z2, a = forward_003(p, softmax)
    q = σ(z2)
    last = {k: lambda v, k=k: both[k][1](both[k][0](v), y) for k in both}  # the cost from z2 on
    dz = {k: derivative(last[k], z2) for k in both}
    of_a1 = {k: lambda v, k=k: last[k](v @ W2.T + b2) for k in both}
    da1 = {k: derivative(of_a1[k], a1) for k in both}
    dz1 = {k: derivative(lambda v, k=k: of_a1[k](relu(v)), z1) for k in both}
    T = derivative(lambda w: a1 @ w.T + b2, W2)  # indices k, i, j
    T1 = derivative(lambda w: x @ w.T + b1, W1)
    own = einsum("iij->ij", T)  # the entries with k = i
    mask = 1.0 * (z1 > 0)
    by_entry = (-y / a) * slope(a)  # the elementwise product, with softmax
    full = (-y / a) @ jacobian_softmax(a)

    t = 0.6
    yield "003-01", (np.cos(t**2) * 2 * t, derivative(lambda v: np.sin(v**2), t))
    one_path = deviation((dz["softmax"][0] * W2[0], da1["softmax"]))
    yield "003-02", [(sum(dz["softmax"][i] * W2[i] for i in range(3)), da1["softmax"]), one_path > FAILS]
    flat = T1.reshape(5, 20)
    yield "003-03", np.linalg.matrix_rank(flat) == 20, "restored", (flat, np.kron(eye(5), x[None]))
    inner, outside = derivative(lambda v: v**2, [t]), derivative(np.sin, [t**2])
    yield "003-04", ((outside @ inner)[0, 0], derivative(lambda v: np.sin(v**2), t))
    A, B = np.arange(4.0).reshape(2, 2), np.arange(4.0, 8).reshape(2, 2)
    yield "003-05", None, "read", (A * B, [[A[i, j] * B[i, j] for j in range(2)] for i in range(2)])
    yield "003-06", ([2 * 2**3, 6 * 3 * 2**2], derivative(lambda v: 2 * v[0] * v[1] ** 3, [3, 2]))
    F, at = lambda v: np.array([2 * v[0] * v[1] ** 3, v[0] ** 2 + v[1]]), np.array([1.0, 2])
    yield "003-07", (F(at + 1e-3) - F(at), derivative(F, at)), "read", ([[16, 24], [2, 1]], derivative(F, at))
    yield "003-08", (np.exp(np.sin(t)) * np.cos(t), derivative(lambda v: np.exp(np.sin(v)), t))
    f = lambda u: 2 * u[0] * u[1] ** 3 + u[2] * u[0]
    u = lambda t: np.array([t**2, 3 * t, t])
    paths = derivative(f, u(t)) * derivative(u, t)
    total = derivative(lambda s: f(u(s)), t)
    yield "003-09", (paths[2] * 1 + paths[0] + paths[1], total)
    yield "003-10", (0.0, derivative(lambda s: 2 * s * s**3, 1)), "mended", (0.0, derivative(lambda s: 2 + 0 * s, 1))
    yield "003-11", (1.0, derivative(lambda s: s * s**2, 1)), "mended", (5.0, derivative(lambda s: s * 5, 1))
    g = lambda x, y: 2 * x * y**3
    yield "003-12", (f(np.array([t**2, 3 * t, 0])), g(t**2, 3 * t))
    yield "003-13", (paths.sum(), total)
    curve = derivative(lambda s: u(s[0]), [t])
    yield "003-14", curve.shape[1] > 1, "mended", (curve[:, 0], [2 * t, 3, 1])
    F3 = lambda v: np.array([2 * v[0] * v[1] ** 3, v[0] * v[2], v[1] + v[2] ** 2])
    surface, at = lambda s: np.array([s[0] ** 2 * s[1], 3 * s[0], s[1]]), np.array([1.5, 0.5])
    yield "003-15", (derivative(F3, surface(at)) @ derivative(surface, at), derivative(lambda s: F3(surface(s)), at))
    yield "003-16", (3 * (t**2) ** 2 * 2 * t, derivative(lambda v: (v**2) ** 3, t))
    w, v, b = np.array([1.0, 2]), np.array([3.0, 4]), 5.0
    yield "003-17", ((w * v).sum(), v[0] * w[0] + v[1] * w[1] + b), "mended", ((w * v).sum() + b, 16)
    yield "003-18", (w @ v + b, 16)

    yield "003-19", None, "read", [(einsum("ij,j->i", W1, x) + b1, z1), W1.shape == (z1.size, x.size)]
    yield "003-20", np.ndim(z1[0]) == 1, "read", np.ndim(z1[0]) == 0 and W1[0].shape == x.shape
    column, row = z1[:, None], x[None] @ W1.T + b1
    yield "003-21", (column, row), "read", (column.T, row)
    X = np.arange(12.0).reshape(3, 4)
    yield "003-22", [(X @ W1.T + b1, einsum("nj,ij->ni", X, W1) + b1), (row[0], z1)]
    yield "003-23", all((T1[i, k] == 0).all() for i in range(5) for k in range(5) if i != k)
    yield "003-24", (np.array(x.size), x), "read", (einsum("ij,j->i", W1, x) + b1, z1)
    logs = np.log([1.0, 2, 3])
    alone = np.concatenate([softmax(logs[[k]]) for k in range(3)])
    yield "003-25", (alone, softmax(logs)), "given", (np.concatenate([σ(logs[[k]]) for k in range(3)]), σ(logs))
    affine = lambda v: v @ W1.T + b1
    r, s = np.ones(4), np.arange(4.0)
    yield "003-26", [(affine(r + s) - affine(s), affine(r) - affine(0 * r)), affine(r).shape == (5,)]
    v = np.array([-1.2, 0.3, 2])
    from_value = (
        (σ, np.diag(slope(σ(v)))),
        (np.tanh, np.diag(1 - np.tanh(v) ** 2)),
        (relu, np.diag(1.0 * (relu(v) > 0))),
        (softmax, jacobian_softmax(softmax(v))),
    )
    yield "003-27", [(M, derivative(f, v)) for f, M in from_value]
    stepped = p | {n: p[n] - 1e-2 * true["softmax", n] for n in ("W1", "W2")}
    yield "003-28", cost(stepped, "softmax") < cost(p, "softmax")
    d2 = a - y
    d1 = (d2 @ W2) * mask
    yield "003-29", [(d2, true["softmax", "b2"]), (d1, true["softmax", "b1"])]
    others = lambda f: [derivative(lambda w: f(a1 @ w.T + b2), W2)[k, i] for k in range(3) for i in range(3) if i != k]
    yield "003-30", (np.array(others(softmax)), np.zeros((6, 5))), "given", (np.array(others(σ)), np.zeros((6, 5)))
    yield "003-31", (cross_entropy(softmax(a1 @ W2.T + b2), y), cost(p, "softmax"))
    pick, apart = eye(3)[0], np.array([σ(v) for v in logs])
    yield (
        "003-32",
        (cross_entropy(alone, pick), cross_entropy(softmax(logs), pick)),
        "given",
        (half_sse(apart, pick), half_sse(σ(logs), pick)),
    )
    even = np.full(3, 1 / 3)
    at_zero = derivative(lambda v: cross_entropy(softmax(v), pick), np.zeros(3))
    full_zero = (-pick / even) @ jacobian_softmax(even)
    yield "003-33", ((-pick / even) * slope(even), at_zero), "mended", [(full_zero, at_zero), (even - pick, at_zero)]
    reaches = derivative(lambda w: relu(x @ w.T + b1) @ W2.T, W1)
    yield "003-34", [(softmax(W2 @ relu(W1 @ x + b1) + b2), a), all(reaches[k].any() for k in range(3))]
    single = [deviation((dz["softmax"][i] * W2[i], da1["softmax"])) > FAILS for i in range(3)]
    yield "003-35", [(dz["softmax"] @ W2, da1["softmax"]), all(single)]
    yield "003-36", W2.size == 15 == 3 * 5
    yield "003-37", (-y / a, derivative(lambda v: cross_entropy(v, y), a))
    J, J_σ = derivative(softmax, z2), derivative(σ, z2)
    entries_J = [[a[k] * ((k == i) - a[i]) for i in range(3)] for k in range(3)]
    yield "003-38", (eye(3), J), "read", (entries_J, J)
    diagonal = lambda M: np.diag(np.diag(M))
    yield "003-39", (diagonal(J), J), "given", (diagonal(J_σ), J_σ)
    yield "003-40", (np.diag(J_σ)[None], J_σ), "read", (np.diag(J_σ), slope(q))
    yield "003-41", (own, T), "read", [(own, np.tile(a1, (3, 1))), (einsum("ki,j->kij", eye(3), a1), T)]
    yield "003-42", W2[:, 3].shape == W2[0].shape, "read", (W2[:, 3], eye(5)[3] @ W2.T)
    yield "003-43", (by_entry, dz["softmax"]), "given", ((q - y) * slope(q), dz["sigmoid"])
    d, dW = dz["sigmoid"], true["sigmoid", "W2"]
    yield "003-44", (np.multiply.outer(d, own), dW), "read", [(np.diag(d) @ own, dW), (outer(d, a1), dW)]
    yield "003-45", (np.array([[d[i] * own[i, j] for i in range(3)] for j in range(5)]).T, dW)
    yield "003-46", None, "read", ([sum(W2[i, k] * a1[k] for k in range(5)) for i in range(3)], z2 - b2)
    yield "003-47", (a1, derivative(lambda w: (w * a1).sum(), W2[0]))
    count = derivative(lambda w: np.arange(1.0, 6) @ w.T, W2)
    yield "003-48", (count.size, (count == 0).sum(), len(np.unique(count[count != 0]))) == (45, 30, 5)
    yield "003-49", (einsum("ik,j->ikj", eye(3), a1), T)
    yield "003-50", (own[:, 1], T[1, 1]), "given", (own[1], T[1, 1])
    yield "003-51", [(dz[k][:, None] @ a1[None], true[k, "W2"]) for k in both]
    yield "003-52", len(set(dW.shape)) == 1, "mended", dW.shape == (3, 5)
    terms = d[:, None, None] * T
    yield "003-53", None, "read", [(terms.sum(axis=0), outer(d, a1)), (terms != 0).any(axis=2).sum() == 3]
    rng = np.random.default_rng(9)
    A1, Y = relu(rng.normal(size=(4, 5))), eye(3)[[0, 2, 1, 0]]
    Z = A1 @ W2.T + b2
    batch = derivative(lambda w: cross_entropy(softmax(A1 @ w.T + b2), Y), W2)
    D = softmax(Z) - Y
    added = sum(outer(D[n], A1[n]) for n in range(4))
    yield "003-54", (lambda: D @ A1, batch), "read", [(D.T @ A1, batch), (added, batch)]
    T_batch = derivative(lambda w: A1 @ w.T + b2, W2)
    yield (
        "003-55",
        (outer(D[0], A1[0]), batch),
        "mended",
        [(einsum("nk,nkij->ij", D, T_batch), batch), (D.T @ A1, batch)],
    )
    yield "003-56", ([[d[i] * a1[j] for j in range(5)] for i in range(3)], dW)
    soft = np.array([0.2, 0.5, 0.3])
    to_soft = derivative(lambda v: cross_entropy(softmax(v), soft), z2)
    yield "003-57", [(a - y, dz["softmax"]), (full, a - y), (a - soft, to_soft)]
    yield "003-58", (outer(by_entry, a1), true["softmax", "W2"]), "mended", (outer(full, a1), true["softmax", "W2"])
    to_a1 = derivative(lambda v: v @ W2.T + b2, a1)
    yield "003-59", (W2, to_a1)
    yield "003-60", (derivative(lambda v: σ(v @ W2.T + b2), a1) != 0).all()
    yield "003-61", [([sum(dz[k][i] * W2[i, j] for i in range(3)) for j in range(5)], da1[k]) for k in both]
    yield "003-62", ([max(0, v) for v in (-2, 0, 3)], relu(np.array([-2.0, 0, 3])))
    yield "003-63", (mask, derivative(relu, z1)), "read", (np.diag(mask), derivative(relu, z1))
    yield "003-64", (x, T1), "read", (einsum("ki,j->kij", eye(5), x), T1)
    dW1, up = true["softmax", "W1"], dz["softmax"] @ W2
    yield "003-65", (lambda: up * outer(mask, x), dW1), "given", (outer(up * mask, x), dW1)
    yield "003-66", [(outer((dz[k] @ W2) * mask, x), true[k, "W1"]) for k in both]
    yield "003-67", [(outer(dz1["softmax"], x), dW1), (dz1["softmax"][:, None] @ x[None], dW1)]

    sizes = 4, 6, 5, 5, 3
    W = [rng.normal(size=pair) for pair in zip(sizes[1:], sizes)]
    b = [rng.normal(size=n) for n in sizes[1:]]

    def deep(W, upto=4):
        h, hs = x, [x]
        for l in range(upto):
            z = h @ W[l].T + b[l]
            h = relu(z) if l < 3 else softmax(z)
            hs.append(h)
        return hs

    hs, found = deep(W), []
    δ = hs[4] - y
    for l in (3, 2, 1, 0):
        found.append((outer(δ, hs[l]), derivative(lambda w: cross_entropy(deep(swap(W, l, w))[4], y), W[l])))
        δ = (δ @ W[l]) * (hs[l] > 0)
    yield "003-68", found
    yield "003-69", (by_entry, dz["softmax"]), "mended", (full, dz["softmax"])
    yield "003-70", [(W2, to_a1), (own, np.tile(a1, (3, 1)))]
    yield "003-71", [(jacobian_softmax(a), J), (np.diag(slope(q)), J_σ)]
    yield "003-72", [(da1[k] * mask, dz1[k]) for k in both]
    parameters = sum(p[n].size for n in ("W1", "b1", "W2", "b2"))
    same = {"W2": outer(d2, a1), "W1": outer(d1, x), "b2": d2, "b1": d1}
    yield "003-73", [parameters == 43] + [(same[n], true["softmax", n]) for n in same]


# 004: columns, W is (out, in); one neuron, then ReLU and sigmoid with binary cross-entropy ---------------------------


def forward_004(p):
    z1 = p["W1"] @ p["x"] + p["b1"]
    a1 = relu(z1)
    z2 = p["W2"] @ a1 + p["b2"]
    return z1, a1, z2, σ(z2)


def net_004(outputs=2):
    rng, shapes = (
        np.random.default_rng(12),
        {"x": (3, 1), "W1": (4, 3), "b1": (4, 1), "W2": (outputs, 4), "b2": (outputs, 1)},
    )
    return {name: rng.normal(size=shape) for name, shape in shapes.items()} | {"y": eye(outputs)[:, :1]}


def article_004():
    f, g, t = lambda v: v**3 + 1, np.sin, 0.7
    whole = derivative(lambda v: g(f(v)), t)
    yield "004-01", None, "restored", (np.cos(f(t)) * 3 * t**2, whole)
    yield "004-02", (derivative(g, f(t)) * derivative(f, t), whole)
    yield "004-03", (derivative(lambda walker: 2 * (4 * walker), 1), 8)
    w, x, b, y = 0.7, 1.5, -0.2, 1.0
    z = w * x + b
    a = σ(z)
    of_w = derivative(lambda v: bce(σ(v * x + b), y), w)
    factors = derivative(lambda v: bce(v, y), a), derivative(σ, z), derivative(lambda v: v * x + b, w)
    yield "004-04", (np.prod(factors), of_w)
    yield "004-05", (x, factors[2])
    yield "004-06", [(slope(σ(v)), derivative(σ, v)) for v in (-3, -0.5, 0.0, 2)]
    points = [(p, t) for p in (0.1, 0.5, 0.9) for t in (0, 1, 0.3)]
    to_p = [derivative(lambda v: bce(v, t), p) for p, t in points]
    two_terms = [(-t / p + (1 - t) / (1 - p), d) for (p, t), d in zip(points, to_p)]
    yield "004-07", two_terms
    with np.errstate(all="ignore"):
        one = σ(np.array([37.0]))
        recipe = (-y / one + (1 - y) / (1 - one)) * one * (1 - one)
    yield "004-08", (recipe, one - y), "given", ((-y / a + (1 - y) / (1 - a)) * a * (1 - a) * x, of_w)
    yield "004-09", [((a - y) * x, of_w), (a - y, derivative(lambda v: bce(σ(w * x + v), y), b))]
    yield "004-10", (bce(a, y), np.log1p(np.exp(-z)))

    p = net_004()
    x, W1, b1, W2, b2, y = p.values()
    z1, a1, z2, y_hat = forward_004(p)
    cost = lambda p: bce(forward_004(p)[3], p["y"]).sum()
    true = {n: derivative(lambda v: cost(p | {n: v}), p[n]) for n in ("W1", "b1", "W2", "b2")}
    of_z2 = lambda v: bce(σ(v), y).sum()
    of_a1 = lambda v: of_z2(W2 @ v + b2)
    dz2, da1, dz1 = derivative(of_z2, z2), derivative(of_a1, a1), derivative(lambda v: of_a1(relu(v)), z1)
    δ2 = y_hat - y
    on = 1.0 * (z1 > 0)
    δ1 = (W2.T @ δ2) * on
    T = derivative(lambda w: (w @ a1)[:, 0], W2)
    yield "004-11", [(einsum("ij,jn->in", W1, x) + b1, z1), (np.maximum(z1, 0), a1)]
    yield "004-12", [(einsum("ij,jn->in", W2, a1) + b2, z2), (σ(z2), y_hat)]
    yield "004-13", (bce(y_hat, y), cost(p)), "given", (bce(y_hat, y).sum(), cost(p))
    yield "004-14", ((-y / y_hat + (1 - y) / (1 - y_hat)) * slope(y_hat), dz2)
    yield "004-15", two_terms + [((p - t) / (p * (1 - p)), d) for (p, t), d in zip(points, to_p)]
    yield "004-16", (np.diag(slope(y_hat)[:, 0]), derivative(σ, z2[:, 0]))
    yield "004-17", (y_hat - y, dz2)
    contraction = (einsum("k,kij->ij", δ2[:, 0], T), true["W2"])
    yield "004-18", (lambda: δ2 @ T.reshape(2, 8), true["W2"]), "read", contraction
    yield "004-19", (a1[:, 0], T), "read", (einsum("ki,j->kij", eye(2), a1[:, 0]), T)
    yield "004-20", (true["W2"].shape, δ2.shape, a1.shape) == ((2, 4), (2, 1), (4, 1))
    yield "004-21", (δ2 @ a1.T, true["W2"])
    up, h = np.array([[1.0], [2]]), np.array([[3.0], [4]])
    square = derivative(lambda w: (up * (w @ h)).sum(), np.zeros((2, 2)))
    yield "004-22", (h @ up.T, square), "given", (up @ h.T, square)
    yield "004-23", ([[δ2[i, 0] * a1[j, 0] for j in range(4)] for i in range(2)], true["W2"])
    yield "004-24", (δ2, true["b2"])
    J = derivative(lambda v: W2 @ v, a1[:, 0])
    yield "004-25", (lambda: δ2 @ J, da1), "read", (J.T @ δ2, da1)
    yield "004-26", (W2, J)
    yield "004-27", (W2.T @ δ2, da1)
    M, ones = np.array([[1.0, 2], [3, 4]]), np.ones((2, 1))
    back = derivative(lambda v: (ones * (M @ v)).sum(), ones)
    yield "004-28", (M @ ones, back), "given", (M.T @ ones, back)
    gate = np.diag(on[:, 0])
    yield "004-29", (lambda: da1 @ on, dz1), "read", [(da1 * on, dz1), (gate.T @ da1, dz1)]
    v = np.array([-2, -0.5, 0.5, 3])
    kink = (relu(1e-6) - relu(-1e-6)) / 2e-6
    yield "004-30", (0.0, kink), "given", (np.diag(1.0 * (v > 0)), derivative(relu, v))
    J_relu = derivative(relu, z1[:, 0])
    yield "004-31", [(J_relu, np.diag(np.diag(J_relu))), (J_relu.T @ da1, da1 * on)]
    yield "004-32", (δ1, dz1)
    off = z1[:, 0] <= 0
    yield "004-33", [off.any() and (~off).any(), (dz1[~off], da1[~off]), not true["W1"][off].any()]
    yield "004-34", (δ1 @ x.T, true["W1"])
    yield "004-35", (δ1, true["b1"])
    squared = derivative(lambda v: (σ(v) - 1) ** 2 / 2, 0.0)
    plain = derivative(lambda v: half_sse(v, y), z2)
    yield (
        "004-36",
        (σ(0.0) - 1, squared),
        "given",
        [((σ(0.0) - 1) * slope(σ(0.0)), squared), (y_hat - y, dz2), (z2 - y, plain)],
    )
    yield "004-37", (da1 * slope(σ(z1)), dz1), "read", (da1 * on, dz1)

    rng, sizes = np.random.default_rng(11), (3, 5, 4, 6, 2)
    W = [rng.normal(size=pair) for pair in zip(sizes[1:], sizes)]
    b = [rng.normal(size=(n, 1)) for n in sizes[1:]]

    def deep(W, b):
        h = [x]
        for l in range(4):
            h.append((relu if l < 3 else σ)(W[l] @ h[l] + b[l]))
        return h

    h, found = deep(W, b), []
    δ = h[4] - y
    for l in (3, 2, 1, 0):
        found.append((δ @ h[l].T, derivative(lambda w: bce(deep(swap(W, l, w), b)[4], y).sum(), W[l])))
        found.append((δ, derivative(lambda v: bce(deep(W, swap(b, l, v))[4], y).sum(), b[l])))
        δ = (W[l].T @ δ) * (h[l] > 0)
    yield "004-38", found


ARTICLES = article_000, article_001, article_002, article_003, article_004
