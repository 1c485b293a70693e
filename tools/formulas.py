"""Judge the formulas of the book: is what each says so?

    python tools/formulas.py chapters/09_batches.ipynb     one page, for the person who edits it
    python tools/formulas.py --score                       all pages, and how many changed formulas are noticed

Prints a line for every formula that is false or cannot be read. The exit status is 0 where all hold, 1 where one is false,
2 where one cannot be read, or uses a symbol that the page's legend (chapters/legends) lacks.
"""

import argparse
import sys
from pathlib import Path

from judge import legend, pages
from judge.verdict import Judge


def verdicts(path):
    judge = Judge(legend.load(path.stem))
    return [verdict for formula in pages.formulas(path) for verdict in judge.judge(formula)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", type=Path, help="default: all in chapters/")
    paths = parser.parse_args().pages or pages.pages()
    status = 0
    for path in paths:
        found = verdicts(path)
        for verdict in found:
            if verdict.kind in {"false", "unreadable"}:
                print(verdict)
        kinds = [v.kind for v in found]
        print(f"{path.name}: " + ", ".join(f"{kinds.count(k)} {k}" for k in ("true", "false", "setting", "not evaluated", "unreadable")))
        status = max(status, 2 if "unreadable" in kinds else 1 if "false" in kinds else 0)
    return status


if __name__ == "__main__":
    sys.exit(main())
