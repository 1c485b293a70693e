"""`make addresses` finds an address that is gone, and leaves those alone that are there."""

import subprocess
import sys
from pathlib import Path

from pages import serve

ROOT = Path(__file__).parents[1]


def test_a_dead_link_is_found(tmp_path):
    served, book = tmp_path / "served", tmp_path / "book"
    served.mkdir(), book.mkdir()
    (served / "there.html").write_text("<p>Here.</p>")
    (book / "_toc.yml").write_text("format: jb-book\nroot: page\n")
    (book / "_config.yml").write_text("title: Links\nexecute: {execute_notebooks: 'off'}\n")
    line = next(line for line in (ROOT / "Makefile").read_text().splitlines() if "linkcheck" in line)
    command = [Path(sys.executable).parent / "jupyter-book", *line.split()[1:]]
    with serve(served) as address:
        said = {}
        for name in ("there", "gone"):
            (book / "page.md").write_text(f"# Links\n\n[one]({address}{name}.html)\n")
            said[name] = subprocess.run(command, cwd=book, capture_output=True, text=True)
    assert said["there"].returncode == 0, said["there"].stderr
    assert said["gone"].returncode != 0 and "gone.html" in said["gone"].stdout + said["gone"].stderr
