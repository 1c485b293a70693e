"""Print the book, built as a single page, as one PDF with bookmarks: _build/singlehtml -> _build/pdf/book.pdf"""

import shutil
from pathlib import Path

from browser import chromium

BUILD = Path(__file__).parents[1] / "_build"

# A link to another place in the book leads there in the PDF too; one to another file leads nowhere.
LOCAL_LINKS = """
for (const link of document.querySelectorAll('a[href]'))
  if (link.protocol === 'file:') link.hash ? link.setAttribute('href', link.hash) : link.removeAttribute('href');
"""


def main():
    # The builder puts the page where the introduction stands, yet links its files as seen from the top.
    book = shutil.copy(BUILD / "singlehtml" / "chapters" / "intro.html", BUILD / "singlehtml" / "book.html")
    target = BUILD / "pdf" / "book.pdf"
    target.parent.mkdir(exist_ok=True)
    with chromium() as browser:
        page = browser.new_page()
        page.goto(book.as_uri(), timeout=0)  # hundreds of pages take as long as they take
        page.evaluate("MathJax.startup.promise")
        page.evaluate(LOCAL_LINKS)
        page.pdf(path=target, format="A4", prefer_css_page_size=True, outline=True, tagged=True, print_background=True)


if __name__ == "__main__":
    main()
