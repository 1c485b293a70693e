"""Copy the body of a landed function from its chapter into nnlib, or back.

    python tools/bring.py dense_vjp --to nnlib
    python tools/bring.py dense_vjp --to chapter

Signature, docstring and decorators stay as they are in each place, and so do the comments and the line breaks of a
statement that is the same in both: only the mathematics moves.
"""

import argparse
import ast
import io
import sys
import tokenize
from difflib import SequenceMatcher
from itertools import chain, dropwhile

import nbformat

from chapters import CHAPTERS, store

NNLIB = CHAPTERS.parent / "nnlib"


def find(source, name):
    """The definition of a function at the top level of a source, or None."""
    definitions = (node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == name)
    return next(definitions, None)


def body(source, name):
    """The slice of lines that hold a function's mathematics: after its signature and docstring."""
    node = find(source, name)
    if ast.get_docstring(node) is not None:
        return slice(node.body[0].end_lineno, node.end_lineno)
    rest = io.StringIO("".join(source.splitlines(keepends=True)[node.lineno - 1 :]))
    signature = next(token for token in tokenize.generate_tokens(rest.readline) if token.type == tokenize.NEWLINE)
    return slice(node.lineno - 1 + signature.end[0], node.end_lineno)


def statements(lines):
    """The statements of a body: what each says, whatever its comments and line breaks, and the lines that say it."""
    begin, said = 0, []
    for token in tokenize.generate_tokens(io.StringIO("\n".join(lines) + "\n").readline):
        if token.type == tokenize.NEWLINE:
            yield tuple(said), lines[begin : token.end[0]]
            begin, said = token.end[0], []
        elif token.type not in (tokenize.COMMENT, tokenize.NL) and token.string.strip():
            said += [token.string] if said else [token.start[1], token.string]


def merged(source, target):
    """The lines of the source's statements; one that the target has too, as it is written there."""
    source, target = list(statements(source)), list(statements(target))
    written = [lines for _, lines in source]
    same = SequenceMatcher(None, [said for said, _ in source], [said for said, _ in target], autojunk=False)
    for here, there, count in same.get_matching_blocks():
        written[here : here + count] = [lines for _, lines in target[there : there + count]]
    return list(chain.from_iterable(written))


def bring(name, source, target):
    """The target's text with the body that the function has in the source."""
    arguments = [
        [arg.arg for arg in ast.walk(find(text, name).args) if isinstance(arg, ast.arg)] for text in (source, target)
    ]
    if arguments[0] != arguments[1]:
        raise ValueError(
            f"{name} takes {arguments[0]} in one place and {arguments[1]} in the other: change the signature by hand"
        )
    lines, place = target.splitlines(), body(target, name)
    brought = merged(source.splitlines()[body(source, name)], lines[place])
    lines[place] = dropwhile(lambda line: not line.strip(), brought)
    return "\n".join(lines) + ("\n" if target.endswith("\n") else "")


def module_of(name):
    """The module of nnlib that defines a function."""
    return next((path for path in sorted(NNLIB.glob("*.py")) if find(path.read_text("utf-8"), name)), None)


def cell_of(name):
    """The chapter that lands a function: its path, the notebook, and the cell that defines it."""
    for path in sorted(CHAPTERS.glob("*.ipynb")):
        nb = nbformat.read(path, as_version=4)
        if any(f"landed({name})" in cell.source for cell in nb.cells if cell.cell_type == "code"):
            for cell in nb.cells:
                if cell.cell_type == "code" and f"def {name}(" in cell.source and find(cell.source, name):
                    return path, nb, cell
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="the function")
    parser.add_argument("--to", choices=["nnlib", "chapter"], required=True)
    asked = parser.parse_args()
    module, found = module_of(asked.name), cell_of(asked.name)
    if module is None or found is None:
        sys.exit(f"{asked.name} is not both defined in nnlib and landed in a chapter")
    path, nb, cell = found
    if asked.to == "nnlib":
        module.write_text(bring(asked.name, cell.source, module.read_text("utf-8")), "utf-8")
        print(f"{module} now has the body of {path}; run `make chapters`, then `make test`")
    else:
        cell.source = bring(asked.name, module.read_text("utf-8"), cell.source)
        store(nb, path)
        print(f"{path} now has the body of {module}; run `make chapters`, then `make test`")


if __name__ == "__main__":
    main()
