"""The card that a notebook shows of a diagnosis: sentences, a table, the network with the wrong gradients marked."""

from html import escape

# A light card with its own ink, as figures are: no theme of a page makes it illegible. Explorers stand in it too.
INK = "#1f2430"
FRAME = "background:#fff;color:{ink};border:1px solid #d5d9e0;border-radius:8px;margin:0;padding:12px"
PLAIN = 'style="color:inherit;background:none;margin-top:0;margin-bottom:6px"'
CELL = 'style="padding:2px 14px 2px 0;text-align:left"'


def card(diagnosis, shown):
    """A diagnosis in HTML, with at most so many explanations."""
    parts = [paragraph(f"<b>{escape(diagnosis.head)}</b>")]
    if diagnosis.explanations:
        causes = ["<br/>and: ".join(map(item, explanation)) for explanation in diagnosis.explanations[:shown]]
        parts.append(f"<ul {PLAIN}>{''.join(f'<li {PLAIN}>{cause}</li>' for cause in causes)}</ul>")
    parts += [paragraph(escape(remark)) for remark in diagnosis.remarks]
    if wrong := [entry.name for entry in diagnosis.entries if not entry.ok]:
        parts += [table(diagnosis.entries), drawing(diagnosis.params, wrong)]
    body = "\n".join(filter(None, parts))
    return f'<figure class="diagnosis" style="{FRAME.format(ink=INK)};text-align:left">\n{body}\n</figure>'


def paragraph(html):
    return f"<p {PLAIN}>{html}</p>"


def item(cause):
    """A cause, with its line of code set as code."""
    return (
        f"{escape(cause.sentence)} Look at <code {PLAIN}>{escape(cause.rule)}</code>, and at chapter {cause.chapter}."
    )


def table(entries):
    """The verdict on every gradient."""
    head = "".join(f'<th scope="col" {CELL}>{title}</th>' for title in ("gradient", "verdict", "got", "expected"))
    rows = ""
    for entry in entries:
        cells = "".join(f"<td {CELL}>{escape(words)}</td>" for words in in_words(entry))
        rows += f'<tr {PLAIN}><th scope="row" {CELL}>d{entry.name}</th>{cells}</tr>\n'
    return f"<table {PLAIN}><thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody></table>"


def in_words(entry):
    """The verdict on one gradient, and the two numbers that show it, in as many digits as it takes."""
    if entry.ok:
        return "right", "", ""
    if entry.at is None:
        return f"wrong: {entry.note}", "", ""
    digits = next(n for n in range(4, 18) if f"{entry.got:.{n}g}" != f"{entry.expected:.{n}g}")
    place = f"wrong at {list(entry.at)}".replace(", ", ",\N{NO-BREAK SPACE}")
    return place, number(entry.got, digits), number(entry.expected, digits)


def number(value, digits=6):
    """A number for a sentence, with a minus sign, and without one at 0."""
    return f"{value + 0.0:.{digits}g}".replace("-", "−")


def drawing(params, wrong):
    """The network with the wrong gradients marked, as an <img>; nothing where matplotlib is missing."""
    try:
        from .explore import data_uri
        from .plots import compose, draw_network, svg
    except ImportError:
        return ""
    sizes = sizes_of(params)
    size = (1.6 * len(sizes), 0.4 * min(max(sizes), 8) + 1)
    picture = svg(compose(lambda ax: draw_network(ax, params, mark=wrong), size=size))
    words = f"Network {'-'.join(map(str, sizes))}, the wrong gradients marked: {', '.join(wrong)}."
    return f'<img alt="{words}" src="{data_uri(picture)}" style="max-width:100%;filter:none"/>'


def sizes_of(params):
    """The units of each layer, from the input on."""
    return [params[0][0].shape[1], *(len(b) for _, b in params)]
