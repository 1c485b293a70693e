"""What others may link to stays: every anchor in the stored list is in the built book."""

import anchors
from anchors import built, stored
from pages import HTML, build

PAGE = """<article><section id="one"><div class="math" id="equation-eq-one"></div><span id="old-name"></span>
<span id="id7"></span></section></article><div id="elsewhere"></div>"""


def test_every_stored_anchor_is_in_the_book(checked):
    build()
    kept = stored()
    gone = sorted(kept - built(HTML))
    assert gone == [], "give the section its old name beside the new one, as (old-name)= above it"
    checked(anchors_that_stay=len(kept))


def test_which_anchors_are_kept():
    assert anchors.anchors(PAGE) == {"one", "equation-eq-one", "old-name"}


def test_new_ones_are_added_and_one_that_is_gone_is_noticed(tmp_path, monkeypatch, capsys):
    (tmp_path / "chapters").mkdir()
    page = tmp_path / "chapters" / "one.html"
    monkeypatch.setattr(anchors, "STORED", tmp_path / "anchors.txt")
    monkeypatch.setattr(anchors, "ROOT", tmp_path)
    monkeypatch.setattr(anchors, "built", lambda: built(tmp_path))
    page.write_text(PAGE)
    assert anchors.main() == 0 and len(stored()) == 3
    page.write_text(PAGE.replace('"one"', '"renamed"'))
    assert anchors.main() == 1
    assert stored() - built(tmp_path) == {"chapters/one.html#one"} and "chapters/one.html#renamed" in stored()
    assert "1 new anchors, 4 in all" in capsys.readouterr().out
