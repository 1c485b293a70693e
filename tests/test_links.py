"""Links and words instead of roles: they read alike in the page, in JupyterLab and on GitHub."""

import nbformat
import pytest
from links import ROLE, main, plain
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook


@pytest.fixture
def folder(tmp_path):
    cells = [new_markdown_cell("(one)=\n# Derive one neuron\n\n## A slope", id="title")]
    nbformat.write(new_notebook(cells=cells), tmp_path / "01_one_neuron.ipynb")
    (tmp_path / "glossary.md").write_text("# Glossary\n")
    return tmp_path


@pytest.mark.parametrize(
    "source, expected",
    [
        ("See {doc}`01_one_neuron`.", "See [Derive one neuron](01_one_neuron.ipynb)."),
        ("In {doc}`chapter 1 <01_one_neuron>` we", "In [chapter 1](01_one_neuron.ipynb) we"),
        ("In {doc}`chapter\n1 <01_one_neuron>` we", "In [chapter 1](01_one_neuron.ipynb) we"),
        ("the {doc}`glossary`", "the [Glossary](glossary.md)"),
        ("an {term}`epoch` of {term}`mini-batches <mini-batch>`", "an epoch of mini-batches"),
        (
            "{eq}`eq:a`, {cite:t}`key`, `doc`, {index}`chain rule`",
            "{eq}`eq:a`, {cite:t}`key`, `doc`, {index}`chain rule`",
        ),
    ],
)
def test_a_role_becomes_what_works_everywhere(folder, source, expected):
    assert plain(source, folder) == expected
    assert not ROLE.search(expected)


def test_a_chapter_that_is_not_there_is_an_error(folder):
    with pytest.raises(FileNotFoundError, match="there is no 02_nowhere.ipynb"):
        plain("{doc}`02_nowhere`", folder)


def test_only_the_text_of_a_notebook_changes(folder):
    path = folder / "02.ipynb"
    cells = [new_markdown_cell("{doc}`glossary`", id="text"), new_code_cell("'{doc}`glossary`'", id="code")]
    nbformat.write(new_notebook(cells=cells), path)
    main([path])
    text, code = nbformat.read(path, as_version=4).cells
    assert (text.source, code.source) == ("[Glossary](glossary.md)", "'{doc}`glossary`'")
    before = path.read_bytes()
    main([path])
    assert path.read_bytes() == before
