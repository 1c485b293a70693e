"""The printed book: `make pdf` prints it, then runs these tests."""

import pytest
from pdf import BUILD, bookmarks
from pypdf import PdfReader
from pypdf.generic import NameObject
from sphinx_external_toc.parsing import parse_toc_yaml

from chapters import CHAPTERS

MARGIN = 40  # points: a little less than the printed 20 mm
MONO = 0.603  # how wide a letter of code is, in its size


@pytest.fixture(scope="module")
def book():
    return PdfReader(BUILD / "pdf" / "book.pdf")


@pytest.fixture(scope="module")
def front(book):
    """How many pages stand before page 1."""
    return book.page_labels.index("1")


def test_it_says_what_it_is_and_by_whom(book):
    cover = book.pages[0].extract_text()
    assert "Backpropagation" in cover and "The authors of" in cover and "Version" in cover
    assert book.metadata.title == "Backpropagation you can check" and book.metadata.author
    assert book.trailer["/Root"]["/MarkInfo"]["/Marked"]


def test_its_contents_lead_to_the_pages_that_they_name(book, front, checked):
    entries = [annotation.get_object() for sheet in book.pages[1:front] for annotation in sheet["/Annots"]]
    targets = [book.get_page_number(entry["/Dest"][0].get_object()) for entry in entries]
    printed = "".join(sheet.extract_text() for sheet in book.pages[1:front])
    assert targets == sorted(targets) and all(str(target - front + 1) in printed for target in targets)
    checked(entries_of_the_contents=len(entries))


def test_its_bookmarks_are_on_the_pages_of_their_headings(book, front, checked):
    marks = list(bookmarks(book))
    pages = [book.get_destination_page_number(mark) for mark in marks]
    assert pages == sorted(pages) and pages[0] == front
    assert len([mark for mark in marks if mark.title]) == len(marks) > len(parse_toc_yaml(CHAPTERS.parent / "_toc.yml"))
    for mark, page in list(zip(marks, pages))[::20]:
        assert "".join(mark.title.split())[:12] in "".join(book.pages[page].extract_text().split()), mark.title
    checked(bookmarks=len(marks))


def test_its_fonts_are_embedded(book, checked):
    fonts = {}
    for page in book.pages[::10]:
        for font in page["/Resources"].get("/Font", {}).values():
            font = font.get_object()
            fonts[font.get("/BaseFont", "drawn")] = font
    described = [font["/DescendantFonts"][0].get_object() for font in fonts.values() if "/DescendantFonts" in font]
    assert all({"/FontFile2", "/FontFile3"} & set(font["/FontDescriptor"]) for font in described)
    assert all("/DescendantFonts" in font or font["/Subtype"] == "/Type3" for font in fonts.values())
    checked(embedded_fonts=len(fonts))


def lines(page):
    """What a page prints: size, where it begins, font, words."""
    found = []

    def visit(words, matrix, text, font, size):
        if words.strip():
            scale = abs(matrix[0] * text[0])
            found.append(
                (size * scale, matrix[0] * text[4] + matrix[4], (font or {}).get(NameObject("/BaseFont"), ""), words)
            )

    page.extract_text(visitor_text=visit)
    return found


def test_prose_is_ten_points_and_code_is_not_cut_off(book, front, checked):
    prose, code = [], 0
    for page in book.pages[front:]:
        for size, x, font, words in lines(page):
            if "Mono" in font:
                end = x + MONO * size * len(words.rstrip("\n"))
                assert end < page.mediabox.width - MARGIN, words
                code += 1
            elif len(words) > 40:
                prose.append(size)
    prose.sort()
    assert prose[len(prose) // 20] >= 10, "more than one line in twenty is smaller than ten points"
    checked(lines_of_prose_in_the_pdf=len(prose), pieces_of_code_in_the_pdf=code)
