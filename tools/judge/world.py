"""A world: one value for every symbol of a scope, drawn from a seed; and the same world with one of them moved, for
derivatives.
"""

import zlib

import numpy as np
from judge.legend import TOOLS, LegendError

STEP = 1e-20  # of the complex step


class NoArgument(Exception):
    """A function is asked for its value, and no symbol bears the name of its argument."""


class World:
    """Values are computed when they are asked for, and kept."""

    def __init__(self, scope, seed):
        self.scope, self.seed, self.values, self.jacobians = scope, seed, {}, {}

    def get(self, key):
        if key not in self.values:
            try:
                self.values[key] = self.compute(key)
            except (ArithmeticError, IndexError, TypeError, ValueError) as error:
                raise LegendError(f"{key} = {self.scope.symbols[key].line}: {error}") from error
        return self.values[key]

    def compute(self, key):
        symbol = self.scope.symbols[key]
        if symbol.kind == "value":
            return plain(symbol.line)
        if symbol.kind == "draw":
            rng = np.random.default_rng([self.seed, zlib.crc32(key.encode())])
            return plain(self.run(symbol, {"rng": rng}))
        if symbol.kind == "jacobian":
            from judge.value import cut, jacobian, matrix  # which in turn asks worlds

            out, inner = (np.shape(matrix(self.get(k))) for k in symbol.line)
            return cut(jacobian(*symbol.line, "ⅆ", self), out, inner, (), (), False)
        if symbol.kind == "function":
            if all(p in self.scope.symbols for p in symbol.parameters) and symbol.parameters:
                return plain(self.function(key)(*(self.get(p) for p in symbol.parameters)))
            raise NoArgument(key)
        return plain(self.run(symbol, {}))

    def run(self, symbol, extra):
        names = {name: self.given(name) for name in symbol.uses if name not in extra and name not in symbol.parameters}
        code = compile(str(symbol.line), symbol.key, "eval")
        with np.errstate(all="ignore"):
            return eval(code, {**TOOLS, **names, **extra})

    def given(self, key):
        """What a line of NumPy means by a name: a value, or a function to call."""
        return self.function(key) if self.scope.symbols[key].kind == "function" else self.get(key)

    def function(self, key):
        symbol = self.scope.symbols[key]
        if not symbol.parameters:
            return TOOLS[symbol.line] if symbol.line in TOOLS else self.run(symbol, {})
        return lambda *args: self.run(symbol, dict(zip(symbol.parameters, args, strict=True)))

    def moved(self, key, value, only=None):
        """The world in which one symbol has another value; with `only`, nothing but that symbol follows."""
        return Moved(self, key, value, only)


class Moved(World):
    def __init__(self, base, key, value, only):
        super().__init__(base.scope, base.seed)
        self.base, self.key, self.only = base, key, only
        self.values[key] = value

    def get(self, key):
        if key in self.values:
            return self.values[key]
        follows = self.key in self.scope.depends(key) and (self.only is None or key == self.only)
        if not follows:
            return self.base.get(key)
        self.values[key] = self.compute(key)
        return self.values[key]


def plain(value):
    """Numbers and arrays; lists of unequal length, and sets, stay what they are."""
    if (
        isinstance(value, (list, tuple))
        and value
        and (
            any(isinstance(v, (tuple, set, str)) for v in value)
            or len({len(v) if isinstance(v, list) else 0 for v in value}) > 1
        )
    ):
        return list(value)
    if isinstance(value, (list, tuple)):
        value = np.array(value)
    if isinstance(value, np.ndarray):
        value = value.astype(complex if np.iscomplexobj(value) else float)
        return value[()] if value.ndim == 0 else value
    return value
