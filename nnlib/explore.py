"""Explorers: one declaration, two faces.

Where a kernel runs, ipywidgets move every parameter at once, numbers continuously. Everywhere else, in the built
book, on paper or in an unopened notebook, labelled range controls step through frames drawn beforehand, one
parameter at a time from a stated base, by a few lines of inline JavaScript and no library.
"""

import json
import re
import warnings
from dataclasses import dataclass
from html import escape
from numbers import Real
from urllib.parse import quote

from .plots import INK, SIZE, compose, number, svg

MAX_FRAMES, MAX_BYTES = 25, 150_000


@dataclass(frozen=True)
class Slider:
    """One parameter of an explorer.

    Parameters
    ----------
    values : sequence
        What the static face steps through, in order. Live, floats move continuously between the least and the
        greatest; anything else (epochs, names) stays a choice from this list.
    base : one of `values`
        Where the parameter stands while another one moves.
    label : str
        What it is: "weight w".
    unit : str
        Stands after the value: "cm".
    live_only : bool
        The static face leaves it at its base, and spends no frames on it.
    """

    values: tuple
    base: object
    label: str
    unit: str = ""
    live_only: bool = False

    def __post_init__(self):
        values = tuple(round(v, 12) if isinstance(v, float) else v for v in self.values)
        object.__setattr__(self, "values", values)
        if self.base not in values or len(values) < 2 or not self.label.strip():
            raise ValueError(
                f"Slider: got label {self.label!r}, base {self.base!r}, values {values}; "
                "expected a label, at least two values, and the base among them"
            )

    def text(self, value):
        """The value as it is shown and spoken."""
        return f"{number(value) if isinstance(value, Real) else value} {self.unit}".strip()

    def control(self):
        """The live control."""
        import ipywidgets as widgets

        look = dict(description=self.label, value=self.base, style={"description_width": "9em"}, layout={"width": "98%"})
        if not all(isinstance(value, float) for value in self.values):
            return widgets.SelectionSlider(options=[(self.text(v), v) for v in self.values], **look)
        low, high = min(self.values), max(self.values)
        return widgets.FloatSlider(min=low, max=high, step=(high - low) / 200, readout_format=".3g", **look)


class Explorer:
    """A figure with parameters to move: end a cell with one.

    Parameters
    ----------
    draw : callable
        ``draw(ax, **values)`` draws one frame.
    say : callable
        ``say(**values)`` says in a sentence what is to be seen in it; also its alternative text.
    title : str
    size : (float, float)
        Width and height of a frame in inches.
    **sliders : Slider
        The parameters, by the names that `draw` and `say` know them by.

    Raises
    ------
    ValueError
        If a sentence has under five words, a slider changes nothing, or the page would carry too much.

    Examples
    --------
    >>> Explorer(draw, say, "A line", w=Slider([-1.0, 0.0, 1.0], 0.0, "weight w"))  # doctest: +SKIP
    """

    def __init__(self, draw, say, title, *, size=SIZE, **sliders):
        self.draw, self.say, self.title, self.size, self.sliders = draw, say, title, size, sliders
        # The static face is built here, not when it is shown: IPython would swallow what draw raises.
        self.html = self._static()

    def frame(self, **values):
        """One frame: its sentence, and its picture as a data URI."""
        words = self.say(**values)
        if len(words.split()) < 5:
            raise ValueError(f"Explorer: say(**{values}) returned {words!r}, expected a sentence of at least five words")
        return words, _uri(svg(compose(lambda ax: self.draw(ax, **values), size=self.size)))

    def _static(self):
        base = {name: slider.base for name, slider in self.sliders.items()}
        frames, controls = [self.frame(**base)], []
        for name, slider in self.sliders.items():
            if slider.live_only:
                continue
            steps = []
            for value in slider.values:
                steps.append((slider.text(value), 0 if value == slider.base else len(frames)))
                if value != slider.base:
                    frames.append(self.frame(**base | {name: value}))
            if len({frames[k][1] for _, k in steps}) == 1:
                raise ValueError(f"Explorer: {name} changes nothing, all its {len(steps)} frames are the same picture")
            start = slider.values.index(slider.base)
            controls.append(_CONTROL.format(
                label=escape(slider.label), last=len(steps) - 1, start=start, text=escape(slider.text(slider.base)), steps=_data(steps)
            ))  # fmt: skip
        stay = ", ".join(f"{slider.label} = {slider.text(slider.base)}" for slider in self.sliders.values())
        note = f"Here one at a time, from {stay}; all together where the notebook runs." if len(self.sliders) > 1 else ""
        html = _FIGURE.format(
            title=escape(self.title), controls="".join(controls), note=escape(note), words=escape(frames[0][0]),
            picture=frames[0][1], frames=_data(frames[1:]), script=escape(_SCRIPT), ink=INK,
        )  # fmt: skip
        if len(frames) > MAX_FRAMES or len(html.encode()) > MAX_BYTES:
            raise ValueError(
                f"Explorer: {len(frames)} frames and {len(html.encode()):,} bytes, "
                f"expected at most {MAX_FRAMES} and {MAX_BYTES:,}: fewer values, or a plainer drawing"
            )
        return html

    def live(self):
        """The ipywidgets face."""
        import ipywidgets as widgets

        controls = {name: slider.control() for name, slider in self.sliders.items()}
        picture = widgets.HTML()

        def show(_change=None):
            words, source = self.frame(**{name: control.value for name, control in controls.items()})
            picture.value = _PICTURE.format(words=escape(words), picture=source, ink=INK)

        for control in controls.values():
            control.observe(show, "value")
        show()
        return widgets.VBox([widgets.HTML(f"<b>{escape(self.title)}</b>"), *controls.values(), picture])

    def _repr_mimebundle_(self, include=None, exclude=None):
        faces = {"text/plain": f"Explorer: {self.title}", "text/html": self.html}
        try:
            return self.live()._repr_mimebundle_() | faces
        except ImportError:
            warnings.warn("Explorer: the live controls need ipywidgets: pip install 'nnlib[explore]'", stacklevel=2)
            return faces


def _uri(picture):
    """An SVG as a data URI; each style is said once, as a class, which inside an <img> meets no other figure's."""
    styles = dict.fromkeys(re.findall(r' style="[^"]*"', picture))
    for k, style in enumerate(styles):
        picture = picture.replace(style, f' class="c{k}"')
    rules = "".join(f".c{k}{{{style[8:-1]}}}" for k, style in enumerate(styles))
    picture = picture.replace("</style>", rules + "</style>").replace('"', "'")
    return "data:image/svg+xml," + quote(picture, safe=" '/:;=,()*+!")


def _data(content):
    return escape(json.dumps(content, ensure_ascii=False, separators=(",", ":")), quote=False).replace('"', "&quot;")


# The first element that the script moves is the one that the reader moved; the others return to their base.
_SCRIPT = """
const picture = this.querySelector('img');
this.frames ??= [[picture.alt, picture.src], ...JSON.parse(this.dataset.frames)];
for (const input of this.querySelectorAll('input')) {
  if (input !== event.target) input.value = input.defaultValue;
  const [text, frame] = JSON.parse(input.dataset.steps)[input.value];
  input.setAttribute('aria-valuetext', text);
  input.nextElementSibling.textContent = text;
  if (input === event.target) [picture.alt, picture.src] = this.frames[frame];
}
this.lastElementChild.textContent = picture.alt;
"""

_FIGURE = """\
<figure class="explorer" data-frames="{frames}" oninput="{script}" \
style="background:#fff;color:{ink};border-radius:8px;margin:0;padding:12px">
<p style="margin:0 0 6px;color:{ink}"><b>{title}</b></p>
{controls}\
<p style="margin:0;color:{ink};font-size:85%">{note}</p>
<noscript><p style="color:{ink}">The controls need JavaScript; this is the picture at their base.</p></noscript>
<img alt="{words}" src="{picture}" style="max-width:100%;filter:none">
<figcaption aria-live="polite" style="color:{ink};text-align:left">{words}</figcaption>
</figure>
"""

_CONTROL = """\
<label style="display:flex;flex-wrap:wrap;gap:8px;align-items:center">
<span style="min-width:7em">{label}</span>
<input type="range" min="0" max="{last}" value="{start}" aria-valuetext="{text}" data-steps="{steps}" autocomplete="off" \
style="flex:1;min-width:8em;max-width:20em;height:28px;accent-color:#0072B2">
<span aria-hidden="true" style="min-width:4em">{text}</span></label>
"""

_PICTURE = """\
<img alt="{words}" src="{picture}" style="max-width:100%;border-radius:8px"><p aria-live="polite">{words}</p>
"""
