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


def test_another_signature_is_left_to_a_human():
    with pytest.raises(ValueError, match=r"takes \['g', 'a'\] in one place and \['g', 'z'\] in the other"):
        bring("relu_vjp", CHAPTER.replace("(g, z)", "(g, a)"), PACKAGE)


def test_both_places_are_found():
    path, _, cell = cell_of("sigmoid_vjp")
    assert path.name == "01_one_neuron.ipynb" and "def sigmoid_vjp" in cell.source
    assert module_of("sigmoid_vjp").name == "activations.py"
    assert cell_of("no_such_function") is None and module_of("no_such_function") is None
