"""Every function that a chapter teaches lands in nnlib from exactly one chapter, and neither side can change alone."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from calls import FUNCTIONS
from nbformat.v4 import new_code_cell, new_notebook, new_output

ROOT = Path(__file__).parents[1]

SHOWN = {
    "check_vjp",
    "check_grads",
    "check_chain",
    "grads_of_step",
    "diagnose",
    "diagnose_function",
    "train",
    "landed",
    "shown",
}  # printed where they are used, taught nowhere
LANDINGS = {  # which chapter builds what
    "01_one_neuron": ["sigmoid", "sigmoid_vjp"],
    "02_many_paths": ["numerical_grad"],
    "03_jacobians": ["numerical_jacobian", "identity", "identity_vjp", "tanh", "tanh_vjp", "relu", "relu_vjp", "softmax", "softmax_vjp"],
    "04_check_a_derivative": ["relative_error", "vjp_error"],
    "05_a_layer": ["dense"],
    "06_losses": [
        "half_mse", "half_mse_grad", "bce", "bce_grad", "cross_entropy", "cross_entropy_grad", "sigmoid_bce", "sigmoid_bce_grad",
        "softmax_cross_entropy", "softmax_cross_entropy_grad", "one_hot",
    ],
    "07_two_layers": ["init_params"],
    "08_three_layers": ["sgd_step"],
    "09_batches": ["dense_vjp"],
    "10_any_depth": ["forward", "backward", "value_and_grad"],
    "11_train_on_iris": ["batches"],
}  # fmt: skip
STILL_TO_LAND = []  # what a chapter that is not written yet will build; this list only shrinks


def verdicts(nb):
    """What a notebook lands, in order: (name, stored verdict)."""
    for cell in nb.cells:
        if cell.cell_type == "code" and "landed(" in cell.source:
            calls = [
                node
                for node in ast.walk(ast.parse(cell.source))
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "landed"
            ]
            said = "".join(output.get("text", "") for output in cell.outputs).splitlines()
            yield from zip([ast.unparse(call.args[0]) for call in calls], said + [""] * len(calls))


def problems(landed, still_to_land):
    """What is wrong with the landings of the chapters, {chapter: [(name, verdict), ...]}, in sentences."""
    for chapter, names in LANDINGS.items():
        for name in names:
            places = [(place, verdict) for place, found in landed.items() for other, verdict in found if other == name]
            same = f"same as {FUNCTIONS[name].__module__}.{name}"
            if places and name in still_to_land:
                yield f"{name} has landed: take it off the list of those still to land"
            elif not places and chapter in landed:
                yield f"{name} does not land in {chapter}"
            elif not places and name not in still_to_land:
                yield f"{name} lands nowhere: there is no chapter {chapter}"
            elif places and places != [(chapter, same)]:
                yield f"{name} must land once, in {chapter}, with the verdict {same!r}; found {places}"


def test_every_taught_export_has_one_chapter():
    taught = [name for names in LANDINGS.values() for name in names]
    assert sorted(taught) == sorted(FUNCTIONS.keys() - SHOWN)


def test_every_taught_export_lands_once_in_its_chapter(checked):
    chapters = sorted(ROOT.glob("chapters/*.ipynb"))
    landed = {path.stem: list(verdicts(nbformat.read(path, as_version=4))) for path in chapters}
    assert list(problems(landed, STILL_TO_LAND)) == []
    checked(landings=sum(map(len, landed.values())))


GOOD = {"08_three_layers": [("sgd_step", "same as nnlib.training.sgd_step")]}
OTHERS = [name for names in LANDINGS.values() for name in names if name != "sgd_step"]


@pytest.mark.parametrize(
    ("landed", "still_to_land", "said"),
    [
        (GOOD, OTHERS, []),
        (GOOD, [*OTHERS, "sgd_step"], ["sgd_step has landed: take it off"]),
        (GOOD, OTHERS[1:], ["sigmoid lands nowhere: there is no chapter 01_one_neuron"]),
        ({"08_three_layers": []}, OTHERS, ["sgd_step does not land in 08_three_layers"]),
        ({"08_three_layers": 2 * GOOD["08_three_layers"]}, OTHERS, ["sgd_step must land once"]),
        (
            {"09_batches": GOOD["08_three_layers"]},
            OTHERS,
            ["sgd_step must land once, in 08_three_layers", "dense_vjp does not land in 09_batches"],
        ),
        (
            {"08_three_layers": [("sgd_step", "sgd_step here differs from nnlib.training.sgd_step")]},
            OTHERS,
            ["sgd_step must land once"],
        ),
        ({"08_three_layers": [("sgd_step", "")]}, OTHERS, ["sgd_step must land once"]),
    ],
)
def test_a_landing_out_of_order_is_found(landed, still_to_land, said):
    found = list(problems(landed, still_to_land))
    assert len(found) == len(said) and all(sentence.startswith(start) for sentence, start in zip(found, said))


# One token changed in one place ---------------------------------------------------------------------------------------

HERE = "import sys\n\nsys.path.insert(0, '')\n"  # a copy of nnlib beside a notebook comes first
CHAPTER = HERE + "from nnlib import landed\n\n\ndef dense(x, W, b):\n    return x @ W.T + b\n\n\nlanded(dense)"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """nbval's report on one landing: as it is, with the chapter changed, and beside a copy of nnlib that is changed."""
    folder = tmp_path_factory.mktemp("landing")
    for place, source in {
        "same": CHAPTER,
        "chapter": CHAPTER.replace("W.T + b", "W.T - b"),
        "package": CHAPTER,
    }.items():
        verdict = new_output("stream", name="stdout", text="same as nnlib.layers.dense\n")
        (folder / place).mkdir()
        nbformat.write(
            new_notebook(cells=[new_code_cell(source, execution_count=1, outputs=[verdict])]),
            folder / place / f"{place}.ipynb",
        )
    shutil.copytree(ROOT / "nnlib", folder / "package" / "nnlib", ignore=shutil.ignore_patterns("__pycache__"))
    layers = folder / "package" / "nnlib" / "layers.py"
    layers.write_text(layers.read_text("utf-8").replace("return x @ W.T + b", "return x @ W.T - b"), "utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "--nbval-current-env",
        "-p",
        "no:cacheprovider",
        "--color=no",
        "-vv",
        "-rA",
        folder,
    ]
    run = subprocess.run(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    return run.stdout


@pytest.mark.parametrize(("place", "outcome"), [("same", "PASSED"), ("chapter", "FAILED"), ("package", "FAILED")])
def test_a_change_in_one_place_alone_fails(report, place, outcome):
    assert f"{outcome} {place}/{place}.ipynb::Cell 0" in report


def test_the_failure_names_both_places_and_the_token(report):
    for line in (
        "--- nnlib.layers.dense",
        "+++ dense in this notebook",
        "-    return x @ W.T - b",
        "+    return x @ W.T - b",
    ):
        assert line in report
