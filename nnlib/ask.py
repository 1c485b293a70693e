"""Questions that a page asks and judges: one declaration, two faces.

In the built book, where no kernel runs, `_static/ask.js` reads what is typed and judges it in the page. Where a
kernel runs, ipywidgets ask the same, and this module judges. Right and wrong answers are formulas of one `grammar`:
what a reader types is compared by value, so that every way of writing the right answer is right.
"""

import json
import re
import warnings
import zlib
from collections.abc import Mapping
from html import escape
from typing import NamedTuple

import numpy as np

from .grammar import Complaint, evaluate, plain

ROUNDING = 1e-6
LAYERS = "123"  #: the layers that a name with a {k} stands for

# What is asked --------------------------------------------------------------------------------------------------------


class Line(NamedTuple):
    """One line that is to be typed: the right formula, and wrong ones with a sentence that teaches.

    A formula may speak of all names of the question and of the lines above; of ``_right``, the value of the right
    one; and of ``_c``, a constant that is fitted, where it enters linearly. In a line whose name ends in a number k,
    ``{k}``, ``{k-1}`` and ``{k+1}`` stand for it and its neighbours.
    """

    right: str
    wrong: Mapping = {}
    hint: str = ""
    because: str = ""
    turned: str | Mapping = ""  #: the right formula where arrays are seen transposed, or one for each layout


class Option(NamedTuple):
    """What a choice above a form brings with it: names, lines, and how the reader sees and types them."""

    names: Mapping = {}
    lines: Mapping = {}
    turned: tuple = ()  #: names that are seen transposed
    scaled: Mapping = {}  #: names that are seen larger, and the name of the factor
    flat: tuple = ()  #: names in which an axis of length 1 does not matter
    layout: str = ""  #: a word for all this
    words: Mapping = {}  #: in what is said of a wrong line, and what it is then
    code: Mapping = {}  #: what stands for it in the form's code


class Verdict(NamedTuple):
    """What there is to say of an answer."""

    status: str  #: "right", "wrong", or "unread": then it is no attempt
    sentence: str = ""
    at: int | None = None  #: the character to point at


class Question:
    """What all questions share: two faces, and few bytes. End a cell with one.

    Attributes
    ----------
    spec : dict
        All that a face must know.
    html : str
        The static face; the page's script makes the fields.
    """

    max_bytes = 8192

    def __init__(self, prompt, spec):
        if len(prompt.split()) < 3:
            raise ValueError(f"{type(self).__name__}: got the prompt {prompt!r}, expected at least three words")
        self.prompt, self.spec = prompt, {key: value for key, value in spec.items() if value not in ("", {}, [])}
        text = json.dumps(self.spec, ensure_ascii=False, separators=(",", ":"), default=list)
        data = text.replace("&", "&amp;").replace("'", "&#39;").replace("<", "&lt;")
        key = f"{zlib.crc32((prompt + text).encode()):08x}"
        self.html = _STATIC.format(key=key, data=data, prompt=code_in(prompt))
        if len(self.html.encode()) > self.max_bytes:
            raise ValueError(
                f"{type(self).__name__}: {len(self.html.encode()):,} bytes, expected at most {self.max_bytes:,}: "
                "give it smaller arrays, or write an array as a formula of the others"
            )

    def _repr_mimebundle_(self, include=None, exclude=None):
        faces = {"text/plain": f"Question: {self.prompt}", "text/html": self.html}
        try:
            import ipywidgets  # noqa: F401
        except ImportError:
            warnings.warn(
                "Question: its live fields need ipywidgets: pip install 'backpropagation-you-can-check[explore]'",
                stacklevel=2,
            )
            return faces
        return self.live()._repr_mimebundle_() | faces


class Lines(Question):
    """A form of several lines. Each is judged on the right values of the lines above; the first wrong one is named.

    Parameters
    ----------
    prompt : str
        Plain words, with `code` in backticks.
    lines : dict
        From each line's name to its `Line`, in order.
    names : dict
        The names in play: arrays, numbers, or formulas of the others. Names that begin with ``_`` are for lines alone.
    choices : dict, optional
        From a label to its options, from their texts to each `Option`: what the reader may choose before typing.
    code : str, optional
        Python that is shown below the form, with what was typed in place of ``{lines}``.

    Raises
    ------
    ValueError
        If a formula cannot be evaluated or is not finite, a wrong one is right or has no sentence, two wrong ones are
        alike, or the page would carry too much.

    Examples
    --------
    >>> question = Lines("Back through the product.", {"dx": Line("g @ W"), "dW": Line("g.T @ x")},
    ...                  {"x": [[1, 2]], "W": [[3, 4]], "g": [[5]]})
    >>> question.judge({"dx": "g * W", "dW": "x.T @ g"})["dW"].sentence
    'The transpose of this is right: the shape is (2, 1), expected (1, 2).'
    """

    kind = "lines"

    def __init__(self, prompt, lines, names, *, choices=None, code="", tolerance=None):
        self.choices = {label: dict(options) for label, options in (choices or {}).items()}
        self.tolerance, self.code = tolerance, code
        self.base = Option(dict(names), dict(lines))
        self.rules, self.say = [], []
        options = {
            label: [[text, self._packed(option)] for text, option in options.items()]
            for label, options in self.choices.items()
        }
        base = self._packed(self.base)
        spec = {"kind": self.kind, **base, "rules": [], "say": self.say, "choices": options, "code": code}
        for line in self.rules:
            wrong = [[formula, self._said(formula, sentence)] for formula, sentence in line.wrong.items()]
            rule = {
                "right": line.right,
                "wrong": wrong,
                "hint": line.hint,
                "because": line.because,
                "turned": line.turned,
            }
            spec["rules"].append({key: value for key, value in rule.items() if value})
        if tolerance is not None:
            spec["tolerance"] = tolerance
        self._check()
        super().__init__(prompt, spec)

    def _packed(self, option):
        for line in option.lines.values():
            if line not in self.rules:
                self.rules.append(line)
        names = {name: value if isinstance(value, str) else jsonable(value) for name, value in option.names.items()}
        lines = [[name, self.rules.index(line)] for name, line in option.lines.items()]
        packed = {"names": names, "lines": lines, "turned": list(option.turned), "scaled": dict(option.scaled)}
        packed |= {
            "flat": list(option.flat),
            "layout": option.layout,
            "words": dict(option.words),
            "code": dict(option.code),
        }
        return {key: value for key, value in packed.items() if value}

    def _said(self, formula, sentence):
        if len(sentence.split()) < 4:
            raise ValueError(f"{type(self).__name__}: the wrong {formula} needs a sentence, got {sentence!r}")
        if sentence not in self.say:
            self.say.append(sentence)
        return self.say.index(sentence)

    def settings(self, layouts=True):
        """Every combination of the choices' options; or of those that change a value, and not only how it is seen."""
        combined = [{}]
        for label, options in self.choices.items():
            texts = list(options) if layouts or any(o.names or o.lines for o in options.values()) else list(options)[:1]
            combined = [chosen | {label: text} for chosen in combined for text in texts]
        return combined

    def case(self, chosen=None):
        """The form for a setting of the choices: by default the first option of each."""
        given = [options[(chosen or {}).get(label, next(iter(options)))] for label, options in self.choices.items()]
        names, lines = dict(self.base.names), dict(self.base.lines)
        for option in given:
            names, lines = names | dict(option.names), lines | dict(option.lines)
        for name in [name for name in names if "{k}" in name]:
            formula = names.pop(name)
            names = {at_layer(name, k): at_layer(formula, k) for k in LAYERS} | names
        return Case(names, lines, given, self.tolerance)

    def judge(self, typed, chosen=None):
        """A verdict on each line that was typed, by its name."""
        case = self.case(chosen)
        return {name: case.judge(name, text) for name, text in typed.items() if text.strip()}

    def _check(self):
        """No declaration may say a false thing of an answer."""
        who, fits = type(self).__name__, {}
        for chosen in self.settings(layouts=False):
            case = self.case(chosen)
            for name, line in case.lines.items():
                try:
                    right = case.right(name)
                except Complaint as complaint:
                    raise ValueError(
                        f"{who}: the right {name}, {line.right}, with {chosen or 'its names'}: {complaint}"
                    ) from None
                if not np.isfinite(right).all():
                    raise ValueError(f"{who}: the right {name}, {line.right}, is not finite")
                values = case.wrong(name)
                for formula in line.wrong:
                    fits.setdefault((line.right, formula), []).append(formula in values)
                if len(self.choices) == 0:
                    alone(who, case, name, values)
        for (right, formula), worked in fits.items():
            if not any(worked):
                raise ValueError(
                    f"{who}: the wrong {formula}, where {right} is right, cannot be evaluated, or is right too"
                )

    def live(self):
        """The live face."""
        return live_lines(self)


class Expression(Lines):
    """A formula on small arrays that are shown beside it.

    Parameters
    ----------
    prompt : str
        Plain words, with `code` in backticks.
    right : str
        The right formula, in the page's `grammar`.
    names : dict
        The names in play: arrays, numbers, or formulas of the others.
    wrong : dict
        From wrong formulas to the sentence that teaches why.
    hint, because : str
        What is said after a second wrong try, and after the right answer.

    Raises
    ------
    ValueError
        As for `Lines`.

    Examples
    --------
    >>> question = Expression("What is `dz` of a sigmoid?", "g * a * (1 - a)",
    ...                       {"g": [1, 2], "z": [0, 1], "a": "sigmoid(z)"},
    ...                       wrong={"g * z * (1 - z)": "The slope a (1 - a) was given z."})
    >>> question.judge("g * (a - a**2)")
    Verdict(status='right', sentence='', at=None)
    >>> question.judge("z * (1 - z) * g").sentence
    'The slope a (1 - a) was given z.'
    """

    kind = "expression"

    def __init__(self, prompt, right, names, *, wrong=None, hint="", because="", tolerance=None):
        line = Line(right, wrong or {}, hint, because)
        super().__init__(prompt, {"answer": line}, names, tolerance=tolerance)

    def judge(self, typed):
        """A verdict on what was typed."""
        return self.case().judge("answer", typed)


class Number(Expression):
    """A number, or a formula for it.

    Parameters
    ----------
    prompt : str
        Plain words, with `code` in backticks.
    right : number
    tolerance : number, optional
        How far from it is still right: half of the last digit that a reader can be expected to have. Left out, a
        thousandth.
    wrong : dict
        From wrong numbers to the sentence that teaches why.
    names : dict
        Numbers and arrays that a reader may speak of.
    hint, because : str
        What is said after a second wrong try, and after the right answer.

    Raises
    ------
    ValueError
        As for `Lines`.

    Examples
    --------
    >>> question = Number("With a = 0.9 and t = 1, what is a - t?", -0.1, wrong={0.1: "That is t - a: uphill."})
    >>> question.judge("0.1").sentence
    'That is t - a: uphill.'
    """

    kind = "number"

    def __init__(self, prompt, right, *, tolerance=None, wrong=None, names=None, hint="", because=""):
        tolerance = tolerance if tolerance is not None else abs(right) / 1000 or 0.001
        wrong = {f"{value:.15g}": sentence for value, sentence in (wrong or {}).items()}
        super().__init__(
            prompt, f"{right:.15g}", names or {}, wrong=wrong, hint=hint, because=because, tolerance=tolerance
        )


class Choice(Question):
    """One of several answers.

    Parameters
    ----------
    prompt : str
        Plain words, with `code` in backticks.
    options : dict
        From each answer to what is said when it is chosen: of the right one why it is, of the others what is wrong.
    right : str
        One of them.
    hint : str
        What is said after a second wrong try.

    Raises
    ------
    ValueError
        If there is nothing to choose, the right one is none of them, or one has no sentence.

    Examples
    --------
    >>> sums = {"over rows": "Each row has its own path.", "over columns": "Those are neurons, not examples."}
    >>> question = Choice("Which sum is `db`?", sums, "over rows")
    >>> question.judge("over columns").status
    'wrong'
    """

    def __init__(self, prompt, options, right, *, hint=""):
        short = [option for option, sentence in options.items() if len(sentence.split()) < 4]
        if right not in options or len(options) < 2 or short:
            raise ValueError(
                f"Choice: got {right!r} of {list(options)}, expected the right one of at least two, "
                "each with a sentence" + (f"; {short[0]!r} has none" if short else "")
            )
        self.options, self.right = dict(options), right
        spec = {"kind": "choice", "options": list(options.items()), "right": list(options).index(right), "hint": hint}
        super().__init__(prompt, spec)

    def judge(self, option):
        """A verdict on the option that was chosen."""
        return Verdict("right" if option == self.right else "wrong", self.options[option])

    def live(self):
        """The live face."""
        return live_choice(self)


# How an answer is judged ----------------------------------------------------------------------------------------------


class Names(Mapping):
    """Names with their values, each evaluated when it is first asked for."""

    def __init__(self, definitions):
        self.definitions, self.values_ = dict(definitions), {}

    def __getitem__(self, name):
        if name not in self.values_:
            given = self.definitions[name]
            self.values_[name] = evaluate(given, self) if isinstance(given, str) else np.asarray(given, dtype=float)
        return self.values_[name]

    def __iter__(self):
        return iter(self.definitions)

    def __len__(self):
        return len(self.definitions)


class Case:
    """A form whose choices are made: its names, its lines, and how the reader sees them."""

    def __init__(self, names, lines, options=(), tolerance=None):
        self.lines, self.tolerance, self.spoils = lines, tolerance, {}
        self.turned = {name for option in options for name in option.turned}
        self.flat = {name for option in options for name in option.flat}
        self.scaled = {name: factor for option in options for name, factor in option.scaled.items()}
        self.words = {old: new for option in options for old, new in option.words.items()}
        self.layout = " ".join(option.layout for option in options if option.layout)
        self.names = Names(names | {name: at_layer(line.right, name) for name, line in lines.items()})
        self.given = [name for name in names if not name.startswith("_") and name not in lines]

    def seen(self, name):
        """The names that the reader of a line may use, as the reader sees them."""
        above = list(self.lines)[: list(self.lines).index(name)] if name in self.lines else []
        return Names({key: self.view(key) for key in [*self.given, *above]})

    def view(self, name):
        """A value as the reader sees it."""
        value = turn(self.names[name]) if name in self.turned else self.names[name]
        return value * self.names[self.scaled[name]] if name in self.scaled else value

    def right(self, name):
        return np.asarray(self.names[name], dtype=float)

    def answer(self, name):
        """The right formula of a line, in names that the reader knows."""
        line, formula = self.lines[name], ""
        if self.turned:
            formula = line.turned if isinstance(line.turned, str) else line.turned.get(self.layout, "")
        words = self.in_words(formula or line.right, name)
        for factor in set(self.scaled.values()):  # what is seen larger lacks a division that another line has
            words = words.replace(f" / {factor}", "") if name in self.scaled else f"{words} / {factor}"
        return words

    def in_words(self, formula, name):
        """A formula of a line with hidden names replaced by what they stand for."""
        formula = at_layer(formula, name)
        while hidden := re.search(r"(?<!\w)_\w+", formula):
            meant = at_layer(str(self.names.definitions[hidden.group()]), name)
            whole = formula == hidden.group() or meant.isidentifier()
            formula = formula.replace(hidden.group(), meant if whole else f"({meant})", 1)
        return formula

    def spoiled(self, name, formula, c):
        """All names, where a line has another formula, and what comes after it goes on from there."""
        right = at_layer(self.lines[name].right, name)
        return Names(self.names.definitions | {"_right": right, "_c": c, name: at_layer(formula, name)})

    def wrong(self, name):
        """The values of a line's wrong formulas; a fitted constant has two, at 0 and 1. What is right is left out."""
        if name in self.spoils:
            return self.spoils[name]
        right, values = self.right(name), self.spoils.setdefault(name, {})
        for formula in self.lines[name].wrong:
            pair = []
            for c in (0.0, 1.0):
                scope = Names(self.names.definitions | {"_right": right, "_c": c})
                scope.values_ = {key: value for key, value in self.names.values_.items() if key != "_c"}
                try:
                    pair.append(np.asarray(evaluate(at_layer(formula, name), scope), dtype=float))
                except Complaint:
                    break
            if len(pair) == 2 and np.isfinite(pair).all() and not self.same(pair[1], right, right):
                values[formula] = pair
        return values

    def same(self, got, expected, right):
        slack = self.tolerance if self.tolerance is not None else ROUNDING * np.abs(right).max()
        return got.shape == expected.shape and bool((np.abs(got - expected) <= slack).all())

    def judge(self, name, typed):
        """The verdict on one line."""
        try:
            if re.fullmatch(r"\s*[-+]?\d+,\d+\s*", typed):
                raise Complaint("Write the number with a point, as in 0.5.", typed.index(","))
            got = np.asarray(evaluate(typed, self.seen(name)), dtype=float)
        except Complaint as complaint:
            raises = complaint.kind in ("shape", "value")  # NumPy would stop there too
            return Verdict("wrong" if raises else "unread", str(complaint), complaint.at)
        if name in self.turned:
            got = turn_back(got)
        if name in self.scaled:
            got = got / self.names[self.scaled[name]]
        right = self.right(name)
        if name in self.flat and got.squeeze().shape == right.shape:
            got = got.squeeze()
        if not np.isfinite(got).all():
            return Verdict(
                "wrong", "That is not finite everywhere: somewhere it divides by 0, or takes the logarithm of it."
            )
        if self.same(got, right, right):
            return Verdict("right", self.lines[name].because)
        known = self.known(name, got, right)
        transposed = got.ndim == 2 and self.same(got.T, right, right)
        if not known and 1 in got.shape and not transposed:  # `keepdims`, say
            straight = got.squeeze()
            if self.same(straight, right.squeeze(), right):
                words = "The numbers are right, the shape is not: "
                words += f"{shape(got, name in self.turned)}, expected {shape(right)}."
                return Verdict("wrong", words)
            known = self.known(name, straight, right)
        return Verdict("wrong", " Or: ".join(known) or self.clue(got, right, transposed))

    def known(self, name, got, right):
        """What the wrong formulas say that make exactly these numbers."""
        said = []
        for formula, (one, other) in self.wrong(name).items():
            c = fitted(got, one, other)
            if c is not None and self.same(got, one + c * (other - one), right):
                sentence = at_layer(self.lines[name].wrong[formula], name).replace("{c}", number(c))
                for old, new in self.words.items():
                    sentence = sentence.replace(old, new)
                said += [sentence] * (sentence not in said)
        return said

    def clue(self, got, right, transposed):
        """What can be said of a wrong answer that nobody foresaw."""
        if got.shape != right.shape:
            if transposed:
                return f"The transpose of this is right: the shape is {shape(got)}, expected {shape(right)}."
            return f"The shape is {shape(got)}, expected {shape(right)}."
        if transposed:
            return "The transpose of this is right."
        if right.any():
            c = float((got * right).sum() / (right * right).sum())
            if self.same(got, -right, right):
                return "Right but for the sign."
            if got.size > 1 and not got.any():
                return "Everything is 0 here, and should not be."
            if np.count_nonzero(right) > 1 and self.same(got, c * right, c * right):
                return f"Right but for a factor {number(c)}{self.named(c)}."
        if got.size == 1:
            return "Not yet: that is another number."
        agree = int((np.abs(got - right) <= ROUNDING * np.abs(right).max()).sum())
        return f"Not yet: the shape is right, and {agree} of {got.size} entries are."

    def named(self, c):
        """Which of the given numbers a factor is."""
        for name in self.given:
            if self.names[name].ndim == 0:
                for words, value in ((name, self.names[name]), (f"1/{name}", 1 / self.names[name])):
                    if abs(c - value) <= ROUNDING * abs(c):
                        return f", which is {words}"
        return ""


def alone(who, case, name, values):
    """No two wrong formulas may make the same numbers: the page would not know which sentence to say."""
    seen = []
    for formula, (one, other) in values.items():
        for earlier, value in seen:
            if case.same(other, value, case.right(name)):
                raise ValueError(f"{who}: in {name}, {formula} and {earlier} make the same numbers")
        if case.same(one, other, case.right(name)):
            seen.append((formula, other))


def at_layer(formula, name):
    """A formula with the number of its line's layer in place of {k}, {k-1} and {k+1}."""
    digits = re.search(r"\d*$", name).group()
    for words, step in (("{k}", 0), ("{k-1}", -1), ("{k+1}", 1)):
        formula = formula.replace(words, str(int(digits) + step) if digits else "")
    return formula


def fitted(got, one, other):
    """The constant with which one + c (other - one) is nearest to what was got.

    It is 0 where there is none, None where no shape fits.
    """
    if not got.shape == one.shape == other.shape:
        return None
    change = other - one
    square = float((change * change).sum())
    return float(((got - one) * change).sum()) / square if square else 0.0


def turn(value):
    return value[:, None] if value.ndim == 1 else value.T


def turn_back(value):
    return value[:, 0] if value.ndim == 2 and value.shape[1] == 1 else value.T


def shape(value, turned=False):
    value = value.T if turned else value
    return str(value.shape) if value.ndim else "that of a single number"


def number(c):
    """Four digits, as the page writes them."""
    return f"{float(f'{c:.4g}'):.10g}".replace("-", "−")


def jsonable(value):
    value = np.asarray(value, dtype=float)
    return json.loads(
        json.dumps(value.tolist()),
        parse_float=lambda text: int(float(text)) if float(text).is_integer() else float(text),
    )


# The faces ------------------------------------------------------------------------------------------------------------


def code_in(text):
    """Plain words as HTML, with `code`."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))


# The page's script puts the fields below the prompt and takes the note away.
_STATIC = """\
<div class="ask" data-key="{key}" data-ask='{data}'>
<p class="ask-prompt">{prompt}</p>
<p class="ask-note"><em>To answer here, run this cell in a kernel, or open the built page with JavaScript.</em></p>
</div>
"""


def told(verdict, tries, hint, answer):
    """A verdict as HTML: the sentence, a hint on the second try, the answer on the third."""
    parts = [escape("Right. " if verdict.status == "right" else "") + code_in(verdict.sentence)]
    if verdict.status == "wrong" and tries > 1 and hint:
        parts.append(f"<b>Hint:</b> {code_in(hint)}")
    if verdict.status == "wrong" and tries > 2:
        parts.append(f"<b>The answer:</b> <code>{escape(answer)}</code>")
    return "<br>".join(parts)


def table(case, names):
    """The arrays that are shown beside a form."""
    shown = ((name, case.view(name)) for name in names)
    return (
        "<pre>"
        + escape("\n".join(f"{name}{' ' if value.ndim == 2 else ' = '}{array(value)}" for name, value in shown))
        + "</pre>"
    )


def array(value):
    """An array as it is shown: whole numbers as such, others to two places, a matrix row below row."""
    value = np.asarray(value, dtype=float)
    places = 0 if (value == np.round(value)).all() else 2
    if not value.ndim:
        return f"{value:.{places}f}" if places == 0 else f"{value:.4g}"
    cells = [[f"{entry:.{places}f}" for entry in row] for row in np.atleast_2d(value)]
    width = max(len(cell) for row in cells for cell in row)
    rows = ["  ".join(cell.rjust(width) for cell in row) for row in cells]
    return rows[0] if value.ndim == 1 else f"{value.shape}\n" + "\n".join("  " + row for row in rows)


def live_lines(question):
    """Fields for a form's lines, judged by this module."""
    import ipywidgets as widgets

    single = question.kind != "lines"
    pickers = {
        label: widgets.Dropdown(options=list(options), description=label, style={"description_width": "initial"})
        for label, options in question.choices.items()
        if len(options) > 1
    }
    names, fields, said = widgets.HTML(), widgets.VBox(), widgets.HTML()
    tries, last = {}, {}

    def chosen():
        return {label: picker.value for label, picker in pickers.items()}

    def show(_change=None):
        case = question.case(chosen())
        names.value, said.value = table(case, case.given), ""
        fields.children = [
            widgets.HBox([
                widgets.Text(description="Answer" if single else name, layout={"width": "30em", "max_width": "98%"}),
                widgets.HTML(),
            ])
            for name in case.lines
        ]  # fmt: skip

    def check(_button=None):
        case, first, unread = question.case(chosen()), None, None
        for (name, line), row in zip(case.lines.items(), fields.children):
            typed, mark = row.children[0].value, row.children[1]
            mark.value = ""
            if not typed.strip():
                continue
            verdict = case.judge(name, typed)
            if verdict.status == "wrong" and last.get(name) != typed:
                tries[name] = tries.get(name, 0) + 1
            last[name] = typed
            mark.value = {"right": "✓ right", "wrong": "✗ wrong", "unread": "? not read"}[verdict.status]
            pointed = "" if verdict.at is None else f"<pre>{escape(plain(typed))}\n{' ' * verdict.at}^</pre>"
            words = told(verdict, tries.get(name, 0), line.hint, case.answer(name)) + pointed
            if verdict.status == "wrong":
                first = first or ("" if single else f"The first wrong line is {name}. ") + words
            elif verdict.status == "unread":
                unread = unread or ("" if single else f"{name} cannot be read, and is not judged. ") + words
        filled = [row.children[0].value.strip() for row in fields.children]
        because = " ".join(code_in(line.because) for line in case.lines.values() if line.because)
        allright = f"Right. {because}" if all(filled) else "Right so far." if any(filled) else "Nothing is typed yet."
        said.value = f'<p aria-live="polite">{"<br>".join(filter(None, (unread, first))) or allright}</p>'

    for picker in pickers.values():
        picker.observe(show, "value")
    button = widgets.Button(description="Check")
    button.on_click(check)
    show()
    return widgets.VBox([widgets.HTML(code_in(question.prompt)), *pickers.values(), names, fields, button, said])


def live_choice(question):
    """Buttons for the options, judged by this module."""
    import ipywidgets as widgets

    radio = widgets.RadioButtons(
        options=list(question.options), value=None, layout={"width": "max-content", "max_width": "98%"}
    )
    said, tries = widgets.HTML(), []

    def check(_button=None):
        if radio.value is None:
            said.value = "<p>Nothing is chosen yet.</p>"
            return
        verdict = question.judge(radio.value)
        if verdict.status == "wrong" and tries[-1:] != [radio.value]:
            tries.append(radio.value)
        said.value = f'<p aria-live="polite">{told(verdict, len(tries), question.spec.get("hint"), question.right)}</p>'

    button = widgets.Button(description="Check")
    button.on_click(check)
    return widgets.VBox([widgets.HTML(code_in(question.prompt)), radio, button, said])
