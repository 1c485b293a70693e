"""The tests tested: every single-token bug that can be planted in a landed function must be caught.

A bug is one edit of the syntax tree: another operator, an operand left out, a constant off by one, a transpose dropped. The
whole package is built anew around the edited function, and `check` is run on it.
"""

import ast
import inspect
import sys
from types import ModuleType

import numpy as np
from calls import FUNCTIONS
from networks import network
from oracles import TEXTBOOK, complex_step, error, gradients, network_gradients
from test_landing import LANDINGS

import nnlib
from nnlib import activations, arguments, contracts, gradcheck, layers, losses, training
from nnlib import network as network_module

MODULES = [contracts, arguments, activations, gradcheck, losses, layers, network_module, training]
LANDED = {name: sys.modules[FUNCTIONS[name].__module__] for names in LANDINGS.values() for name in names}

EQUIVALENT = {  # the edited line, and why it is no bug
    "sigmoid: e = np.exp(np.where(z.real <= 0, z, -z))": "at z = 0 both are 0",
    "sigmoid: return np.where(z.real <= 0, e, 1) / (1 + e)": "at z = 0 both are 1",
    "bce: log_p = np.log(np.where(t == 0, 2, p))": "it is multiplied by t, which is 0",
    "bce_grad: return ((1 - t) / np.where(t == 1, 2, 1 - p) - t / np.where(t == 0, 1, p)) / len(p)": "it divides 1 - t, which is 0",
    "bce_grad: return ((1 - t) / np.where(t == 1, 1, 1 - p) - t / np.where(t == 0, 2, p)) / len(p)": "it divides t, which is 0",
    "cross_entropy: return -(t * np.log(np.where(t == 0, 2, p))).sum() / len(p)": "it is multiplied by t, which is 0",
    "cross_entropy_grad: return -t / np.where(t == 0, 2, p) / len(p)": "it divides t, which is 0",
    "softmax_cross_entropy: m = z.max(axis=1, keepdims=True)": "two axes, so the last is axis 1",
    "softmax_cross_entropy: c = np.where(z == m, e, 0).sum(axis=1, keepdims=True)": "two axes, so the last is axis 1",
    "softmax_cross_entropy: r = np.where(z == m, 0, e).sum(axis=1, keepdims=True)": "two axes, so the last is axis 1",
}

# Planting -------------------------------------------------------------------------------------------------------------

OPERATORS = {
    ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.Div], ast.Div: [ast.Mult], ast.Pow: [ast.Mult], ast.MatMult: [ast.Mult],
    ast.Gt: [ast.GtE, ast.Lt], ast.Lt: [ast.LtE, ast.Gt], ast.Eq: [ast.NotEq], ast.Or: [ast.And],
}  # fmt: skip
NAMES = {
    "max": "min", "sum": "max", "maximum": "minimum", "exp": "expm1", "log": "log1p", "log1p": "log", "tanh": "sin", "sqrt": "abs", "real": "imag",
}  # fmt: skip


def variants(node):
    """What may stand in place of a part of the syntax tree by mistake."""
    match node:
        case ast.BinOp(left, op, right):
            yield from (ast.BinOp(left, other(), right) for other in OPERATORS.get(type(op), ()))
            yield from (left, right)
        case ast.UnaryOp(op, operand):
            yield operand if isinstance(op, ast.USub | ast.Not) else ast.UnaryOp(ast.USub(), operand)
        case ast.Compare(left, [op], right):
            yield from (ast.Compare(left, [other()], right) for other in OPERATORS[type(op)])
        case ast.BoolOp(op, values):
            yield ast.BoolOp(OPERATORS[type(op)][0](), values)
            yield from values
        case ast.IfExp(test, body, orelse):
            yield ast.IfExp(test, orelse, body)
        case ast.Constant(bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(int(value) | float(value)):
            yield ast.Constant(value + 1)
        case ast.Attribute(value, "T"):
            yield value
        case ast.Attribute(value, name, context) if name in NAMES:
            yield ast.Attribute(value, NAMES[name], context)
        case ast.Call(function, [first, second, third], keywords):
            yield ast.Call(function, [first, third, second], keywords)


def mutants(name):
    """Every variant of a landed function: the edited line, and the module's tree with the edit."""
    tree = ast.parse(inspect.getsource(LANDED[name]))
    home = next(k for k, node in enumerate(tree.body) if isinstance(node, ast.FunctionDef) and node.name == name)
    function = tree.body[home]
    for line, statement in enumerate(function.body[1:], start=1):  # without the docstring
        for node in ast.walk(statement):
            for variant in variants(node):
                edited = swap(statement, node, variant)
                before, after = (ast.unparse(part).splitlines() for part in (statement, edited))
                body = [*function.body[:line], edited, *function.body[line + 1 :]]
                changed = ast.FunctionDef(**{**vars(function), "body": body})
                module = ast.Module([*tree.body[:home], changed, *tree.body[home + 1 :]], [])
                yield (
                    f"{name}: {next(b for a, b in zip(before, after) if a != b).strip()}",
                    ast.fix_missing_locations(module),
                )


def swap(part, node, variant):
    """A copy of a part of a syntax tree with one node exchanged."""
    if part is node:
        return variant
    if isinstance(part, list):
        return [swap(item, node, variant) for item in part]
    if isinstance(part, ast.AST):
        return type(part)(**{key: swap(value, node, variant) for key, value in vars(part).items()})
    return part


CODE = {module: compile(inspect.getsource(module), module.__file__, "exec") for module in MODULES}


def build(home=None, tree=None):
    """The package with one module made from another tree, and nothing shared with the package that is installed."""
    package = ModuleType("mutant")
    package.__path__ = []
    sys.modules["mutant"] = package
    for module in MODULES:
        fresh = ModuleType(module.__name__.replace("nnlib", "mutant"))
        fresh.__package__ = "mutant"
        sys.modules[fresh.__name__] = fresh
        exec(compile(tree, "mutant", "exec") if module is home else CODE[module], vars(fresh))
        vars(package).update({key: value for key, value in vars(fresh).items() if not key.startswith("_")})
    package.link()
    for name in [name for name in sys.modules if name.split(".")[0] == "mutant"]:
        del sys.modules[name]
    return package


# Catching -------------------------------------------------------------------------------------------------------------


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


def catches(package):
    try:
        check(package)
    except Exception:
        return True
    return False


def test_the_package_itself_passes():
    check(nnlib)
    check(build())


def test_every_planted_bug_is_caught(checked):
    planted = [(description, build(LANDED[name], tree)) for name in LANDED for description, tree in mutants(name)]
    survivors = [description for description, package in planted if not catches(package)]
    print(f"{len(planted)} bugs planted, {len(planted) - len(survivors)} caught, {len(EQUIVALENT)} no bugs")
    assert sorted(survivors) == sorted(EQUIVALENT)
    assert len(planted) - len(EQUIVALENT) >= 60
    checked(bugs_planted=len(planted))
