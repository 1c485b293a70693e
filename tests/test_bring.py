"""A function's body moves between its chapter and nnlib; everything around it stays."""

import pytest
from bring import bring, cell_of, module_of

PACKAGE = '''\
"""A module."""

import numpy as np


@contract("N, N -> N")
def relu_vjp(
    g: Array,
    z: Array,
) -> Array:
    """The rule of relu.

    With more to say.
    """
    return g * (z > 0)


def after():
    return 1
'''

CHAPTER = """\
def relu_vjp(g, z):
    # a gate: open or shut
    gate = z.real > 0

    return g * gate    # dz_i = g_i [z_i > 0]"""


def test_from_a_chapter_into_the_package():
    body = "    # a gate: open or shut\n    gate = z.real > 0\n\n    return g * gate    # dz_i = g_i [z_i > 0]\n"
    assert bring("relu_vjp", CHAPTER, PACKAGE) == PACKAGE.replace("    return g * (z > 0)\n", body)


def test_from_the_package_into_a_chapter():
    assert bring("relu_vjp", PACKAGE, CHAPTER) == "def relu_vjp(g, z):\n    return g * (z > 0)"


def test_there_and_back_changes_nothing():
    assert bring("relu_vjp", bring("relu_vjp", PACKAGE, CHAPTER), PACKAGE) == PACKAGE


SPACED = '''\
def dense_vjp(g, x):
    """In the package."""
    dW = g.T @ x  # dW[o, i] = sum over n
    db = g.sum(axis=0)  # db[o] = sum over n
    return np.stack([dW.ravel(), db])
'''
TIGHT = """\
def dense_vjp(g, x):
    # first the weights
    dW = g.T @ x  # dW[o,i]=sum over n

    db = g.sum(axis=0)
    return np.stack(
        [dW.ravel(), db]
    )"""


def test_what_is_the_same_keeps_the_comments_and_line_breaks_of_its_place():
    assert bring("dense_vjp", TIGHT, SPACED) == SPACED
    assert bring("dense_vjp", SPACED, TIGHT) == TIGHT


def test_only_what_was_changed_is_brought():
    changed = TIGHT.replace("    db = g.sum(axis=0)", "    db = g.sum(0)  # a sum\n    db += 0")
    assert bring("dense_vjp", changed, SPACED) == SPACED.replace(
        "    db = g.sum(axis=0)  # db[o] = sum over n", "\n    db = g.sum(0)  # a sum\n    db += 0"
    )


@pytest.mark.parametrize("name", ["dense_vjp", "backward", "numerical_jacobian", "init_params", "sigmoid_bce"])
def test_the_books_own_functions_stay_where_they_agree(name):
    (_, _, cell), module = cell_of(name), module_of(name).read_text("utf-8")
    assert bring(name, cell.source, module) == module and bring(name, module, cell.source) == cell.source


def test_another_signature_is_left_to_a_human():
    with pytest.raises(ValueError, match=r"takes \['g', 'a'\] in one place and \['g', 'z'\] in the other"):
        bring("relu_vjp", CHAPTER.replace("(g, z)", "(g, a)"), PACKAGE)


def test_both_places_are_found():
    path, _, cell = cell_of("sigmoid_vjp")
    assert path.name == "01_one_neuron.ipynb" and "def sigmoid_vjp" in cell.source
    assert module_of("sigmoid_vjp").name == "activations.py"
    assert cell_of("no_such_function") is None and module_of("no_such_function") is None
