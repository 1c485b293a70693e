"""What chapter 1's page costs its reader in bytes."""

from pathlib import Path

from pages import ROOT, book, browser  # noqa: F401, fixtures among them

CHAPTER = "chapters/01_one_neuron"
ALL, OWN = 2_300_000, 400_000  # bytes, not compressed

SIZES = """() => performance.getEntriesByType("navigation").concat(performance.getEntriesByType("resource"))
  .filter((entry) => entry.name.startsWith(location.origin)).map((entry) => [entry.name, entry.decodedBodySize])"""


def test_the_weight_of_the_page(browser, book, checked):  # noqa: F811
    page = browser.new_page()
    page.goto(f"{book}{CHAPTER}.html", wait_until="networkidle")
    sizes = {name.removeprefix(book): size for name, size in page.evaluate(SIZES)}
    page.close()
    ours = {path.name for path in (ROOT / "_static").iterdir()}
    own = {path: size for path, size in sizes.items() if not path.startswith("_static/") or Path(path).name.split("?")[0] in ours}
    assert any("mathjax" in path for path in sizes)
    assert any(path.startswith(CHAPTER) for path in own)
    assert sum(sizes.values()) <= ALL, sizes
    assert sum(own.values()) <= OWN, own
    checked(kilobytes_in_chapter_1=sum(sizes.values()) // 1000, of_them_our_own=sum(own.values()) // 1000)
