"""The entries of sources.toml as a table to filter: end a cell with ``SourceTable(entries(), check_all())``.

Where scripts do not run all rows remain, and the two controls do nothing.
"""

import re
from html import escape

# Two choices hide rows; a link to an entry that they hide shows all of them first.
FILTER = """
const choices = [...this.querySelectorAll('select')];
if (event.type === 'click') {
  const link = event.target.closest('a[href^="#"]');
  if (!link || !this.querySelector(link.hash).hidden) return;
  for (const choice of choices) choice.value = '';
}
const rows = [...this.querySelectorAll('tbody tr')];
for (const row of rows) row.hidden = choices.some(({ name, value }) => value && row.dataset[name] !== value);
const shown = rows.filter((row) => !row.hidden).length;
this.querySelector('[role=status]').textContent = `${shown} of ${rows.length} entries`;
"""

STYLE = """
html[data-theme] .bd-content div.cell_output .text_html:has(.sources table[role]) {
  background: none; color: inherit; padding: 0
}
.sources form { display: flex; flex-wrap: wrap; gap: .5em 1.5em; align-items: center; margin: 0 0 .75em }
.sources select { font: inherit; min-height: 28px; margin-left: .4em }
.sources table { display: table; width: 100%; margin: 0; border-collapse: collapse }
.sources :is(th, td) { vertical-align: top; text-align: left; padding: .5em .6em .5em 0; white-space: normal }
.sources th { width: 6.5em }
.sources th:nth-child(2) { width: 8em }
.sources thead th:nth-child(3) { width: auto }
.sources tbody tr { border-top: 1px solid #8886; background: none; scroll-margin-top: 5em }
.sources tbody tr[hidden] { display: none }
.sources tbody tr:target { outline: 2px solid currentColor; outline-offset: 2px }
.sources :is(small, p) { display: block; font-weight: normal; margin: .3em 0 0 }
.sources a { display: inline-block; min-height: 24px }
.sources .long { display: block; overflow-x: auto; overflow-y: hidden; padding: .2em 0 }
@media (max-width: 700px) {
  .sources thead { display: none }
  .sources :is(table, tbody, tr, th, td) { display: block; width: auto; padding: .1em 0 }
}
"""

LONG = 60  # characters of TeX; a longer formula has lines of its own and scrolls


def text(source):
    """TeX and Markdown's code as HTML; the name of another entry becomes a link to it."""
    parts = re.split(r"(\$[^$]+\$[,.:;]?|`[^`]+`)", source)  # a formula and what must not leave it
    return "".join(map(part, parts))


def part(piece):
    if piece.startswith("$"):
        formula, end = piece[1:].split("$")
        math = f'<span class="math notranslate nohighlight">\\({escape(formula)}\\)</span>{end}'
        return f'<span class="long" tabindex="0">{math}</span>' if len(formula) > LONG else math
    if piece.startswith("`"):
        return f"<code>{escape(piece[1:-1])}</code>"
    return re.sub(r"\b(00[0-4]-\d\d)\b", r'<a href="#s-\1">\1</a>', escape(piece))


def measured(finding):
    """How far off what is printed is, where it does not hold."""
    if finding.verdict == "right":
        return ""
    off = finding.printed
    return f"<small>{f'off by {off:.2g}' if isinstance(off, float) else escape(off)}</small>"


def link(chapter):
    """As in any notebook: JupyterLab and GitHub follow it as it stands, the book turns it into one to the page."""
    number, letter = re.match(r"0?(\d*)([a-z]?)_", chapter).groups()
    return f'<a href="{chapter}.ipynb">{f"appendix {letter.upper()}" if letter else f"chapter {number}"}</a>'


def row(name, entry, finding):
    right = f"<p>{text(entry['right'])}</p>" if "right" in entry else ""
    links = ", ".join(map(link, entry["chapters"]))
    return (
        f'<tr id="s-{name}" role="row" data-source="{name[:3]}" data-verdict="{finding.verdict}">'
        f'<th role="rowheader" scope="row"><a href="#s-{name}">{name}</a><small>{escape(entry["section"])}</small></th>'
        f'<td role="cell"><b>{finding.verdict}</b>{measured(finding)}<small>{links}</small></td>'
        f'<td role="cell">{text(entry["claim"])}{right}</td></tr>'
    )


def choice(name, label, values):
    options = "".join(["<option value=''>all</option>", *(f"<option>{value}</option>" for value in values)])
    return f'<label>{label}<select name="{name}" autocomplete="off">{options}</select></label>'


class SourceTable:
    """All entries, in a notebook.

    Parameters
    ----------
    entries : dict
        The data file, by name.
    findings : dict
        What each check has found, by the same names; the verdicts shown are these.
    """

    def __init__(self, entries, findings):
        self.entries, self.findings = entries, findings

    def __repr__(self):
        return f"SourceTable: {len(self.entries)} entries"

    def _repr_html_(self):
        verdicts = dict.fromkeys(finding.verdict for finding in self.findings.values())
        sources = dict.fromkeys(name[:3] for name in self.entries)
        heads = "".join(
            f'<th role="columnheader" scope="col">{head}</th>'
            for head in ("Entry", "Verdict", "What the article states, and what is right")
        )
        rows = "\n".join(row(name, entry, self.findings[name]) for name, entry in self.entries.items())
        script = escape(FILTER)
        return f"""\
<style>{STYLE}</style>
<div class="sources" onchange="{script}" onclick="{script}">
<form onsubmit="return false">{choice("source", "Article", sources)}{choice("verdict", "Verdict", verdicts)}
<span role="status">{len(self.entries)} of {len(self.entries)} entries</span></form>
<table style="table-layout: fixed" role="table" aria-label="Formulas and claims of the five articles">
<thead role="rowgroup"><tr role="row">{heads}</tr></thead>
<tbody role="rowgroup">
{rows}
</tbody></table></div>"""
