"""How much two pixel pictures differ, for those whose lines depend on last digits, so that bytes cannot be compared."""

import base64
import io
import re

import numpy as np
from PIL import Image, ImageFilter

MOST = 0.15  # of what is drawn may differ: a step of one pixel makes up to 0.1
INSIDE_HTML = re.compile(r"data:image/(?:png|jpeg);base64,([A-Za-z0-9+/=]+)")


def pictures(outputs):
    """The pixel pictures among the outputs of a cell, those inside HTML too."""
    for output in outputs:
        for mime, data in sorted(output.get("data", {}).items()):
            if mime in ("image/png", "image/jpeg"):
                yield opened(data)
            elif mime == "text/html":
                yield from map(opened, INSIDE_HTML.findall(str(data)))


def opened(data):
    return Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")


def difference(one, other):
    """What differs, as a share of what is drawn: 0 for the same picture, 1 for a picture and an empty page.

    Both are blurred first, so that a line which moves by a pixel counts little.
    """
    if one.size != other.size:
        return np.inf
    a, b = (np.asarray(picture.filter(ImageFilter.GaussianBlur(4)), dtype=float) for picture in (one, other))
    drawn = max(abs(array - background(array)).mean() for array in (a, b))
    return abs(a - b).mean() / drawn if drawn else abs(a - b).max()


def background(array):
    """The colour that most pixels have."""
    colours, counts = np.unique(array.reshape(-1, 3).round(), axis=0, return_counts=True)
    return colours[counts.argmax()]


def differences(got, stored):
    """What is to be said of the pictures that a cell drew and of those that are stored."""
    got, stored = list(pictures(got)), list(pictures(stored))
    if len(got) != len(stored):
        yield f"{len(got)} pixel pictures were drawn, {len(stored)} are stored"
    for k, (new, old) in enumerate(zip(got, stored)):
        if (off := difference(new, old)) > MOST:
            yield f"pixel picture {k} differs from the stored one by {off:.0%} of what is drawn, at most {MOST:.0%} may"
