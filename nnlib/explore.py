"""Explorers: one declaration, two faces.

Where a kernel runs, ipywidgets move every parameter, numbers continuously. Everywhere else, in the built book, on
paper, in a notebook that is only looked at, labelled range controls step through frames drawn beforehand, with a few
lines of inline JavaScript and no library: all parameters together where there is a frame for every combination,
otherwise one at a time from a stated base.
"""

import json
import re
import warnings
from dataclasses import dataclass
from html import escape
from itertools import product
from math import prod
from numbers import Real
from urllib.parse import quote

from .card import FRAME
from .plots import FORWARD, INK, SIZE, compose, svg

MAX_FRAMES, MAX_BYTES = 25, 150_000


@dataclass(frozen=True)
class Slider:
    """One parameter of an explorer.

    Parameters
    ----------
    values : sequence
        What the static face steps through, in order. Live, floats move continuously from the least to the greatest;
        anything else (epochs, names) stays a choice from this list.
    base : one of `values`
        Where the parameter stands while another one moves.
    label : str
        What it is: "weight w".
    unit : str
        What stands after a value: "cm".
    live_only : bool
        The static face leaves it at its base, and spends no frames on it.

    Raises
    ------
    ValueError
        If the base is no value, there is nothing to choose from, or no label.
    """

    values: tuple
    base: object
    label: str
    unit: str = ""
    live_only: bool = False

    def __post_init__(self):
        def plain(value):  # linspace's 0.30000000000000004 is 0.3
            return round(float(value), 12) if isinstance(value, float) else value

        object.__setattr__(self, "values", tuple(map(plain, self.values)))
        object.__setattr__(self, "base", plain(self.base))
        if self.base not in self.values or len(self.values) < 2 or not self.label.strip():
            raise ValueError(
                f"Slider: got label {self.label!r}, base {self.base!r} and values {self.values}, "
                "expected a label and at least two values with the base among them"
            )

    def text(self, value):
        """The value as it is shown and spoken."""
        shown = f"{value:g}" if isinstance(value, float) else str(value)
        return f"{shown.replace('-', '−') if isinstance(value, Real) else shown} {self.unit}".strip()

    def control(self):
        """The live control."""
        import ipywidgets as widgets

        look = dict(value=self.base, style={"description_width": "9em"}, layout={"width": "36em", "max_width": "98%"})
        if not all(isinstance(value, float) for value in self.values):
            options = [(self.text(value), value) for value in self.values]
            return widgets.SelectionSlider(options=options, description=self.label, **look)
        low, high = min(self.values), max(self.values)
        label = f"{self.label} ({self.unit})" if self.unit else self.label
        return widgets.FloatSlider(min=low, max=high, step=(high - low) / 200, description=label, **look)


class Explorer:
    """A figure with parameters to move: end a cell with one.

    Parameters
    ----------
    draw : callable
        ``draw(ax, **values)`` draws one frame.
    say : callable
        ``say(**values)`` says in a sentence what is to be seen in it: its caption and alternative text.
    title : str
    size : (float, float)
        Width and height of a frame in inches.
    together : bool
        The static face, too, moves its parameters together; it then has a frame for every combination.
    **sliders : Slider
        The parameters, by the names that `draw` and `say` know them by.

    Raises
    ------
    ValueError
        If a sentence has under five words, a slider changes nothing, none moves, or the page would carry too much.

    Examples
    --------
    >>> def draw(ax, slope):
    ...     ax.axline((0, 0), slope=slope)
    >>> def say(slope):
    ...     return f"a line that rises {slope:g} for each step"
    >>> Explorer(draw, say, "Slope", slope=Slider([0.0, 0.5, 1.0], 0.5, "slope")).html.count("<input")
    1
    """

    def __init__(self, draw, say, title, *, size=SIZE, together=False, **sliders):
        self.draw, self.say, self.title, self.size, self.sliders = draw, say, title, size, sliders
        self.together = together
        # Built here and not when it is shown: there, IPython would print what draw raises and go on.
        self.html = self._static()

    def frame(self, **values):
        """One frame: its sentence, and its picture as a data URI."""
        words = self.say(**values)
        if len(str(words).split()) < 5:
            raise ValueError(
                f"Explorer: say(**{values}) returned {words!r}, expected a sentence of at least five words"
            )
        return words, data_uri(svg(compose(lambda ax: self.draw(ax, **values), size=self.size)))

    def live(self):
        """The live face: a control for every parameter above the picture."""
        import ipywidgets as widgets

        controls = {name: slider.control() for name, slider in self.sliders.items()}
        picture = widgets.HTML()

        def show(_change=None):
            words, source = self.frame(**{name: control.value for name, control in controls.items()})
            picture.value = _LIVE.format(words=escape(words), picture=source)

        for control in controls.values():
            control.observe(show, "value")
        show()
        return widgets.VBox([widgets.HTML(f"<b>{escape(self.title)}</b>"), *controls.values(), picture])

    def _static(self):
        moved = {name: slider for name, slider in self.sliders.items() if not slider.live_only}
        if not moved:
            raise ValueError("Explorer: nothing to move, expected at least one slider that is not live_only")
        places, offsets = _grid(moved) if self.together else _star(moved)
        if len(places) > MAX_FRAMES:
            raise ValueError(f"Explorer: {len(places)} frames, expected at most {MAX_FRAMES}: give it fewer values")
        base = {name: slider.base for name, slider in self.sliders.items()}
        frames = [self.frame(**base | place) for place in places]
        controls = []
        for name, slider in moved.items():
            if len({frames[k][1] for k in offsets[name]}) == 1:
                raise ValueError(
                    f"Explorer: {name} changes nothing, its {len(slider.values)} frames are all the same picture"
                )
            texts = list(map(slider.text, slider.values))
            start = slider.values.index(slider.base)
            controls.append(
                _CONTROL.format(
                    label=escape(slider.label), text=escape(texts[start]), start=start, last=len(texts) - 1,
                    steps=_data(list(zip(texts, offsets[name], strict=True))),
                )
            )  # fmt: skip

        words, picture = frames[0]
        html = _STATIC.format(
            title=escape(self.title), note=escape(self._note(moved)), words=escape(words), picture=picture,
            together=" data-together" * self.together,
            controls="".join(controls), frames=_data(frames[1:]), script=escape(_TOGETHER if self.together else _ALONE),
        )  # fmt: skip
        if len(html.encode()) > MAX_BYTES:
            raise ValueError(
                f"Explorer: {len(frames)} frames in {len(html.encode()):,} bytes, expected at most {MAX_BYTES:,}: "
                "give it fewer values or a plainer drawing"
            )
        return html

    def _note(self, moved):
        """What the sliders of the static face leave out."""

        def at_base(sliders):
            return ", ".join(f"{slider.label} = {slider.text(slider.base)}" for slider in sliders)

        if not self.together:
            return _ONE_AT_A_TIME.format(at_base(self.sliders.values())) if len(self.sliders) > 1 else ""
        held = [slider for name, slider in self.sliders.items() if name not in moved]
        return _HELD.format(at_base(held)) if held else ""

    def _repr_mimebundle_(self, include=None, exclude=None):
        faces = {"text/plain": f"Explorer: {self.title}", "text/html": self.html}
        try:
            import ipywidgets  # noqa: F401
        except ImportError:
            warnings.warn(
                "Explorer: live controls need ipywidgets: pip install 'backpropagation-you-can-check[explore]'",
                stacklevel=2,
            )
            return faces
        return self.live()._repr_mimebundle_() | faces


def _star(sliders):
    """The places that one slider at a time leads to from the base, and each slider's frames by position."""
    places, offsets = [{}], {}
    for name, slider in sliders.items():
        offsets[name] = []
        for value in slider.values:
            offsets[name].append(0 if value == slider.base else len(places))
            places += [{name: value}] * (value != slider.base)
    return places, offsets


def _grid(sliders):
    """Every combination, the base first; each slider's share of a frame's number: the shares of all sliders add up."""
    values = {n: [slider.base, *(v for v in slider.values if v != slider.base)] for n, slider in sliders.items()}
    places = [dict(zip(values, place)) for place in product(*values.values())]
    names, offsets = list(sliders), {}
    for k, (name, slider) in enumerate(sliders.items()):
        stride = prod(len(values[later]) for later in names[k + 1 :])
        offsets[name] = [stride * values[name].index(value) for value in slider.values]
    return places, offsets


def data_uri(picture):
    """An SVG as a data URI. Each style is said once, as a class: in an <img> it meets no other figure's classes."""
    styles = dict.fromkeys(re.findall(r' style="([^"]*)"', picture))
    for k, style in enumerate(styles):
        picture = picture.replace(f'style="{style}"', f'class="c{k}"')
    rules = "".join(f".c{k}{{{style}}}" for k, style in enumerate(styles))
    picture = picture.replace("</style>", f"{rules}</style>").replace('"', "'")
    return "data:image/svg+xml," + quote(picture, safe=" '/:;=,()*+!")


def _data(content):
    """JSON for a data attribute in double quotes."""
    return escape(json.dumps(content, ensure_ascii=False, separators=(",", ":")), quote=False).replace('"', "&quot;")


# One picture that changes, not a stack of hidden ones: where scripts or styles are stripped, the base frame remains.
_ALONE = """
const picture = this.querySelector('img');
this.frames ??= [[picture.alt, picture.src], ...JSON.parse(this.dataset.frames)];
for (const input of this.querySelectorAll('input')) {
  if (input !== event.target) input.value = input.defaultValue;
  const [text, frame] = JSON.parse(input.dataset.steps)[input.value];
  input.setAttribute('aria-valuetext', text);
  input.nextElementSibling.textContent = text;
  if (input === event.target) [picture.alt, picture.src] = this.frames[frame];
}
this.querySelector('figcaption').textContent = picture.alt;
"""

_TOGETHER = """
const picture = this.querySelector('img');
this.frames ??= [[picture.alt, picture.src], ...JSON.parse(this.dataset.frames)];
let frame = 0;
for (const input of this.querySelectorAll('input')) {
  const [text, share] = JSON.parse(input.dataset.steps)[input.value];
  input.setAttribute('aria-valuetext', text);
  input.nextElementSibling.textContent = text;
  frame += share;
}
[picture.alt, picture.src] = this.frames[frame];
this.querySelector('figcaption').textContent = picture.alt;
"""

_STATIC = f"""\
<figure class="explorer"{{together}} data-frames="{{frames}}" oninput="{{script}}" \
style="{FRAME.format(ink=INK)}">
<p style="color:{INK};margin:0 0 6px"><b>{{title}}</b></p>
{{controls}}\
<p style="color:{INK};margin:0;font-size:85%">{{note}}</p>
<noscript><p style="color:{INK};margin:0;font-size:85%">\
The controls need JavaScript, or the notebook to run.</p></noscript>
<img alt="{{words}}" src="{{picture}}" style="max-width:100%;filter:none">
<figcaption aria-live="polite" style="color:{INK};text-align:left">{{words}}</figcaption>
</figure>
"""

_ONE_AT_A_TIME = (
    "On this page one slider moves at a time; the rest return to their start, {}. "
    "Run the notebook to move them all together."
)
_HELD = "On this page {}. Run the notebook to move that, too."

_CONTROL = f"""\
<label style="display:flex;gap:8px;align-items:center">
<span style="width:6em">{{label}}</span>
<input type="range" min="0" max="{{last}}" value="{{start}}" aria-valuetext="{{text}}" data-steps="{{steps}}" \
autocomplete="off" style="flex:1;min-width:5em;max-width:20em;height:28px;accent-color:{FORWARD}">
<span aria-hidden="true" style="width:4em">{{text}}</span></label>
"""

_LIVE = '<img alt="{words}" src="{picture}" style="max-width:100%;border-radius:8px"><p aria-live="polite">{words}</p>'
