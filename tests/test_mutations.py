"""The tests tested: nearly every single-token bug that can be planted in nnlib's mathematics must be noticed.

A bug is one edit of one module's syntax tree (tests/planting.py). In a process of its own nnlib is imported anew with
that edit, and put before the tests: first those below, which are the others in small, then test files as they are. What
survives either is listed with the reason why it is no bug, or counts against the tests.
"""

import ast
import functools
import importlib
import inspect
import itertools
import multiprocessing
import os
import random
import resource
import signal
import sys
import time
import warnings
from importlib.machinery import ModuleSpec

import numpy as np
import pytest
from networks import network
from oracles import TEXTBOOK, complex_step, error, gradients, network_gradients
from planting import bugs
from survivors import NO_BUGS

import nnlib

FILES = {  # the modules, each with the test files that it is put before
    "activations": [],
    "losses": ["test_checked_once"],
    "layers": ["test_checked_once"],
    "network": ["test_checked_once"],
    "training": ["test_training", "test_checked_once"],
    "gradcheck": ["test_gradcheck", "test_checked_once"],
    "contracts": ["test_checked_once", "test_contracts"],
    "arguments": ["test_checked_once", "test_contracts"],
}
MATHEMATICS = ["activations", "losses", "layers", "network", "training", "gradcheck"]
AROUND = 40  # of the bugs in each of the modules around it are drawn
AT_LEAST = 0.97  # of the bugs are noticed
SLOW = 0.3  # seconds: a case that takes longer is left out
PATIENCE, BYTES = 5, 8 * 2**30  # times the right module's seconds, bytes: a bug may make a loop endless, or an array
SECONDS = 300  # that the right module may take

# Planting -------------------------------------------------------------------------------------------------------------


class Planted:
    """An importer of one module from another syntax tree."""

    def __init__(self, name, tree):
        self.name, self.tree = name, tree

    def find_spec(self, name, path, target=None):
        return ModuleSpec(name, self) if name == self.name else None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        exec(compile(self.tree, self.name, "exec"), vars(module))


def tree_of(module):
    return ast.parse(inspect.getsource(sys.modules[f"nnlib.{module}"]))


def noticed(module, tree, seconds):
    """What notices that nnlib has this module: the name of a test, or None. The cases that are fast come first."""
    load(module, tree, 10 + PATIENCE * sum(seconds.values()))
    try:
        check(importlib.import_module("nnlib"))
    except Exception:
        return "the tests in small"
    try:
        known = dict(itertools.chain(*map(cases, FILES[module])))
    except Exception:
        return "the tests when they are loaded"
    for case in seconds:
        if not passes(known.get(case)):
            return case[0]
    return None


def timed(module):
    """How long each case takes on the package as it is, those that are fast first."""
    load(module, tree_of(module))
    check(importlib.import_module("nnlib"))
    seconds = {}
    for case, run in itertools.chain(*map(cases, FILES[module])):
        begin = time.process_time()
        assert passes(run), case
        seconds[case] = time.process_time() - begin
    return {case: s for case, s in sorted(seconds.items(), key=lambda item: item[1]) if s < SLOW}


def load(module, tree, limit=SECONDS):
    """Let nnlib and the tests be imported anew, with this module. For a process that ends afterwards."""
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    signal.signal(signal.SIGPROF, too_long)
    signal.setitimer(signal.ITIMER_PROF, limit)
    sys.stdout = open(os.devnull, "w")  # of functions that print
    warnings.simplefilter("error")
    ours = os.path.dirname(__file__)
    for name, loaded in list(sys.modules.items()):
        if name.split(".")[0] == "nnlib" or os.path.dirname(getattr(loaded, "__file__", None) or "") == ours:
            del sys.modules[name]
    sys.meta_path.insert(0, Planted(f"nnlib.{module}", tree))


def too_long(*_):
    raise TimeoutError


def cases(file):
    """Every case of the tests of a file, by name and number; what wants more than a table and a patch is left out."""
    for name, test in list(vars(importlib.import_module(file)).items()):
        if name.startswith("test_"):
            tables = [mark.args[:2] for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
            keys = [[key.strip() for key in keys.split(",")] if isinstance(keys, str) else keys for keys, _ in tables]
            fixtures = set(inspect.signature(test).parameters) - set(itertools.chain(*keys))
            if fixtures <= {"checked", "monkeypatch"}:
                for k, rows in enumerate(itertools.product(*(rows for _, rows in tables))):
                    yield (name, k), functools.partial(run, test, keys, rows, fixtures)


def run(test, keys, rows, fixtures):
    given = {}
    for names, row in zip(keys, rows):
        given |= zip(names, [row] if len(names) == 1 else getattr(row, "values", row))
    with pytest.MonkeyPatch.context() as patch:
        given |= {name: {"checked": lambda **counts: None, "monkeypatch": patch}[name] for name in fixtures}
        test(**given)


def passes(case):
    """Whether it does; a case that is not there any more, since a table has shrunk, does not."""
    try:
        case()
    except (Exception, pytest.fail.Exception):
        return False
    return True


# Noticing -------------------------------------------------------------------------------------------------------------


def check(nn):
    """The other tests in small, on any build of the package."""
    rng = np.random.default_rng(0)
    check_rules(nn, rng)
    check_losses(nn, rng)
    check_gradcheck(nn)
    check_networks(nn, rng)
    check_training(nn, rng)


def check_rules(nn, rng):
    layer = [rng.normal(size=(2, 5)), rng.normal(size=(4, 5)), rng.normal(size=4)]
    for f, rule, args in [
        *((f, rule, [rng.normal(size=(2, 3, 4))]) for f, rule in nn.VJP.items()),
        (nn.dense, nn.dense_vjp, layer),
    ]:
        out = f(*args)
        g = rng.normal(size=out.shape)
        got = rule(g, out, *args)
        assert error(out, TEXTBOOK[f.__name__](*args)) < 1e-14
        assert (
            error(
                got if isinstance(got, tuple) else (got,),
                gradients(complex_step, lambda *args: (g * f(*args)).sum(), args),
            )
            < 1e-12
        )
        assert out is not args[0] and got is not g
    assert nn.dense_vjp(g, out, *layer, False)[0] is None
    assert nn.relu_vjp(1.0, 0.0, 0.0) == 0
    assert nn.sigmoid(np.array([-800.0, 800.0])).tolist() == [0, 1]
    assert nn.softmax(np.array([[800.0, 0], [-800, 0]])).tolist() == [[1, 0], [0, 1]]


def check_losses(nn, rng):
    p, t = rng.dirichlet(np.ones(4), size=(2, 3))
    for loss, grad in nn.GRAD.items():
        y = p if loss is nn.cross_entropy else p**2
        assert error(loss(y, t), TEXTBOOK[loss.__name__](y, t)) < 1e-14
        assert error(grad(y, t), complex_step(lambda y: loss(y, t), y)) < 1e-12
        narrow = y.astype("f"), t.astype("f")
        assert loss(*narrow).dtype == grad(*narrow).dtype == np.float32
    sure = np.array([[1.0, 0.0]])
    assert nn.bce(sure, sure) == nn.cross_entropy(sure, sure) == 0
    assert nn.bce_grad(sure, sure).tolist() == [[-1, 1]] and nn.cross_entropy_grad(sure, sure).tolist() == [[-1, 0]]
    far = np.array([[800.0, -800.0]])
    assert nn.sigmoid_bce(far, 1 - sure) == nn.softmax_cross_entropy(far, 1 - sure) == 1600
    assert (
        nn.sigmoid_bce(np.array([[40.0]]), np.ones((1, 1)))
        == nn.softmax_cross_entropy(np.array([[40.0, 0]]), sure)
        == np.exp(-40)
    )
    assert error(nn.softmax_cross_entropy(np.array([[1.0, 1, 0]]), np.eye(3)[:1]), np.log(2 + np.exp(-1))) < 1e-15
    zero = np.zeros((1, 1))
    assert error(nn.sigmoid_bce_grad(zero, zero), complex_step(lambda z: nn.sigmoid_bce(z, zero), zero)) < 1e-15
    assert nn.one_hot(np.array([2, 0]), 3, np.float32).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert nn.one_hot(np.array([1]), 2, np.float32).dtype == np.float32


def check_gradcheck(nn):
    a, b = np.array([1.0, -8.0]), np.array([0.5, -4.0])
    assert nn.relative_error(a, b) == nn.relative_error(b, a) == nn.relative_error(a / 100, b / 100) == 0.5
    assert nn.relative_error(0 * a, 0 * a) == 0
    x = np.array([[0.3, -2.0, 300.0]])
    assert error(nn.numerical_grad(lambda x: (x**2).sum(), x), 2 * x) < 1e-9
    assert (
        error(
            nn.numerical_jacobian(lambda x: np.outer(x, [1, 2]), x),
            np.einsum("ik,j->ijk", np.eye(3), [1, 2])[:, :, None, :],
        )
        < 1e-9
    )
    assert nn.numerical_jacobian(lambda x: x, np.ones(1)).shape == (1, 1)
    for off, wrong in (
        ((1, 1), 0),
        ((1, 2), 0.5),
        ((2, 1), 0.5),
    ):  # a rule that is right, wrong in its second gradient, in its first

        def rule(g, out, x, y):
            return off[0] * 2 * g * x * y, off[1] * g * x**2

        assert (
            abs(nn.vjp_error(lambda x, y: x**2 * y, rule, x[0], x[0] + 1, rng=np.random.default_rng(0)) - wrong) < 1e-8
        )


def check_networks(nn, rng):
    names = ["tanh", "relu", "sigmoid"]
    params, _, x, t, _ = network([3, 5, 4, 2], names, nnlib.half_mse, N=6)
    acts = [getattr(nn, name) for name in names]

    def value(params, x):
        for name, (W, b) in zip(names, params):
            x = TEXTBOOK[name](TEXTBOOK["dense"](x, W, b))
        return TEXTBOOK["half_mse"](x, t)

    L, grads = nn.value_and_grad(params, acts, x, t, nn.half_mse)
    assert (
        error(L, value(params, x)) < 1e-14
        and error(grads, network_gradients(complex_step, lambda params: value(params, x), params)) < 1e-12
    )
    y, trace = nn.forward(params, acts, x)
    assert trace[0][0] is not x and all(a is x for (_, _, a), (x, _, _) in zip(trace, trace[1:]))
    dx, same = nn.backward(nn.half_mse_grad(y, t), params, acts, trace, True)
    assert error(dx, complex_step(lambda x: value(params, x), x)) < 1e-12 and error(same, grads) == 0
    assert nn.backward(nn.half_mse_grad(y, t), params, acts, trace)[0] is None
    (W, b), (V, c) = nn.init_params([200, 300, 2], np.random.default_rng(0), np.float32)
    assert [a.shape for a in (W, b, V, c)] == [(300, 200), (300,), (2, 300), (2,)] and {
        a.dtype for a in (W, b, V, c)
    } == {np.dtype("f")}
    assert abs(W.std() / 0.1 - 1) < 0.02 and abs(W.mean()) < 0.002 and not b.any() and not c.any()


def check_training(nn, rng):
    params, grads = [(np.ones((2, 3)), np.ones(2))], [(np.full((2, 3), 2.0), np.full(2, 3.0))]
    ((W, b),) = nn.sgd_step(params, grads, 0.125)
    assert (W == 0.75).all() and (b == 0.625).all()
    dealt = list(nn.batches(7, 3, np.random.default_rng(0)))
    assert [len(index) for index in dealt] == [3, 3, 1] and sorted(np.concatenate(dealt)) == list(range(7))
    assert np.concatenate(dealt).tolist() != list(range(7))
    (whole,) = nn.batches(7, 7, np.random.default_rng(0))
    assert sorted(whole) == list(range(7))


# The score ------------------------------------------------------------------------------------------------------------


def fates(module):
    """Every bug of a module, and what notices it."""
    with FORK.Pool(1) as pool:
        seconds = pool.apply(timed, [module])  # which fails where the package itself does
    planted = list(bugs(tree_of(module)))
    if module not in MATHEMATICS:
        planted = random.Random(0).sample(planted, AROUND)
    BUGS[:] = [(module, tree, seconds) for _, tree in planted]
    with FORK.Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        found = pool.map(fate, range(len(BUGS)), chunksize=1)
    return list(zip([words for words, _ in planted], found))


FORK = multiprocessing.get_context("fork")
BUGS = []  # inherited by the processes


def fate(k):
    return noticed(*BUGS[k])


@pytest.fixture(scope="module")
def found():
    return {module: fates(module) for module in FILES}


def test_the_bugs_are_noticed(found, checked, score):
    seen = table(found)
    score("mutants", seen)
    rows = [row for row in seen["rows"] if row[0] in MATHEMATICS]
    planted, equal, caught = (sum(row[k] for row in rows) for k in (1, 2, 3))
    assert caught >= AT_LEAST * (planted - equal)
    checked(bugs_planted=planted, bugs_noticed=caught)


def test_what_is_no_bug_survives(found):
    """A reason for a bug that is noticed, or that is not planted any more, is out of date."""
    for module, pairs in found.items():
        listed, noticed = NO_BUGS.get(module, {}).keys(), {words for words, by in pairs if by}
        assert not listed & noticed
        assert module not in MATHEMATICS or listed <= {words for words, _ in pairs}


def table(found):
    """What is stored of it, for the page that shows it."""
    rows, no_bugs, unnoticed = [], [], []
    for module, pairs in found.items():
        survivors = [words for words, by in pairs if by is None]
        reasons = NO_BUGS.get(module, {})
        equal = [words for words in survivors if words in reasons]
        rows.append([module, len(pairs), len(equal), len(pairs) - len(survivors), len(survivors) - len(equal)])
        no_bugs += [[module, reasons[words], words] for words in equal]
        unnoticed += [[module, words] for words in survivors if words not in reasons]
    total = ["all", *(sum(column) for column in list(zip(*rows))[1:])]
    return {
        "made by": "make mutants",
        "columns": ["module", "bugs planted", "no bugs", "noticed", "not noticed"],
        "rows": rows,
        "total": total,
        "lists": {"No bugs, and why": no_bugs, "Not noticed": unnoticed},
    }
