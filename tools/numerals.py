"""What a number is worth as a text writes it: 0.83, 70 000, 7 %, a third, one in seven, nearly six million."""

import math
import re
from typing import NamedTuple


class Number(NamedTuple):
    """A value, the step to the next number that is as precise, and how many steps the true one may be away."""

    value: float
    step: float
    low: float = -0.5
    high: float = 0.5

    def agrees(self, other, moved=0):
        """Whether another number may be written like this, or like the one that is some steps further."""
        return self.low - 1e-9 <= (other - self.value) / self.step - moved <= self.high + 1e-9


def part(over, under):
    """A fraction; the next one has one more below its line."""
    return Number(over / under, max(over, 1) / (under * (under + 1)))


# Digits ---------------------------------------------------------------------------------------------------------------

DIGITS = re.compile(
    r"(?P<digits>(?<![\w.])(?:[-+]|minus )?(?:\d{1,3}(?:[ \u202f]\d{3})+|\d+)(?:\.\d+)?)"
    r"(?:e(?P<power>-?\d+)|/(?P<under>[1-9]\d*))?(?P<percent> ?%| percent)?(?P<scales>(?: hundred| thousand| million)*)"
)
SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6}


def in_digits(found, hedged=False):
    """The number that DIGITS has found; after words like "about" the noughts at its end are no digits."""
    digits = re.sub(r"[ \u202f]", "", found["digits"].replace("minus ", "-"))
    if found["under"]:
        return part(float(digits), int(found["under"]))
    scale = 10.0 ** int(found["power"] or 0) * (0.01 if found["percent"] else 1)
    scale *= math.prod(SCALES[word] for word in found["scales"].split())
    decimals = len(digits.partition(".")[2])
    if hedged and "." not in digits:
        decimals = len(digits.rstrip("0")) - len(digits)
    return Number(float(digits) * scale, 10.0**-decimals * scale)


def typed(tex):
    r"""The end of a formula as one would type it: \frac13 as 1/3, 4 \cdot 10^{-18} as 4e-18."""
    tex = re.sub(r"\\[,;!]", "", tex).replace(r"\%", "%")
    tex = re.sub(r"\\t?frac\{?(\d+?)\}?\{?(\d+)\}?$", r" \1/\2", tex)
    return re.sub(r"(?:(\d) *\\(?:cdot|times) *|\b)10\^\{?(-?\d+)\}?$", lambda m: f"{m[1] or 1}e{m[2]}", tex)


# Words ----------------------------------------------------------------------------------------------------------------

SMALL = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen".split()
SMALL += "sixteen seventeen eighteen nineteen".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
WHOLE = {word: k for k, word in enumerate(SMALL)} | {word: 10 * k for k, word in enumerate(TENS, start=2)}
WHOLE |= {f"{ten}-{one}": WHOLE[ten] + WHOLE[one] for ten in TENS for one in SMALL[1:10]}
WHOLE |= {"none": 0, "once": 1, "twice": 2, "both": 2}
PARTS = {word: k for k, word in enumerate("half third quarter fifth sixth seventh eighth ninth tenth".split(), start=2)}
PARTS |= {"hundredth": 100, "thousandth": 1000, "millionth": 10**6}
LONGEST = 5  # words


def in_words(words):
    """What words are worth: thirty-five, nine thousand million, half a million, two thirds, one in seven."""
    *first, last = re.sub(r"(?<= )an? ", "", words).split(" ")
    if not first:
        return Number(WHOLE[last], 1) if last in WHOLE else part(1, PARTS[last]) if last in PARTS else None
    if first[1:] == ["in"] and first[0] in WHOLE and WHOLE.get(last):
        return part(WHOLE[first[0]], WHOLE[last])
    over = Number(1, 1) if first in (["a"], ["an"]) else in_words(" ".join(first))
    if over and last in SCALES:
        return Number(over.value * SCALES[last], over.step * SCALES[last])
    if over and last.removesuffix("s") in PARTS:
        return part(over.value, PARTS[last.removesuffix("s")])


# At the end of a text -------------------------------------------------------------------------------------------------

MORE = re.compile(r"\b(?:more than|above|at least)(?: an?)? $")
LESS = re.compile(r"\b(?:less than|fewer than|below|at most|nearly|almost)(?: an?)? $")
ABOUT = re.compile(r"\b(?:about|some|roughly|around)(?: an?)? $")


def written(text):
    """The number at the end of a text, or None. More than 6 is from 6 to 7, nearly 6 from 5 to 6."""
    text = text.lower().rstrip("*`").replace("−", "-")
    text = re.sub(r"\$([^$]+)\$$", lambda formula: " " + typed(formula[1]), text)
    number, before = None, ""
    if found := re.search(DIGITS.pattern + "$", text):
        before = text[: found.start()]
        number = in_digits(found, any(hedge.search(before) for hedge in (MORE, LESS, ABOUT)))
    words = re.sub(r"[(*]", "", text).split()
    for k in range(max(len(words) - LONGEST, 0), len(words)):
        if not number and (number := in_words(" ".join(words[k:]))):
            before = " ".join([*words[:k], ""])
    if number and MORE.search(before):
        return number._replace(low=0, high=1 - 1e-6)
    if number and LESS.search(before):
        return number._replace(low=1e-6 - 1, high=0)
    return number
