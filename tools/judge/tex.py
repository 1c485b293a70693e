r"""From the TeX of a page to plain tokens: what only colours, spaces or sizes a formula is gone, and every argument
stands in braces.

`\fwd{z_o} = \frac12\,\bigl(x_o + T\bigr)` becomes `'z' _ { 'o' } = frac { 1 } { 2 } ( 'x' _ { 'o' } + 'T' )`:
names in quotes, words (from `\text`) in double quotes, one sign for each operator. The grammar reads these tokens.
"""

import re
from dataclasses import dataclass

TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\s+|\d+(?:\.\d+)?|.", re.DOTALL)

NOTHING = {"\\,", "\\;", "\\:", "\\!", "\\ ", "~", "\\left", "\\right", "\\displaystyle", "\\textstyle"}
NOTHING |= {f"\\{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m")}
COLOURS = {"\\fwd", "\\grad", "\\mathrm"}
SIGNS = {
    "\\cdot": "·", "\\times": "×", "\\odot": "⊙", "\\otimes": "⊗", "\\pm": "±", "\\approx": "≈", "\\le": "≤",
    "\\leq": "≤", "\\ge": "≥", "\\geq": "≥",
    "\\ne": "≠", "\\neq": "≠", "\\in": "∈", "\\notin": "∉", "\\to": "→", "\\mapsto": "↦", "\\subseteq": "⊆",
    "\\lt": "<", "\\gt": ">",
    "\\sum": "∑", "\\prod": "∏", "\\partial": "∂", "\\dots": "…", "\\cdots": "…", "\\ldots": "…", "\\vdots": "…",
    "\\lceil": "⌈", "\\rceil": "⌉", "\\langle": "⟨", "\\rangle": "⟩", "\\lbrace": "(", "\\rbrace": ")", "\\{": "(",
    "\\}": ")",
    "\\lim": "lim", "\\prime": "′", "'": "′", "\\colon": ";;", "\\top": "⊤", "\\lVert": "‖", "\\rVert": "‖",
    "\\qquad": ";;", "\\quad": ";", "\\Rightarrow": ";;", "\\Longrightarrow": ";;", "\\implies": ";;",
}  # fmt: skip
WORDS = {"in", "out", "new", "max", "min"}  # subscripts that are words even without \text
OPEN, CLOSE = set("([{⌈⟦⟨"), set(")]}⌉⟧⟩")


class Unreadable(Exception):
    """TeX that the grammar does not know."""


@dataclass(frozen=True)
class Piece:
    """One statement of a formula, in plain tokens; a formula has several where it has lines, columns or commas."""

    tokens: tuple

    def __str__(self):
        return " ".join(self.tokens)


def plain(tex):
    """All tokens of a formula; `;;` and `;` where it is set apart, `¶` and `&` as in TeX."""
    return _bars(_plain(_braced(tex)))


def _braced(tex):
    """Nested lists of tokens, one list for each pair of braces."""
    stack = [[]]
    for token in TOKEN.findall(re.sub(r"(?<!\\)%.*", "", tex)):
        if token == "{":
            stack.append([])
        elif token == "}":
            if len(stack) == 1:
                raise Unreadable("a brace is closed that was never opened")
            stack[-2].append(stack.pop())
        else:
            stack[-1].append(token)
    if len(stack) > 1:
        raise Unreadable("a brace is never closed")
    return stack[0]


def _text(group):
    return "".join(_text(item) if isinstance(item, list) else item for item in group)


class _Reader:
    """What is still to be read of one list, token by token."""

    def __init__(self, items):
        self.items = [item for item in items if isinstance(item, list) or not item.isspace()]

    def __bool__(self):
        return bool(self.items)

    def peek(self):
        while self.items and isinstance(self.items[0], str) and self.items[0] in NOTHING:
            self.items.pop(0)
        return self.items[0] if self.items else None

    def argument(self):
        """What TeX takes as one argument: a group, a token, or one digit."""
        item = self.peek()
        if item is None:
            raise Unreadable("an argument is missing")
        self.items.pop(0)
        if isinstance(item, list):
            return item
        if item[0].isdigit() and len(item) > 1:
            self.items.insert(0, item[1:])
            return [item[0]]
        return [item, self.argument()] if item in {"\\text", "\\mathbf", "\\boldsymbol", "\\operatorname"} else [item]


def _plain(items):
    reader, out = _Reader(items), []
    while reader:
        item = reader.peek()
        if item is None:
            break
        reader.items.pop(0)
        if isinstance(item, list):
            out += ["{", *_plain(item), "}"] if item else []
        elif item in COLOURS:
            out += _plain(reader.argument())
        elif item == "\\class":
            reader.argument()
            out += _plain(reader.argument())
        elif item in {"\\text", "\\mathit"}:
            out += _word(_text(reader.argument()))
        elif item == "\\operatorname":
            out.append(f"'{_text(reader.argument())}'")
        elif item in {"\\mathbf", "\\boldsymbol", "\\bm"}:
            out.append(f"'bold {_text(reader.argument()).strip().lstrip(chr(92))}'")
        elif item in {"\\hat", "\\bar", "\\tilde", "\\dot", "\\check"}:
            out.append(f"'{item[1:]} {_text(reader.argument()).strip().lstrip(chr(92))}'")
        elif item in {"\\frac", "\\tfrac", "\\dfrac"}:
            out += ["frac", *_group(reader.argument()), *_group(reader.argument())]
        elif item == "\\sqrt":
            out += ["sqrt", *_group(reader.argument())]
        elif item == "\\shape":
            out += ["shape", *_group(reader.argument()), *_group(reader.argument())]
        elif item == "\\underbrace":
            body = _group(reader.argument())
            if reader.peek() == "_":
                reader.items.pop(0)
                label = _group(reader.argument())
                if not any(t[0] == '"' for t in label):  # another name for what stands above
                    out += ["shape", *body, *label]
                else:
                    out += body[1:-1] if body[1] in {"+", "-"} else body
            else:
                out += body
        elif item in {"_", "^"}:
            out += _script(item, reader.argument())
        elif item == "\\begin":
            out += _environment(_text(reader.argument()), reader)
        elif item == "\\\\":
            if reader.peek() == "[":  # \\[4pt]
                while reader and reader.items.pop(0) != "]":
                    pass
            out.append("¶")
        elif item in {"\\max", "\\min"}:
            out.append({"\\max": "maximum", "\\min": "minimum"}[item] if reader.peek() == "_" else f"'{item[1:]}'")
        elif item in {"\\Delta", "\\nabla"} and reader.peek() not in {"_", "^", None}:
            out.append(f"'{item[1:]} {''.join(_plain(reader.argument())).strip(chr(39))}'")
        elif item == "d" and _differs(reader):
            out.append("ⅆ")
        elif item in SIGNS:
            out.append(SIGNS[item])
        elif item[0] == "\\":
            out.append(f"'{item[1:]}'")
        elif item.isalpha():
            out.append(f"'{item}'")
        elif item[0].isdigit():
            out.append(_number(item, reader))
        else:
            out.append(item)
    return out


def _differs(reader):
    """Is this d the sign of a differential: does a letter follow at once?"""
    follows = reader.items[0] if reader.items else None
    if isinstance(follows, list) or follows is None:
        return False
    return follows.isalpha() or follows in COLOURS | {"\\mathbf", "\\boldsymbol", "\\theta", "\\delta"}


def _number(item, reader):
    r"""Thousands are set apart: 15\,000."""
    while len(reader.items) > 1 and reader.items[0] == "\\," and re.fullmatch(r"\d{3}", str(reader.items[1])):
        item += reader.items[1]
        del reader.items[:2]
    return item


def _word(text):
    text = " ".join(text.split())
    if text in {"", ".", ","}:
        return []
    return [";;"] if text in {"or", "and", "with", "where"} else [f'"{text}"']


def _group(items):
    return ["{", *_plain(items), "}"]


def _script(sign, items):
    inside = _plain(items)
    if sign == "_" and _text(items).replace("\\", "").strip() in WORDS:
        inside = [f'"{_text(items).replace(chr(92), "").strip()}"']
    if sign == "_" and inside in (["+"], ["-"]):
        inside = [f'"{inside[0]}"']
    if sign == "^" and inside and inside[-1] == "'T'":
        inside[-1] = "⊤"
    if sign == "^" and inside and set("".join(inside)) == {"′"}:
        return ["".join(inside)]
    return [sign, "{", *inside, "}"]


def _environment(name, reader):
    depth, inside = 1, []
    while reader.items:
        item = reader.items.pop(0)
        if item == "\\begin":
            depth += 1
        elif item == "\\end":
            depth -= 1
            if not depth:
                reader.argument()
                break
        inside.append(item)
    if name in {"aligned", "gathered", "split"}:
        return _plain(inside)
    if name.endswith("matrix"):
        return ["matrix", "{", *_plain(inside), "}"]
    raise Unreadable(f"the environment {name}")


def _bars(tokens):
    """A bar opens unless one is open: nowhere does the book nest them."""
    out, is_open = [], False
    for token in tokens:
        if token == "|":
            is_open = not is_open
            token = "⟦" if is_open else "⟧"
        out.append(token)
    primes = re.compile("′+")
    merged = []
    for token in out:
        if merged and token == "′" and primes.fullmatch(merged[-1]):
            merged[-1] += token
        else:
            merged.append(token)
    return merged


def pieces(tex):
    """The statements of a formula, each whole: lines that continue one are joined to it."""
    lines, line, opened = [], [], []
    for token in plain(tex):
        if token in OPEN:
            opened.append(line[-1] if line and token == "{" else "")
        elif token in CLOSE and opened:
            opened.pop()
        if token in {"¶", "&"} and opened and "matrix" not in opened:
            continue  # a line broken within brackets
        if token == "¶" and not opened:
            lines.append(line)
            line = []
        else:
            line.append(token)
    lines.append(line)
    return [Piece(tuple(s)) for line in _joined(lines) for s in _statements(line) if s]


def _joined(lines):
    """A line that begins at the mark with a sign continues the one above; the second mark of a line begins a new
    column.
    """
    whole = []
    for line in lines:
        columns, depth = [[]], 0
        for token in line:
            depth += (token in OPEN) - (token in CLOSE)
            if token == "&" and not depth:
                columns.append([])
            else:
                columns[-1].append(token)
        first = [t for t in columns[0] if t not in {";", ";;"}]
        body = columns[1] if len(columns) > 1 else []
        while body and body[0] in {";", ";;"}:
            body = body[1:]
        continues = whole and not first and len(columns) > 1 and body and body[0] in set("=≈≤≥<>+-·×⊙/")
        if continues:
            whole[-1] += body
        else:
            whole.append(columns[0] + body)
        for left, right in zip(columns[2::2], columns[3::2] + [[]]):
            whole[-1] += [";;", *left, *right]
    return whole


def _statements(line):
    found, depth = [[]], 0
    for k, token in enumerate(line):
        depth += (token in OPEN) - (token in CLOSE)
        after = line[k + 1] if k + 1 < len(line) else ";;"
        if not depth and (token in {";;", ","} or token == ";" and after not in set("=≈≤≥<>+-·×⊙/")):
            found.append([])
        elif token not in {";", ";;"}:
            found[-1].append(token)
    return found
