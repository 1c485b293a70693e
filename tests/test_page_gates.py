"""The checks of the pages find what they are there for: a good page passes them all, and a page with one defect planted
in it fails, for that reason."""

from functools import cache

import pytest
from pages import (
    ROOT,
    accessibility,
    accessibility_by_look,
    contrast,
    explorers,
    figures,
    formulas,
    links,
    opened,
    other_hosts,
    overflow,
    paper,
    questions,
    raw_markup,
    reach,
    serve,
    theme,
    weight,
)

from nnlib.ask import Choice, Number
from nnlib.explore import Explorer, Slider

ASK = (ROOT / "_static" / "ask.js").read_text("utf-8")
PAGE = f"""\
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A page</title>
<link rel="icon" href="data:,">
<style>
{(ROOT / "_static" / "book.css").read_text("utf-8")}
{(ROOT / "_static" / "ask.css").read_text("utf-8")}
html {{ --pst-color-background: #fff; }}
@media screen and (prefers-color-scheme: dark) {{ html {{ --fwd: #56b4e9; --pst-color-background: #111; }} body {{ background: #111; }} body, a {{ color: #eee; }} }}
</style>
<main>
<h1 id="top">A page</h1>
CONTENT
</main>
"""


def formula(drawn="<mjx-math><mjx-mi>x</mjx-mi></mjx-math>", speech="<math><mi>x</mi></math>"):
    return (
        f'<span class="math"><mjx-container>{drawn}<mjx-assistive-mml style="display: none">{speech}</mjx-assistive-mml>'
        "</mjx-container></span>"
    )


def picture(alt, source="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"):
    return f'<img alt="{alt}" src="{source}">'


@cache
def explorer(say="A line with slope {:.1f} that starts at {:.1f}", **options):
    def draw(ax, slope, start):
        ax.plot([0, 1], [start, start + slope])

    sliders = {"slope": Slider([0.0, 1.0], 0.0, "slope"), "start": Slider([0.0, 1.0], 0.0, "start")}
    return Explorer(draw, lambda slope, start: say.format(slope, start), "A line", **sliders, **options).html


def question():
    """One of a kind that is typed and one that is chosen, with the page's script."""
    number = Number("What is two and two?", 4, hint="Count your fingers.")
    choice = Choice(
        "Which way is downhill?", {"left": "There the loss rises.", "right": "There the loss falls."}, "right"
    )
    return f"{number.html}{choice.html}<script>{ASK}</script>"


def traffic(page):
    """Nothing more than what `opened` has heard."""
    return []


CHECKS = (
    accessibility,
    accessibility_by_look,
    contrast,
    explorers,
    figures,
    formulas,
    links,
    other_hosts,
    overflow,
    questions,
    raw_markup,
    reach,
    theme,
    traffic,
    weight,
    paper,  # last: the page stays on it
)
WIDE_LINE = '<div style="width: 2000px">A long line</div>'
FOLD = """\
<style>@media print { .shut::details-content { display: none } }</style>
<details class="shut"><summary>Solution</summary><p>Two</p></details>
"""
GOOD = f"""\
<p>It costs <code>$5</code>, see <a href="#top">the top</a>.</p>
<p>{formula()}</p>
<p>{picture("A dot in the middle of nothing")}</p>
<details><summary>Answer</summary><p>Forty-two.</p></details>
<div style="width: 300px; height: 20px; overflow: auto; contain: paint" tabindex="0"><p>A short line</p></div>
{explorer()}
{explorer("A steep line with slope {:.1f} that starts at {:.1f}", together=True)}
{question()}
"""

# what is wrong: the check that finds it, the page's content, and words of the finding
DEFECTS = {
    "a figure without text": (figures, picture(""), "under five words"),
    "a figure with a word or two": (figures, picture("The loss"), "under five words"),
    "a file name for a text": (figures, picture("A picture, saved as loss.svg here"), "a file name"),
    "a path for a text": (figures, picture("../_images/9f3a_0"), "a file name"),
    "one text for two figures": (figures, 2 * picture("A dot in the middle of nothing"), "text twice"),
    "a figure that does not load": (figures, picture("A dot in the middle of nothing", "data:image/png,"), "does not load"),
    "a raw dollar": (raw_markup, "<p>The loss $L$ falls.</p>", "$L$"),
    "a raw environment": (raw_markup, r"<p>\begin{align} a \end{align}</p>", r"\begin"),
    "a raw formula": (raw_markup, r"<p>Then \(x\) falls.</p>", r"\(x"),
    "a raw role": (raw_markup, "<p>See {ref}`there`.</p>", "{ref}`"),
    "a raw directive": (raw_markup, "<p>:::{note}</p>", ":::"),
    "raw bold type": (raw_markup, "<p>A **bold** word</p>", "**bold**"),
    "raw mathematics read aloud": (raw_markup, picture("The loss along $w$ in six steps"), "in alt: The loss"),
    "a formula not drawn": (formulas, r'<span class="math">\(x\)</span>', "not drawn"),
    "a formula in error": (formulas, formula(speech="<math><merror>Missing brace</merror></math>"), "in error: Missing"),
    "an unknown macro": (formulas, formula(speech=r'<math><mtext mathcolor="red">\grad</mtext></math>'), r"in error: \grad"),
    "a formula without MathML": (formulas, formula(speech=""), "without MathML"),
    "a formula that is none": (formulas, "<mjx-container></mjx-container>", "drawn where the book has none"),
    "a formula too faint": (contrast, f'<p style="color: #aaa">{formula()}</p>', "contrast is 2.3"),
    "a formula on a tinted box": (contrast, f'<p style="background: #000c">{formula()}</p>', "contrast is 1."),
    "a line too wide": (overflow, WIDE_LINE, "px wide in a window"),
    "a line cut off": (overflow, f'<div style="width: 300px; overflow: hidden">{WIDE_LINE}</div>', "cut off, 2000 px in 300"),
    "a line cut off on paper": (paper, f'<div style="width: 300px; overflow: auto">{WIDE_LINE}</div>', "cut off, 2000 px in 300"),
    "a solution folded on paper": (paper, FOLD, "folded on paper: Two"),
    "a dark page's ink on paper": (paper, "<style>@media (prefers-color-scheme: dark) { p { color: #eee } }</style><p>Pale</p>", "faint on paper, 1.16:1: Pale"),
    "a page that stays light": (theme, "<style>body { background: #fff !important }</style>", "in a dark system"),
    "a link to nowhere": (links, '<a href="nowhere.html">There</a>', "nowhere.html"),
    "a link to no anchor": (links, '<a href="#nowhere">There</a>', "#nowhere"),
    "a hint to another host": (other_hosts, '<link rel="preconnect" href="https://cdn.example">', "cdn.example"),
    "a script from another host": (traffic, '<script src="https://cdn.example/a.js"></script>', "to elsewhere: https://cdn.example/a.js"),
    "a script that is not there": (traffic, '<script src="nowhere.js"></script>', "answer 404"),
    "a script that fails": (traffic, "<script>nothing.here()</script>", "nothing is not defined"),
    "a complaint on the console": (traffic, "<script>console.error('It is late')</script>", "It is late"),
    "an explorer that is dead": (explorers, explorer().replace("oninput", "data-off"), "the picture never changes"),
    "an explorer that is switched off": (explorers, explorer().replace("<input", "<input disabled"), "does not move by keyboard"),
    "an explorer without controls": (explorers, explorer().replace('"range"', '"hidden"'), "without controls"),
    "an explorer that does not speak": (explorers, explorer().replace("setAttribute", "getAttribute"), "spoken value does not"),
    "an explorer with one text": (explorers, explorer("A line that starts somewhere"), "share an alternative text"),
    "an explorer with a broken frame": (explorers, explorer().replace("image/svg", "image/none", 1), "does not load"),
    "an explorer without a base": (explorers, explorer().replace("input.value =", "input.last ="), "left its place"),
    "an explorer that forgets": (explorers, explorer(together=True).replace("const [text, share]", "if (input !== event.target) input.value = 1; const [text, share]"), "another control left its place"),
    "an explorer with a missing frame": (explorers, explorer(together=True).replace("frame += share", "frame = share"), "pictures for 4 combinations"),
    "a question without its script": (questions, Number("What is two and two?", 4).html, "without a form"),
    "a question that judges falsely": (questions, question().replace("if (same(got, right, right)) return", "if (false) return"), "the right answer is met"),
    "a question that is silent": (questions, question().replace('"Nothing is typed yet."', '""'), "an empty answer is met"),
    "a question without a label": (questions, question().replace('element("label", {}, single', 'element("span", {}, single'), "without a label"),
    "a question that is not cleared": (questions, question().replace("forget();", "return;"), "cleared, it still says"),
    "a choice that ignores the keyboard": (questions, question().replace("(event.preventDefault(), check())", "event.preventDefault()"), "is met with"),
    "a button without a name": (accessibility, "<button></button>", "axe button-name"),
    "a word too faint": (accessibility, '<p style="color: #aaa; background: #fff">Faint</p>', "axe color-contrast"),
    "a word too faint for its place": (accessibility_by_look, '<p style="color: #aaa; background: #fff">Faint</p>', "axe color-contrast"),
    "a heavy page": (weight, f"<!-- {'heavy ' * 150_000} -->", "of the project's own"),
    "a heavier one": (weight, f"<!-- {'heavy ' * 500_000} -->", "bytes in all"),
    "a formula that scrolls": (reach, f'<div class="math">{WIDE_LINE}</div>', "not by keyboard: A long line"),
    "an inline formula that scrolls": (reach, f'<style>span.math {{ overflow: auto !important }}</style>{formula()}', "a scroll container"),
    "a target too small": (accessibility, 2 * '<button style="font-size: 4px; padding: 0">a</button>', "axe target-size"),
}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The address of the planted pages."""
    folder = tmp_path_factory.mktemp("planted")
    contents = {name: content for name, (_, content, _) in DEFECTS.items()} | {"good": GOOD}
    for name, content in contents.items():
        (folder / f"{name}.html").write_text(PAGE.replace("CONTENT", content), "utf-8")
    with serve(folder) as address:
        yield address


def test_a_good_page_passes(browser, site):
    with opened(browser, site, "good.html", "dark") as (page, problems):
        for check in CHECKS:
            problems += check(page)
    assert problems == []


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_is_found(browser, site, name):
    check, _, words = DEFECTS[name]
    with opened(browser, site, f"{name}.html", "dark" if check is theme else "light") as (page, problems):
        problems += check(page)
    assert any(words in problem for problem in problems), problems


def test_no_check_without_a_defect(checked):
    assert {check for check, _, _ in DEFECTS.values()} == set(CHECKS)
    checked(planted_defects_in_pages=len(DEFECTS))
