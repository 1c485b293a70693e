"""Single-token bugs: every edit of a syntax tree that a slip of the finger makes.

An edit is another operator, an operand left out, a constant off by one, a condition turned, a transpose dropped.
"""

import ast

OPERATORS = {
    ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.Div], ast.Div: [ast.Mult], ast.Pow: [ast.Mult], ast.MatMult: [ast.Mult],
    ast.FloorDiv: [ast.Div], ast.BitAnd: [ast.BitOr], ast.BitOr: [ast.BitAnd],
    ast.Gt: [ast.GtE, ast.Lt], ast.Lt: [ast.LtE, ast.Gt], ast.GtE: [ast.Gt, ast.Lt], ast.LtE: [ast.Lt, ast.Gt], ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq], ast.Is: [ast.IsNot], ast.IsNot: [ast.Is], ast.In: [ast.NotIn], ast.NotIn: [ast.In],
    ast.Or: [ast.And], ast.And: [ast.Or],
}  # fmt: skip
NAMES = {
    "max": "min", "sum": "max", "maximum": "minimum", "exp": "expm1", "log": "log1p", "log1p": "log", "tanh": "sin", "sqrt": "abs", "real": "imag",
    "argmax": "argmin", "all": "any", "any": "all",
}  # fmt: skip
WORDS = {"annotation", "returns", "type_comment"}  # of a function, what is not run


def variants(node):
    """What may stand in place of a part of the syntax tree by mistake."""
    match node:
        case ast.BinOp(left, op, right):
            yield from (ast.BinOp(left, other(), right) for other in OPERATORS.get(type(op), ()))
            yield from (left, right)
        case ast.AugAssign(target, op, value):
            yield from (ast.AugAssign(target, other(), value) for other in OPERATORS.get(type(op), ()))
        case ast.UnaryOp(op, operand):
            yield operand if isinstance(op, ast.USub | ast.Not) else ast.UnaryOp(ast.USub(), operand)
        case ast.Compare(left, ops, rights):
            for k, op in enumerate(ops):
                for other in OPERATORS[type(op)]:
                    yield ast.Compare(left, [*ops[:k], other(), *ops[k + 1 :]], rights)
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
        case ast.Call(ast.Name(name, context), args, keywords) if name in NAMES:
            yield ast.Call(ast.Name(NAMES[name], context), args, keywords)
        case ast.Call(function, [first, second, third], keywords):
            yield ast.Call(function, [first, third, second], keywords)


def bugs(tree):
    """Every variant of a module: what is edited, in words, and the module's tree with the edit."""
    for k, statement in enumerate(tree.body):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            continue
        for name, node in parts(statement):
            for variant in variants(node):
                edited = swap(statement, node, variant)
                module = ast.Module([*tree.body[:k], edited, *tree.body[k + 1 :]], [])
                yield f"{name}: {changed(statement, edited)}", ast.fix_missing_locations(module)


def parts(node, name="module"):
    """Every part of a statement that is run, and the function that it belongs to; no docstrings, no words of errors."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        name = node.name if name == "module" else f"{name}.{node.name}"
    if isinstance(node, ast.JoinedStr):
        return
    yield name, node
    for key, value in ast.iter_fields(node):
        if key not in WORDS:
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, ast.AST):
                    yield from parts(part, name)


def changed(before, after):
    """The first line that differs, as it reads now."""
    pairs = zip(ast.unparse(before).splitlines(), ast.unparse(after).splitlines())
    return next((b for a, b in pairs if a != b), "").strip()


def swap(part, node, variant):
    """A copy of a part of a syntax tree with one node exchanged."""
    if part is node:
        return variant
    if isinstance(part, list):
        return [swap(item, node, variant) for item in part]
    if isinstance(part, ast.AST):
        return type(part)(**{key: swap(value, node, variant) for key, value in vars(part).items()})
    return part
