"""The rules against a notebook that lies: checks that check nothing, outputs that nothing compares.

    python tools/honesty.py chapters/05_a_layer.ipynb

prints every breach; so do the tests.
"""

import ast
import builtins
import re
import sys
from pathlib import Path

import nbformat
from nbval.plugin import find_comment_markers, metadata_tags

TOLERANCE = 1e-2  # one that is as large needs a word that says why
ALLOWED = {"nbval-ignore-output"}  # of nbval's tags; how many cells may have it is said in chapters.py
FROM_NNLIB_ALONE = {"landed", "check_vjp", "check_chain", "check_grads", "diagnose", "diagnose_function"}
DISTANCE = re.compile(r"\b(error|norm|distance|difference|deviation|diff|gap|worst|ptp|off)\b|_error\b|\berror_")
SLACK = {"atol", "rtol", "tol", "abs", "rel", "tolerance", "delta", "abs_tol", "rel_tol"}
MARKED = re.compile(r"[\d.]*<!--.*?-->")  # what tools/marks.py resolves
NUMBER = re.compile(r"(?<![\w.^])\d+(?:\.\d+)?")
TONE = re.compile(r"\b(?:(?:dark|light|pale|bright)(?:er|est)?|black|white)\b", re.I)  # changes on a dark page
EVERYTHING = {"Exception", "BaseException", "AssertionError"}
SWALLOWED = re.compile(r"(?<![\w.])0\.00000\d*[1-9]\d*(?!\d*e)")  # of which tests/nbval_sanitize.cfg leaves 0.00000


def lies(nb):
    """Every lie that a notebook could tell, in words."""
    code = [(cell, parse(cell.source)) for cell in nb.cells if cell.cell_type == "code"]
    own = own_names([tree for _, tree in code])
    for cell, tree in code:
        lines = cell.source.splitlines()
        parts = (
            markers(cell),
            numbers(cell),
            swallowing(tree, lines),
            shadows(tree),
            unreachable(tree),
            *(assertion(node, own, lines) for node in walk(tree, ast.Assert)),
        )
        for found in parts:
            yield from (f"cell {cell.id}: {lie}" for lie in found)
    yield from captions(nb)


def parse(source):
    """The syntax tree of a cell without its magics (nbval and nbclient report what does not parse)."""
    try:
        return ast.parse(re.sub(r"(?m)^\s*[%!].*$", "", source))
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])


def walk(tree, *kinds):
    return (node for node in ast.walk(tree) if isinstance(node, kinds))


def commented(node, lines):
    """Whether a comment stands on the lines of a statement, or on the one above."""
    return any("#" in line for line in lines[max(node.lineno - 2, 0) : node.end_lineno])


# Assertions ---------------------------------------------------------------------------------------------------------


def assertion(node, own, lines):
    """What is wrong with an assertion: it cannot fail, it is about nothing of the chapter's, it tolerates much."""
    said = ast.unparse(node.test)
    said = said if len(said) <= 60 else f"{said[:57]}..."
    if is_constant(node.test):
        yield f"an assertion that cannot fail: {said}"
    elif not own & {name.id for name in walk(node.test, ast.Name)}:
        yield f"an assertion that no name of the chapter enters: {said}"
    if not node.msg and not commented(node, lines):
        for tolerance in sorted(filter(is_wide, tolerances(node.test))):
            yield f"a tolerance of {tolerance:g} without a comment that says why: {said}"


def is_constant(test):
    """Whether a condition is true whatever the chapter computes."""
    match test:
        case ast.Constant() | ast.Tuple() | ast.List() | ast.Dict() | ast.Set() | ast.JoinedStr() | ast.Lambda():
            return True
        case ast.UnaryOp(ast.Not(), operand):
            return is_constant(operand)
        case ast.BoolOp(ast.Or(), values):
            return any(map(is_constant, values))
        case ast.BoolOp(ast.And(), values):
            return all(map(is_constant, values))
        case ast.Compare(left, [ast.Eq() | ast.Is() | ast.LtE() | ast.GtE()], [right]) if same(left, right):
            return True
        case ast.Call(ast.Name("bool" | "all" | "any" | "len"), [argument]):
            return is_constant(argument)
        case ast.Call(ast.Attribute(value, "all" | "any"), []):
            return is_constant(value)
        case ast.Call(ast.Attribute(_, "allclose" | "isclose" | "array_equal"), [left, right, *_]) if same(left, right):
            return True
    return not any(walk(test, ast.Name))


def same(left, right):
    return ast.dump(left) == ast.dump(right) and not any(walk(left, ast.Call))


def own_names(trees):
    """Every name that a chapter's cells bind; of imports those from nnlib alone."""
    names = set()
    for tree in trees:
        for node in ast.walk(tree):
            match node:
                case ast.Name(name, ast.Store()) | ast.FunctionDef(name) | ast.ClassDef(name) | ast.arg(name):
                    names.add(name)
                case ast.ImportFrom(module, aliases) if (module or "").split(".")[0] == "nnlib":
                    names |= {alias.asname or alias.name for alias in aliases}
                case ast.Import(aliases):
                    names |= {alias.asname or alias.name for alias in aliases if alias.name.split(".")[0] == "nnlib"}
    return names


def tolerances(test):
    """The numbers that a condition lets a distance be."""
    for node in walk(test, ast.Compare):
        sides = [node.left, *node.comparators]
        for left, op, right in zip(sides, node.ops, sides[1:]):
            small, large = (left, right) if isinstance(op, ast.Lt | ast.LtE) else (right, left)
            if isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE) and is_distance(small):
                yield from number(large)
    denied = {id(part) for node in walk(test, ast.UnaryOp) if isinstance(node.op, ast.Not) for part in ast.walk(node)}
    for node in walk(test, ast.keyword):
        if node.arg in SLACK and id(node) not in denied:  # what must not be close is held the more the wider it is
            yield from number(node.value)


def is_distance(node):
    """Whether this is the size of a difference: it says so, or it is the absolute value of one."""
    names = {getattr(part, "id", getattr(part, "attr", "")) for part in walk(node, ast.Name, ast.Attribute)}
    subtracts = any(isinstance(part.op, ast.Sub) for part in walk(node, ast.BinOp))
    return bool(DISTANCE.search(" ".join(names))) or subtracts and bool(names & {"abs", "absolute", "fabs"})


def number(node):
    try:
        value = ast.literal_eval(ast.unparse(node).replace(" ", ""))
    except (ValueError, SyntaxError):
        return
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield value


def is_wide(tolerance):
    return tolerance >= TOLERANCE


# Around them --------------------------------------------------------------------------------------------------------


def swallowing(tree, lines):
    """Exceptions that vanish: a handler that says nothing, or that catches a failed assertion."""
    for node in walk(tree, ast.Try, ast.TryStar):
        checks = any(any(walk(statement, ast.Assert)) for statement in node.body)
        for handler in node.handlers:
            caught = {part.id for part in walk(handler.type, ast.Name)} if handler.type else {"BaseException"}
            raises = any(any(walk(statement, ast.Raise)) for statement in handler.body)
            if checks and caught & EVERYTHING and not raises:
                yield "a failed assertion would be swallowed by the except below it"
            elif all(map(says_nothing, handler.body)) and (caught & EVERYTHING or not commented(handler, lines)):
                yield f"an exception is swallowed without a comment: except {', '.join(sorted(caught))}"
        if any(any(walk(statement, ast.Return, ast.Break, ast.Continue)) for statement in node.finalbody):
            yield "an exception is swallowed by a jump out of finally"
    for call in walk(tree, ast.Call):
        if getattr(call.func, "id", getattr(call.func, "attr", "")) == "suppress":
            yield "an exception is swallowed: suppress"


def says_nothing(statement):
    return isinstance(statement, ast.Pass | ast.Continue | ast.Break) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def unreachable(tree):
    """Assertions that are never reached."""
    for node in walk(tree, ast.If, ast.While):
        never = node.body if isinstance(node.test, ast.Constant) and not node.test.value else []
        never = node.orelse if isinstance(node.test, ast.Constant) and node.test.value else never
        if any(any(walk(statement, ast.Assert)) for statement in never):
            yield f"an assertion that is never reached, below {ast.unparse(node.test)}"


def shadows(tree):
    """A function of nnlib's that judges, or one of Python's, replaced by another of the same name."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom("nnlib", names=aliases):
                names = [alias.asname for alias in aliases if alias.asname and alias.asname != alias.name]
            case ast.Import(aliases) | ast.ImportFrom(names=aliases):
                names = [alias.asname or alias.name for alias in aliases]
            case ast.Name(name, ast.Store()) | ast.FunctionDef(name) | ast.ClassDef(name):
                names = [name]
            case ast.Attribute(ast.Name("nnlib"), name, ast.Store()):
                yield f"nnlib.{name} is replaced"
                continue
            case _:
                continue
        for name in names:
            if name in FROM_NNLIB_ALONE or name in vars(builtins):
                yield f"{name} is shadowed by another of that name"


def markers(cell):
    """nbval's markers, all of them, as nbval itself finds them; and magics that hide what a cell prints."""
    if options := dict(find_comment_markers(cell.source)):
        yield f"a comment that tells nbval not to check the cell like all others: {options}"
    for tag in sorted(set(cell.metadata.get("tags", ())) & set(metadata_tags) - ALLOWED):
        yield f"the tag {tag}, which tells nbval not to check the cell like all others"
    if magic := re.match(r"\s*%%\w+", cell.source):
        yield f"a magic that keeps the cell from being checked like all others: {magic.group().strip()}"


def numbers(cell):
    """Printed numbers of which nothing is compared, since five decimals are."""
    for output in cell.outputs:
        data = output.get("data", {})
        texts = [output.get("text", ""), *(data.get(mime, "") for mime in ("text/plain", "text/html", "text/markdown"))]
        for text in texts:
            for found in SWALLOWED.findall(str(text)):
                yield f"{found} is printed, and compared as 0.00000: print it as 1.2e-06"


def captions(nb):
    """In captions and alternative texts: numbers that stand nowhere else in the chapter, not even with more digits; and
    tones, which are true on light pages alone."""
    texts = [cell.source for cell in nb.cells]
    for output in (output for cell in nb.cells for output in cell.get("outputs", ())):
        data = output.get("data", {})
        drawn = re.findall("<!-- (.*?) -->", str(data.get("image/svg+xml", "")))  # the words of a figure
        texts += [output.get("text", ""), str(data.get("text/plain", "")), str(data.get("text/html", "")), *drawn]
    known = [float(found) for text in texts for found in NUMBER.findall(text)]
    for cell in nb.cells:
        shown = cell.metadata.get("mystnb", {})
        for words in (shown.get("image", {}).get("alt", ""), shown.get("figure", {}).get("caption", "")):
            for tone in TONE.findall(words):
                yield f"cell {cell.id}: {tone} in the words of the figure is the opposite on a dark page: {words}"
            for found in NUMBER.findall(MARKED.sub("", words)):
                digits = len(found.partition(".")[2])
                if not any(abs(value - float(found)) <= 0.501 * 10.0**-digits for value in known):
                    yield f"cell {cell.id}: {found} in the words of the figure is not in the chapter: {words}"


if __name__ == "__main__":
    found = [f"{path}, {lie}" for path in sys.argv[1:] for lie in lies(nbformat.read(Path(path), as_version=4))]
    print("\n".join(found))
    sys.exit(bool(found))
