"""Judge the formulas of the book: is what each says so?

    python tools/formulas.py chapters/09_batches.ipynb     one page, for the person who edits it
    python tools/formulas.py                               all pages
    python tools/formulas.py --score                       all pages, and how many changed formulas are noticed

Prints a line for every formula that is false or cannot be read, with the place and both values. The exit status is 0
where all hold, 1 where one is false, 2 where one cannot be read or uses a symbol that the page's legend lacks
(chapters/legends).
"""

import argparse
import json
import sys
from pathlib import Path

from judge import pages
from judge.score import score, table
from tqdm import tqdm

SCORES = Path(__file__).parents[1] / "chapters" / "scores"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", type=Path, help="default: all in chapters/")
    parser.add_argument("--score", action="store_true", help="also change every formula, and store the score")
    options = parser.parse_args()
    paths = options.pages or pages.pages()
    scores = [score(path, options.score) for path in tqdm(paths, disable=None if options.score else True, unit="page")]
    for result in scores:
        for verdict in result.wrong:
            print(verdict)
        print(said(result))
    if options.score and not options.pages:
        SCORES.mkdir(exist_ok=True)
        text = json.dumps(table(scores), indent=1, ensure_ascii=False)
        (SCORES / "formulas.json").write_text(text + "\n", "utf-8")
    kinds = {verdict.kind for result in scores for verdict in result.wrong}
    return 2 if "unreadable" in kinds else 1 if "false" in kinds else 0


def said(result):
    wrong = [v.kind for v in result.wrong]
    parts = [f"{result.claims} claims in {result.formulas} formulas", f"{len(result.not_evaluated)} not evaluated"]
    parts += [f"{wrong.count(kind)} {kind}" for kind in ("false", "unreadable") if kind in wrong]
    if changed := sum(result.fates.values()):
        parts += [f"{changed} changed", *(f"{count} {fate}" for fate, count in sorted(result.fates.items()))]
    return f"{result.page}: {', '.join(parts)}"


if __name__ == "__main__":
    sys.exit(main())
