"""The pages of a book in a real browser: how they are served and opened, and what is wrong with them.

A check takes a page and returns its problems as a list of sentences. `test_pages` gives them every page of the book,
`test_page_gates` a page with a planted defect each.
"""

import os
import re
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import unquote, urldefrag
from urllib.request import urlopen

from axe_playwright_python.base import AXE_SCRIPT
from filelock import FileLock
from playwright.sync_api import Error

ROOT = Path(__file__).parents[1]
BOOK = os.environ.get("BOOK")  # another build of the same sources, which is not built here: `make next`
HTML = ROOT / (BOOK or "_build/html")
WIDE, PHONE = 1280, 320  # to which WCAG 2.1 wants a page to reflow (1.4.10)
BYTES, OWN_BYTES = 2_500_000, 700_000  # that a page may load, not compressed; of them the project's own
PAPER = 680  # the printable width of A4 in CSS pixels, margins off

CHECKS = Path(__file__).with_name("page_checks.js").read_text("utf-8").strip()
AXE_VERSION = re.search(r"axe v([\d.]+)", AXE_SCRIPT)[1]
AXE = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},  # WCAG 2.2, off by default
    "preload": False,  # fetches the style sheets once more, for rules that are not run
}
BY_LOOK = [  # the rules whose answer hangs on colours, sizes, and what there is room for
    "aria-hidden-focus",
    "avoid-inline-spacing",
    "button-name",
    "color-contrast",
    "link-in-text-block",
    "link-name",
    "scrollable-region-focusable",
    "summary-name",
    "target-size",
]


# ---------------------------------------------------------------------------------------------------- serve and open


class Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass  # a browser that moves on drops its connections


@contextmanager
def serve(folder):
    """The address at which a folder is served."""
    with Server(("127.0.0.1", 0), partial(Handler, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()


@cache
def build():
    """Build the book from its sources as they are now, warnings as errors; once for all processes of a run."""
    if BOOK:
        return
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    built_for = HTML.with_name("built_for")
    HTML.parent.mkdir(exist_ok=True)
    with FileLock(HTML.with_name("lock")):
        if built_for.exists() and built_for.read_text() == run:
            return
        shutil.rmtree(HTML, ignore_errors=True)  # Sphinx does not see a change in _static
        command = [Path(sys.executable).with_name("jupyter-book"), "build", ".", "--quiet", "-W", "-n", "--keep-going"]
        built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert built.returncode == 0, built.stdout + built.stderr
        built_for.write_text(run)


@contextmanager
def opened(browser, site, path, scheme="light", width=WIDE):
    """A page loaded afresh with its mathematics typeset, and the list of what goes wrong while it is open."""
    problems = []

    def console(message):
        if message.type in ("error", "warning"):
            problems.append(f"console {message.type}: {message.text}")

    def request(sent):
        if not sent.url.startswith((site, "data:", "blob:")):
            problems.append(f"a request to elsewhere: {sent.url}")

    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
    try:
        page = context.new_page()
        page.on("console", console)
        page.on("pageerror", lambda error: problems.append(f"error in a script: {error}"))
        page.on("request", request)
        page.on("requestfailed", lambda failed: problems.append(f"request failed: {failed.url}"))
        page.on("response", lambda r: r.status >= 400 and problems.append(f"answer {r.status}: {r.url}"))
        page.goto(site + path)
        page.evaluate("window.MathJax?.startup?.promise.then(() => {})")
        yield page, problems
    finally:
        context.close()


def resize(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 350)))")  # the theme takes 300 ms


def unfold(page):
    """Open the sections headed "Deeper: …" and the folds with a question in: explorers and answers need to be seen."""
    folds = page.locator("details.deeper, details:has(div.ask)")
    folds.evaluate_all("(folds) => folds.forEach((fold) => (fold.open = true))")


# ------------------------------------------------------------------------------------------------------------ checks


def in_page(name, page):
    return page.evaluate(f"{CHECKS}.{name}()")


raw_markup = partial(in_page, "rawMarkup")
contrast = partial(in_page, "contrast")
formulas = partial(in_page, "formulas")
figures = partial(in_page, "figures")
overflow = partial(in_page, "overflow")
other_hosts = partial(in_page, "otherHosts")
census = partial(in_page, "census")


def weight(page):
    """What a page costs its reader in bytes."""
    ours = {path.name for path in (ROOT / "_static").iterdir()}
    sizes = dict(in_page("sizes", page))
    theirs = [path for path in sizes if "/_static/" in path and Path(path).name not in ours or "searchindex" in path]
    own = {path: size for path, size in sizes.items() if path not in theirs}
    for what, loaded, most in (("in all", sizes, BYTES), ("of the project's own", own, OWN_BYTES)):
        if not 0 < sum(loaded.values()) <= most:
            yield f"{sum(loaded.values())} bytes {what}: {loaded}"


def theme(page):
    """Light and dark follow the system."""
    with suppress(Error):  # colours fade over
        page.wait_for_function(f"() => {CHECKS}.theme().length === 0", timeout=1000)
    return in_page("theme", page)


def reach(page):
    """What scrolls, but not by keyboard."""
    with suppress(Error):  # the theme takes its time
        page.wait_for_function(f"() => {CHECKS}.unreached().length === 0", timeout=2500)
    return in_page("unreached", page)


def accessibility(page, options=AXE):
    """What axe-core finds: WCAG 2.0 to 2.2, A and AA, and best practices."""
    if page.evaluate("!window.axe"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate(f"(options) => {CHECKS}.accessibility(options)", options)
    assert found["passes"], "axe-core checked nothing"
    return [f"axe {v['id']}, {v['help']}: {n['html'][:120]}" for v in found["violations"] for n in v["nodes"]]


def accessibility_by_look(page):
    """The same once more in other colours or at another width, by the rules that hang on them."""
    return accessibility(page, AXE | {"runOnly": {"type": "rule", "values": BY_LOOK}})


def explorers(page):
    """Every control of every explorer moves over its whole range by keyboard, and what it moves changes and is told."""
    return [problem for figure in page.locator("figure.explorer").all() for problem in explorer(figure)]


def explorer(figure):
    controls = figure.locator("input[type=range]").all()
    if not controls:
        yield "an explorer without controls"
    for control in controls:
        name = control.evaluate("(input) => input.labels[0]?.innerText.split('\\n')[0] ?? 'a control without a label'")
        steps = int(control.evaluate("(input) => input.max - input.min"))
        states = sweep(figure, control, steps)
        if len(states) <= steps:
            yield f"{name}: does not move by keyboard"
        texts = {state["image"]: state["alt"] for state in states}
        if len(texts) < 2:
            yield f"{name}: the picture never changes"
        if len(set(texts.values())) < len(texts):
            yield f"{name}: pictures share an alternative text"
        if len({state["spoken"] for state in states}) < len(states):
            yield f"{name}: a spoken value does not change"
        for state in states:
            if not state["loads"]:
                yield f"{name} at {state['spoken']}: the picture does not load"
            if len(state["alt"].split()) < 5:
                yield f"{name} at {state['spoken']}: alternative text under five words: {state['alt']!r}"
            if state["others_moved"]:
                yield f"{name} at {state['spoken']}: another control left its place"
    if figure.evaluate("(figure) => 'together' in figure.dataset"):
        pictures, expected = figure.evaluate(COMBINATIONS)
        if pictures < expected:
            yield f"{pictures} pictures for {expected} combinations of the controls"


def sweep(figure, control, steps):
    """What is to be seen and heard at each step, from one end of a control to the other."""
    keyboard = control.page.keyboard
    control.focus()
    figure.evaluate(RECORD)
    keyboard.press("End")
    figure.evaluate("(figure) => { figure.states = []; }")
    keyboard.press("Home")  # wherever it stood before, it has moved
    for _ in range(steps):
        keyboard.press("ArrowRight")
    return figure.evaluate(STATES)


# Moved one at a time the other controls are at their base, moved together they stay where they were.
RECORD = """(figure) => {
  const image = figure.querySelector("img");
  const place = (input) => "together" in figure.dataset ? figure.places.get(input) : input.defaultValue;
  if (!figure.states) figure.addEventListener("input", ({ target }) => figure.states.push({
    spoken: target.ariaValueText, alt: image.alt, image: image.src,
    others_moved: [...figure.querySelectorAll("input")]
      .some((input) => input !== target && input.value !== place(input)),
  }));
  figure.states = [];
  figure.places = new Map([...figure.querySelectorAll("input")].map((input) => [input, input.value]));
}"""

STATES = """(figure) => Promise.all(figure.states.map(async (state) => {
  const picture = new Image();
  picture.src = state.image;
  return { ...state, loads: await picture.decode().then(() => true, () => false) };
}))"""


def questions(page):
    """Every question has labels, and answers to nothing and to the right answer: the first of a kind by keyboard, the
    others, which hear the same keys, by script."""
    boxes = page.locator("div.ask")
    kinds = boxes.evaluate_all(
        "(all) => all.map((box) => box.querySelector('form') && JSON.parse(box.dataset.ask).kind)"
    )
    by_keyboard = [kinds.index(kind) for kind in set(kinds)]
    problems = [problem for k in by_keyboard for problem in question(boxes.nth(k))]
    return problems + page.evaluate(f"(done) => {CHECKS}.questions(done)", by_keyboard)


def question(box):
    if not box.locator("form").count():
        yield f"a question without a form: {box.inner_text()[:60]}"
        return
    said, fields = box.locator("[role=status]"), box.locator("input").all()
    prompt, answers = box.evaluate(f"(box) => {CHECKS}.asked(box)")
    fields[0].press("Enter")
    if not said.inner_text().startswith("Nothing is"):
        yield f"{prompt}: an empty answer is met with {said.inner_text()!r}"
    for field, answer in zip(fields, answers, strict=True):
        if answer is True:
            field.press("Space")
        elif answer:
            field.fill(answer)
    fields[0].press("Enter")
    if not said.inner_text().startswith("Right."):
        yield f"{prompt}: the right answer is met with {said.inner_text()!r}"
    box.get_by_role("button", name="Clear").press("Enter")
    if said.inner_text():
        yield f"{prompt}: cleared, it still says {said.inner_text()!r}"


# How many different pictures the combinations of all controls lead to, and how many combinations there are.
COMBINATIONS = """(figure) => {
  const controls = [...figure.querySelectorAll("input")], pictures = new Set();
  let combinations = 0;
  const visit = (k) => {
    if (k === controls.length) {
      combinations += 1;
      controls[0].dispatchEvent(new Event("input", { bubbles: true }));
      return pictures.add(figure.querySelector("img").src);
    }
    for (let value = 0; value <= controls[k].max; value++) { controls[k].value = value; visit(k + 1); }
  };
  visit(0);
  return [pictures.size, combinations];
}"""


@cache
def anchors(url):
    """The ids in the document at an address; None where nothing answers."""
    try:
        with urlopen(url) as answer:
            return set(re.findall(r'\bid="([^"]+)"', answer.read().decode(errors="replace")))
    except HTTPError:
        return None


def links(page):
    """Every link into the book leads somewhere, down to the anchor."""
    for link in inner_links(page):
        target, fragment = urldefrag(link)
        if anchors(target) is None:
            yield f"a link to nowhere: {link}"
        elif fragment and unquote(fragment) not in anchors(target):
            yield f"a link to an anchor that is not there: {link}"


def inner_links(page):
    origin = page.evaluate("location.origin")
    return sorted({link for link in in_page("links", page) if link.startswith(origin)})


def paper(page):
    """Printed, from a dark page too, all that is folded lies open, nothing is cut off, and the ink is dark. The page
    stays on paper."""
    page.emulate_media(color_scheme="dark")
    theme(page)  # waits until it is
    page.emulate_media(media="print")
    page.set_viewport_size({"width": PAPER, "height": 1000})
    with suppress(Error):  # colours fade over
        page.wait_for_function(f"() => {CHECKS}.faint().length === 0", timeout=1000)
    return in_page("folded", page) + overflow(page) + in_page("faint", page)
