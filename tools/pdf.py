"""Print the book, built as a single page, as one PDF with a cover, contents and bookmarks: _build/pdf/book.pdf"""

import re
import shutil
from html import escape
from io import BytesIO
from pathlib import Path

import yaml
from browser import chromium
from pypdf import PdfReader, PdfWriter
from pypdf.constants import PageLabelStyle
from pypdf.generic import ArrayObject, NameObject, NullObject, TextStringObject

import nnlib

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "_build"
SHEET = {"format": "A4", "prefer_css_page_size": True, "print_background": True}

# A link to another place in the book leads there in the PDF too; one to another file leads nowhere.
LOCAL_LINKS = """
for (const link of document.querySelectorAll('a[href]'))
  if (link.protocol === 'file:') link.hash ? link.setAttribute('href', link.hash) : link.removeAttribute('href');
"""

# The theme's own table of contents for paper has no page numbers, and this book's has.
NO_CONTENTS = "document.querySelector('#jb-print-toc')?.remove()"

# The headings in order, of which Chromium makes the bookmarks; a chapter's is the first below a table of contents.
HEADINGS = """() => [...document.querySelectorAll('article :is(h1, h2, h3, h4, h5, h6)')].map((heading) => {
  const words = heading.cloneNode(true);
  words.querySelectorAll('.headerlink, mjx-assistive-mml').forEach((extra) => extra.remove());
  const chapter = (section) => section.matches('.toctree-wrapper > section, .bd-article > section');
  const section = heading.parentElement;
  return { words: words.textContent.trim(), depth: chapter(section) ? 1 : chapter(section.parentElement) ? 2 : 3 };
})"""

FRONT = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>
@page {{ size: A4; margin: 22mm 24mm; }}
body {{ font: 10pt/1.45 sans-serif; margin: 0; }}
.cover {{ height: 250mm; display: flex; flex-direction: column; justify-content: space-between; break-after: page; }}
.cover h1 {{ font-size: 34pt; line-height: 1.15; margin: 40mm 0 0; font-weight: 600; }}
.cover svg {{ width: 100%; height: auto; }}
h2 {{ font-size: 18pt; }}
a {{ display: flex; color: inherit; text-decoration: none; break-inside: avoid; }}
a.chapter {{ font-weight: 600; margin-top: 2.5mm; break-after: avoid; }}
a.section {{ padding-left: 6mm; }}
a i {{ flex: 1; border-bottom: 1px dotted #888; margin: 0 2mm 1.2mm; }}
</style>
<section class="cover"><h1>{title}</h1>{picture}<p>{author}<br>{version}</p></section>
<h2>Contents</h2>
{contents}
"""
ENTRY = '<a class="{kind}" href="https://page.invalid/{page}"><span>{words}</span><i></i><span>{number}</span></a>'


def bookmarks(reader, outline=None):
    """The bookmarks of a PDF in order, whatever their depth."""
    for entry in reader.outline if outline is None else outline:
        if isinstance(entry, list):
            yield from bookmarks(reader, entry)
        else:
            yield entry


def squeezed(words):
    return re.sub(r"\s+", "", words)


def print_book(browser):
    """The book's pages, and its headings: their words, depth and page."""
    # The builder puts the page where the introduction stands, yet links its files as seen from the top.
    book = shutil.copy(BUILD / "singlehtml" / "chapters" / "intro.html", BUILD / "singlehtml" / "book.html")
    page = browser.new_page()
    page.goto(book.as_uri(), timeout=0)  # hundreds of pages take as long as they take
    page.evaluate("MathJax.startup.promise")
    page.evaluate(LOCAL_LINKS)
    page.evaluate(NO_CONTENTS)
    headings = page.evaluate(HEADINGS)
    body = PdfReader(BytesIO(page.pdf(**SHEET, outline=True, tagged=True)))
    marks = list(bookmarks(body))
    for mark, heading in zip(
        marks, headings, strict=True
    ):  # Chromium repeats the words of one that it moved to a new page
        assert squeezed(mark.title).startswith(squeezed(heading["words"])), (mark.title, heading)
    return body, [h | {"page": body.get_destination_page_number(mark)} for h, mark in zip(headings, marks)]


def print_front(browser, headings):
    """A cover, and contents whose links say which page they mean."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    headings = [h | {"words": "Introduction"} if h["words"] == config["title"] else h for h in headings]
    contents = (
        ENTRY.format(
            kind=("chapter", "section")[heading["depth"] - 1],
            page=heading["page"],
            number=heading["page"] + 1,
            words=escape(heading["words"]),
        )
        for heading in headings
        if heading["depth"] < 3
    )
    page = browser.new_page()
    page.set_content(
        FRONT.format(
            title=escape(config["title"]),
            author=escape(config["author"]),
            version=f"Version {nnlib.__version__}, {config['copyright']}",
            picture=(ROOT / "_static" / "network.svg").read_text("utf-8").split("?>")[-1],
            contents="\n".join(contents),
        )
    )
    return PdfReader(BytesIO(page.pdf(**SHEET))), config


def bind(front, body, headings, config):
    """Front and body in one file; the contents lead to their pages, and the bookmarks have their words whole."""
    book = PdfWriter(clone_from=body)
    pages = list(book.pages)
    for number, sheet in enumerate(front.pages):
        book.insert_page(sheet, number)
    for sheet in book.pages[: len(front.pages)]:
        for annotation in sheet.get("/Annots", ()):
            link = annotation.get_object()
            target = pages[int(link.pop("/A")["/URI"].rsplit("/")[-1])]
            link[NameObject("/Dest")] = ArrayObject(
                [target.indirect_reference, NameObject("/XYZ"), *[NullObject()] * 3]
            )
    for mark, heading in zip(bookmarks(book), headings):
        mark.node[NameObject("/Title")] = TextStringObject(" ".join(heading["words"].split()))
    book.set_page_label(0, len(front.pages) - 1, style=PageLabelStyle.LOWERCASE_ROMAN)
    book.set_page_label(len(front.pages), len(book.pages) - 1, style=PageLabelStyle.DECIMAL, start=1)
    book.add_metadata({"/Title": config["title"], "/Author": config["author"]})
    return book


def main():
    with chromium() as browser:
        body, headings = print_book(browser)
        front, config = print_front(browser, headings)
    target = BUILD / "pdf" / "book.pdf"
    target.parent.mkdir(exist_ok=True)
    bind(front, body, headings, config).write(target)


if __name__ == "__main__":
    main()
