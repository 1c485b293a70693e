"""Questions: the grammar of both faces against NumPy, what is said of an answer, and the page by keyboard and by ear."""

import random
import re
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest
from pages import AXE, AXE_SCRIPT, CHECKS, HTML, ROOT
from pasted import PASTED
from typed_formulas import NAMES, agree, by_numpy, formulas

from nnlib import bce, cross_entropy, half_mse, identity, relu, sigmoid, softmax, tanh
from nnlib.ask import Choice, Expression, Line, Lines, Number, Option, Question
from nnlib.grammar import Complaint, evaluate
from nnlib.mistakes import MISTAKES
from nnlib.slips import RULES, SLIPS, Backward, C

SCRIPT = (ROOT / "_static" / "ask.js").read_text("utf-8")
COUNT = 900
LISTED = {mistake.name for mistake in MISTAKES}


@contextmanager
def blank(browser, script=SCRIPT, body=""):
    """An empty page with the questions' script."""
    with browser.new_page() as page:
        page.set_content(f"<!doctype html><html lang=en><title>Questions</title><main><h1>Questions</h1>{body}</main>")
        page.add_script_tag(content=script)
        yield page


@pytest.fixture(scope="module")
def page(browser):
    with blank(browser) as page:
        yield page


# The grammar ------------------------------------------------------------------------------------------------------------

IN_THE_PAGE = """([formulas, names]) => formulas.map((formula) => {
  try {
    const { shape, data } = ask.evaluate(formula, ask.scope(names));
    return { shape, data: data.map(String) };
  } catch (error) {
    return error.kind ?? `a fault: ${error.message}`;
  }
})"""


def in_the_page(page, typed):
    answers = page.evaluate(IN_THE_PAGE, [typed, {name: value.tolist() for name, value in NAMES.items()}])
    return [
        a
        if isinstance(a, str)
        else a | {"data": [float(x.replace("Infinity", "inf").replace("undefined", "nan")) for x in a["data"]]}
        for a in answers
    ]


def in_python(formula):
    try:
        value = np.asarray(evaluate(formula, NAMES), dtype=float)
    except Complaint as complaint:
        return complaint.kind
    return {"shape": list(value.shape), "data": value.ravel().tolist()}


def disagreements(answers, expected):
    return [(f, got, want) for (f, want), got in zip(expected.items(), answers, strict=True) if not agree(got, want)]


CORNERS = [
    "(x > 0) + (b > 0)", "(x > 0) - (b > 0)", "-(x > 0)", "(x > 0) * (b > 0)", "(x > 0) @ (W > 0)", "(x > 0).sum(axis=0)", "1 - (x > 0)",
    "-x ** 2", "2 ** -x", "2 ** 3 ** 2", "7 - 2 - 1", "8 / 2 / 2", "x @ W * 2", "2 * x @ W", "-x @ W", "x.T @ x ** 2", "x - v[:, None]",
    "x + c", "c + r", "x + r", "c * v", "(x > 0).max(axis=0) + (b > 0)", "x[0] @ W", "x[-1, 0]", "x[:, 1]", "np.where(x > 0, x > 1, b > 0) + (b > 0)",
]  # fmt: skip


@pytest.fixture(scope="module")
def expected():
    """What NumPy makes of random formulas."""
    return {f: value for f in [*CORNERS, *formulas(COUNT)] if (value := by_numpy(f)) != "attribute"}


def test_the_formulas_are_of_all_kinds(expected, checked):
    values = [value for value in expected.values() if not isinstance(value, str)]
    assert len(values) >= 400 and {len(value["shape"]) for value in values} == {0, 1, 2}
    assert list(expected.values()).count("shape") >= 50
    checked(formulas_against_numpy=len(expected))


def test_the_page_evaluates_as_numpy_does(page, expected):
    assert disagreements(in_the_page(page, list(expected)), expected) == []


def test_the_kernel_evaluates_as_numpy_does(expected):
    assert disagreements([in_python(f) for f in expected], expected) == []


FAULTS = {
    "a sum over the other axis": ("x.shape.length === 2 && k === 0", "x.shape.length === 2 && k === 1"),
    "a transpose that keeps the order": ("x.data[(k % rows) * columns + Math.floor(k / rows)]", "x.data[k]"),
    "a product that skips the last": ("j < m; j++", "j < m - 1; j++"),
    "a minus before the power": ("const base = trailers(atom()), sign", "const base = signed(), sign"),
    "all products alike": ('chain(signed, "*", "/", "@")', 'chain(signed, "*", "/")'),
    "sums before products": ('const sums = chain(products, "+", "-")', 'const sums = chain(signed, "+", "-")'),
    "lengths that need not fit": ("if (lengths.some((n) => n !== lengths[0])) throw new Misfit();", ""),
    "inner lengths that need not fit": ("if (m !== p) throw new Misfit();", ""),
    "keepdims unheard": ("keepdims ? x.shape.with(k, 1) : x.shape.toSpliced(k, 1)", "x.shape.toSpliced(k, 1)"),
    "a mean that is a sum": ("mean: (values) => sum(values) / values.length", "mean: sum"),
    "softmax over all entries": ('reduce("sum", e, -1, true)', 'reduce("sum", e, null, true)'),
    "the first row for the last": ("places.push(item < 0 ? item + n : item)", "places.push(0)"),
    "an outer product turned round": ("make([x.data.length, y.data.length], x.data.flatMap((a) => y.data", "make([y.data.length, x.data.length], y.data.flatMap((a) => x.data"),
    "less or equal for less": ('"<": compare((a, b) => a < b)', '"<": compare((a, b) => a <= b)'),
    "truths that add up to 2": ('sign === "+" && both(values) ? either', "false ? either"),
    "truths that subtract": ('if (sign === "-" && both(values))', "if (false)"),
    "a column read as a row": ("column = width === 1 ? 0 : k % columns", "column = k % columns"),
    "from the left": ("const before = left, right = operand()", "const before = left, right = chain(operand, ...signs)()"),
}  # fmt: skip


@pytest.fixture(scope="module")
def faulty(browser):
    """A page of its own, whose script is replaced by one with a fault."""
    with blank(browser) as page:
        yield page


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_evaluator_is_noticed(faulty, expected, fault):
    old, new = FAULTS[fault]
    assert SCRIPT.count(old) == 1
    faulty.add_script_tag(content=SCRIPT.replace(old, new))
    some = dict(list(expected.items())[:400])
    assert len(disagreements(in_the_page(faulty, list(some)), some)) > 0


COMPLAINTS = {  # what is typed: the kind, words of what is said, and the character that is pointed at
    "x @ q": ("name", "q is not known here. Known are x, W, b, v, c, r, N.", 4),
    "W.T @ Wx": ("name", "Wx is not known here", 6),
    "softplus(x)": ("name", "The function softplus is not known here. Known are exp, log", 0),
    "np.cumsum(x)": ("name", "The function cumsum is not known here", 0),
    "x.cumsum()": ("name", ".cumsum is not known here. Known are .T, .sum", None),
    "exp + 1": ("name", "exp is a function: write exp(…).", 0),
    "x @ x": ("shape", "The shapes do not fit: @ gets (3, 2) and (3, 2).", None),
    "x + v": ("shape", "The shapes do not fit: + gets (3, 2) and (3,).", None),
    "x.sum(axis=2)": ("shape", "The shape (3, 2) has no axis 2.", None),
    "x[3]": ("shape", "The index is outside the shape (3, 2).", None),
    "x ^ 2": ("syntax", "The character '^' means nothing here. A power is **.", 2),
    "x $ 2": ("syntax", "The character '$' means nothing here.", 2),
    "(x + W": ("syntax", "ends too early", 6),
    "x +": ("syntax", "ends too early", 3),
    "2 x": ("syntax", "Here it cannot be read on: 'x' does not belong there.", 2),
    "x < W < b": ("syntax", "Only two things can be compared at a time.", None),
    "len(N)": ("shape", "A single number has no length.", None),
    "maximum(x)": ("syntax", "maximum takes 2 arguments here, not 1.", 0),
    "x.shape": ("syntax", "Of a shape take one number: .shape[0].", None),
    "": ("syntax", "Nothing is typed yet.", 0),
}


def test_what_is_wrong_is_said_and_pointed_at(page):
    names = {name: value.tolist() for name, value in NAMES.items()}
    ask = "([typed, names]) => { try { ask.evaluate(typed, ask.scope(names)); } catch ({ kind, message, at }) { return { kind, message, at }; } }"
    for typed, (kind, words, at) in COMPLAINTS.items():
        said = page.evaluate(ask, [typed, names])
        with pytest.raises(Complaint) as caught:
            evaluate(typed, NAMES)
        assert (said["kind"], caught.value.kind) == (kind, kind), typed
        assert words in said["message"] and words in str(caught.value), (said, caught.value)
        if at is not None:
            assert (said["at"], caught.value.at) == (at, at), typed


@pytest.mark.parametrize(
    "typed",
    ["__import__('os')", "x.__class__", "(lambda: 0)()", "[x for x in W]", "x.T.base", "open('a')", "f'{x}'", "x if W else b", "x; W", "globals()", "constructor", "x.constructor", "toString(x)", "__proto__", "alert(1)", "x[0:2]", "x and W", "not x", "1j", "'x'"],
)  # fmt: skip
def test_nothing_but_formulas_is_read(page, typed):
    with pytest.raises(Complaint):
        evaluate(typed, NAMES)
    assert in_the_page(page, [typed])[0] in ("syntax", "name")


def test_long_and_deep_formulas_end_in_words(page):
    deep, long = "(" * 5000 + "x" + ")" * 5000, "+".join(["x"] * 400)
    with pytest.raises(Complaint):
        evaluate(deep, NAMES)
    assert in_the_page(page, [deep]) == ["syntax"]
    assert agree(in_the_page(page, [long])[0], in_python(long))


# What is said of an answer ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def backward():
    ends = [(softmax, cross_entropy), (sigmoid, bce), (identity, half_mse), (sigmoid, half_mse)]
    return Backward(
        "Type the backward pass, line by line.",
        [(4, 5, 3), (4, 5, 2, 3), (4, 3, 3)],
        [tanh, sigmoid, relu],
        ends,
        layouts=True,
    )


def verdicts(page, question, typed, chosen=None):
    """What the page says of [(line, formula)]."""
    return page.evaluate(
        "([spec, chosen, typed]) => { const form = ask.caseOf(spec, chosen); return typed.map(([name, text]) => form.judge(name, text)); }",
        [question_spec(page, question), chosen or {}, typed],
    )


def question_spec(page, question):
    """The question as the page reads it, from its HTML."""
    return page.evaluate(
        "(html) => { const box = document.createElement('div'); box.innerHTML = html; return JSON.parse(box.firstChild.dataset.ask); }",
        question.html,
    )


def settings(question, *wanted, **layout):
    """The settings with these options, seen in the first layout, or with one per column."""
    return [c | layout for c in question.settings(layouts=False) if all(w in c.values() for w in wanted)]


COLUMNS, IN_OUT, LATER = {"Examples are": "columns"}, {"W is": "in × out"}, {"1/N is in": "dW and db"}


def names_in(sentence):
    return set(re.findall(r"\(`([^`]+)`\)", sentence))


NETWORKS = [
    ("4-5-3", "tanh", "no activation, half the squared error"),
    ("4-5-2-3", "sigmoid", "softmax, cross-entropy"),
    ("4-5-3", "relu", "sigmoid, binary cross-entropy"),
    ("4-3-3", "tanh", "sigmoid, half the squared error"),
]


def test_the_page_names_what_diagnose_names(page, backward, checked):
    """Each wrong line, typed in the reader's names, in several networks: its name is one that `diagnose` gives."""
    named, tried = set(), 0
    for words in NETWORKS:
        for chosen in settings(backward, *words):
            form, typed = backward.case(chosen), []
            for line in form.lines:
                rule = next(rule for rule in SLIPS if RULES[rule].right == form.lines[line].right)
                for _, formula in SLIPS[rule]:
                    if formula not in form.lines[line].wrong or formula not in form.wrong(line):
                        continue
                    causes = {cause.name for cause in backward.diagnosis(form, chosen, line, formula).causes}
                    words_typed = form.in_words(
                        formula.replace("_right", f"({form.answer(line)})").replace("_c", str(C)), line
                    )
                    typed.append((line, words_typed, causes))
            said = verdicts(page, backward, [row[:2] for row in typed], chosen)
            for (line, formula, causes), verdict in zip(typed, said, strict=True):
                found = names_in(verdict["sentence"])
                assert verdict["status"] == "wrong" and found, (chosen, line, formula, verdict)
                assert not causes or found & causes, (chosen, line, formula, verdict, causes)
                named |= found & causes
                tried += 1
    missing = {name for rule in SLIPS.values() for name, _ in rule} & LISTED - named
    assert missing == set() and tried > 300
    checked(wrong_lines_typed=tried, mistakes_named_by_the_page=len(named))


def test_right_lines_are_right_in_every_setting(page, backward, checked):
    count = 0
    for k, chosen in enumerate(backward.settings()[::7]):  # in turns all layouts, sizes, activations and losses
        form = backward.case(chosen)
        typed = [(line, form.answer(line)) for line in form.lines]
        assert not [formula for _, formula in typed if re.search(r"(?<!\w)_", formula)]
        assert {verdict["status"] for verdict in verdicts(page, backward, typed, chosen)} == {"right"}, chosen
        assert k % 4 or {form.judge(*pair).status for pair in typed} == {"right"}, chosen
        count += len(typed)
    checked(right_lines_typed=count)


WAYS = {  # five ways of writing each right line
    "delta2": ["(a2 - t) / N", "(a2-t)/len(x)", "1/N * (a2 - t)", "(softmax(z2) - t) / x.shape[0]", "a2 / 7 - t / 7.", "(np.exp(z2) / np.exp(z2).sum(axis=1, keepdims=True) - t) / len(t)"],
    "dW2": ["delta2.T @ a1", "np.dot(delta2.T, a1)", "(a1.T @ delta2).T", "delta2.T.dot(a1)", "np.matmul(δ2.T, a1)", "delta2.T@tanh(z1)"],
    "db2": ["delta2.sum(axis=0)", "delta2.sum(0)", "np.sum(delta2, axis=0)", "sum(delta2, 0)", "N * delta2.mean(axis=0)", "delta2.T.sum(axis=1)", "delta2.sum(axis=-2)"],
    "delta1": ["(delta2 @ W2) * (1 - a1 ** 2)", "np.dot(delta2, W2) * (1 - a1*a1)", "(1 - np.tanh(z1)**2) * (delta2 @ W2)", "(W2.T @ delta2.T).T * (1 - a1) * (1 + a1)", "delta2 @ W2 - (delta2 @ W2) * np.square(a1)"],
    "dW1": ["delta1.T @ x", "(x.T @ delta1).T", "dot(delta1.T, x)", "transpose(delta1) @ x", "1.0 * delta1.T @ x"],
    "db1": ["delta1.sum(axis=0)", "sum(delta1, axis=0)", "delta1.sum(0)", "np.mean(delta1, 0) * len(x)", "delta1.sum(axis=0, keepdims=False)"],
}  # fmt: skip


def test_every_way_of_writing_the_right_line_is_right(page, backward):
    (chosen,) = settings(backward, "4-5-3", "tanh", "softmax, cross-entropy")
    typed = [(line, way) for line, ways in WAYS.items() for way in ways]
    assert all(len(ways) >= 5 for ways in WAYS.values())
    assert [
        (pair, v) for pair, v in zip(typed, verdicts(page, backward, typed, chosen)) if v["status"] != "right"
    ] == []
    assert {backward.judge({line: way}, chosen)[line].status for line, way in typed} == {"right"}


OUTSIDE = [  # in line with no mistake of the table; {} is the right line
    "1.1 * ({})", "({}) / 3.7", "({}) + 0.01", "({}) ** 2", "({}) * ({} > 0)", "np.maximum({}, -0.05)", "np.minimum({}, 0.02)", "np.abs({})",
    "np.tanh({})", "({}) - ({}).mean()", "({}) - ({}).mean(axis=0)", "({}) / np.abs({}).max()", "np.where(({}) > 0.01, {}, 0.5)", "np.exp({})", "({}) + ({}) ** 3",
]  # fmt: skip
OUTSIDE_OF = {
    "dW2": ["delta2.T @ a1 ** 2", "delta2.T @ np.exp(a1)", "(delta2 * (a2 > 0.3)).T @ a1", "delta2.T @ (a1 * z1)", "delta2.T @ a1 + W2 ** 2", "(a2 - t).T @ a1 / 9"],
    "db2": ["delta2[0]", "delta2[1] + delta2[2]", "(delta2 ** 2).sum(axis=0)", "delta2.max(axis=0)", "delta2.sum(axis=0) * b2"],
    "delta1": ["(delta2 @ W2) * (1 - a1)", "(delta2 @ W2) * z1", "(delta2 @ (W2 + W2 ** 2)) * (1 - a1 ** 2)", "(delta2 @ W2) * (1 - a1 ** 4)", "(delta2 @ W2) / (1 - a1 ** 2)"],
}  # fmt: skip


def test_no_false_names(page, backward, checked):
    said, count = [], 0
    for chosen in [*settings(backward, "4-5-3", "tanh"), *settings(backward, "4-3-3", "sigmoid")]:
        form = backward.case(chosen)
        typed = [(line, words.replace("{}", form.answer(line))) for line in form.lines for words in OUTSIDE]
        typed += [
            (line, words)
            for line, ways in OUTSIDE_OF.items()
            for words in ways
            if chosen["Hidden activation"] == "tanh"
        ]
        for pair, verdict in zip(typed, verdicts(page, backward, typed, chosen), strict=True):
            count += verdict["status"] == "wrong"
            if names_in(verdict["sentence"]):
                said.append((chosen, pair, verdict))
    assert said == [] and count >= 100
    checked(wrong_lines_outside_the_table=count)


def same_said(page, question, typed, chosen=None):
    """Both faces say the same, word for word."""
    form = question.case(chosen)
    for pair, verdict in zip(typed, verdicts(page, question, typed, chosen), strict=True):
        told = form.judge(*pair)
        assert (verdict["status"], verdict["sentence"]) == (told.status, told.sentence), pair


def test_both_faces_say_the_same(page, backward):
    for chosen in [
        *settings(backward, "4-5-3", "tanh")[:2],
        *settings(backward, "4-3-3", "relu")[:1],
        *settings(backward, "4-5-3", "sigmoid", **COLUMNS | LATER)[:2],
        *settings(backward, "4-5-2-3", "tanh", **IN_OUT)[2:],
    ]:
        form = backward.case(chosen)
        typed = [
            (line, words.replace("{}", f"({form.answer(line)})"))
            for line in form.lines
            for words in [
                *OUTSIDE,
                "{}",
                "-{}",
                "{}.T",
                "7 * {}",
                "0 * {}",
                "{} / 0",
                "{}.sum(axis=0, keepdims=True)",
                "{}[0]",
                "5",
                "x",
                "{",
                "{} )",
            ]
        ]
        same_said(page, backward, typed, chosen)


def number():
    return Number("With a = 0.9 and t = 1, what is a - t?", -0.1, wrong={0.1: "That is t - a, which points uphill."}, hint="The answer less the target.", because="Too small an answer has a negative delta.")  # fmt: skip


def expression():
    return Expression(
        "The gradient of `z` where `a = sigmoid(z)`?", "g * a * (1 - a)", {"g": [[0.5, -1, 2]], "z": [[0, 1, -2]], "a": "sigmoid(z)"},
        wrong={"g * z * (1 - z)": "The slope `a * (1 - a)` was given z.", "g * a": "That is the activation, not its slope."}, hint="The slope of the sigmoid, in terms of a.",
    )  # fmt: skip


def choice():
    options = {
        "over the rows": "Each row is an example, and each has its path to `b`.",
        "over the columns": "Those are the neurons; each has its own bias.",
        "over both": "Then one number is left, and each neuron has its own.",
    }
    return Choice("Over what is `db` summed?", options, "over the rows", hint="A gradient has the shape of what it belongs to.")  # fmt: skip


def form():
    return Lines(
        "Back through one layer.", {"dx": Line("g @ W", {"g @ W.T": "Back to x the weights are not transposed."}), "dW": Line("g.T @ x", hint="Its shape is that of W."), "db": Line("g.sum(axis=0)")},
        {"x": [[1, 2], [3, 4], [0, 1]], "W": [[1, 0], [2, 1]], "g": [[1, 0], [2, -1], [1, 1]]},
    )  # fmt: skip


def test_what_is_said(page):
    said = {
        ("number", "0.1"): "That is t - a, which points uphill.",
        ("number", "0.9 - 1"): "Too small an answer has a negative delta.",
        ("number", "−0.1"): "Too small an answer has a negative delta.",
        ("number", "-0,1"): "Write the number with a point, as in 0.5.",
        ("number", "3"): "Not yet: that is another number.",
        ("expression", "a * g"): "That is the activation, not its slope.",
        ("expression", "-g * a * (1 - a)"): "Right but for the sign.",
        ("expression", "7 * g * a * (1 - a)"): "Right but for a factor 7.",
        ("expression", "(g * a * (1 - a)).T"): "The transpose of this is right: the shape is (3, 1), expected (1, 3).",
        ("expression", "(g * a * (1 - a))[0]"): "The shape is (3,), expected (1, 3).",
        ("expression", "g * a * (1 - a) * (z > -1) + 0"): "Not yet: the shape is right, and 2 of 3 entries are.",
        ("expression", "0 * g"): "Everything is 0 here, and should not be.",
        (
            "expression",
            "g / 0",
        ): "That is not finite everywhere: somewhere it divides by 0, or takes the logarithm of it.",
    }
    questions = {"number": number(), "expression": expression()}
    for (which, typed), words in said.items():
        assert questions[which].judge(typed).sentence == words, typed
        same_said(page, questions[which], [("answer", typed)])
    told = form().judge({"dx": "g @ W.T", "dW": "x.T @ g", "db": "g.sum(axis=0, keepdims=True)"})
    assert told["dx"].sentence == "Back to x the weights are not transposed."
    assert told["dW"].sentence == "The transpose of this is right."
    assert told["db"].sentence == "The numbers are right, the shape is not: (1, 2), expected (2,)."
    assert choice().judge("over both") == ("wrong", "Then one number is left, and each neuron has its own.", None)


def test_a_factor_that_has_a_name(page):
    question = Expression("The mean's gradient, please.", "g / N", {"g": [[1, 2], [3, -1]], "N": 7})
    assert question.judge("g").sentence == "Right but for a factor 7, which is N."
    same_said(page, question, [("answer", "g"), ("answer", "g / N / N")])


REFUSED = {
    "expected at least three words": lambda: Number("What?", 1),
    "q is not known here": lambda: Expression("A name that is missing.", "q * x", {"x": [1]}),
    "is not finite": lambda: Expression("A right answer without a value.", "x / 0", {"x": [1]}),
    "cannot be evaluated, or is right too": lambda: Expression("A wrong one that is right.", "2 * x", {"x": [1]}, wrong={"x + x": "This is just as right."}),
    "needs a sentence": lambda: Expression("A wrong one without words.", "2 * x", {"x": [1]}, wrong={"x": "no"}),
    "make the same numbers": lambda: Expression("Two that are alike.", "2 * x", {"x": [1.0]}, wrong={"x": "That is half of it.", "1 * x": "That is also half of it."}),
    "expected at most 8,192": lambda: Expression("Far too many numbers here.", "x", {"x": np.linspace(0, 1, 2000).reshape(40, 50)}),
    "expected the right one of at least two": lambda: Choice("Which one is it?", {"this": "Yes, that is it."}, "this"),
    "has none": lambda: Choice("Which one is it?", {"this": "Yes, that is it.", "that": "no"}, "this"),
}  # fmt: skip


@pytest.mark.parametrize("words", REFUSED)
def test_a_declaration_that_would_mislead_is_refused(words):
    with pytest.raises(ValueError, match=re.escape(words)):
        REFUSED[words]()


def test_each_option_brings_its_names():
    options = {"tanh": Option({"a": "np.tanh(z)"}), "relu": Option({"a": "relu(z)"})}
    question = Lines(
        "What follows the activation?", {"y": Line("2 * a")}, {"z": [1.0, -2.0]}, choices={"Activation": options}
    )
    assert question.judge({"y": "2 * np.maximum(z, 0)"}, {"Activation": "relu"})["y"].status == "right"
    assert question.judge({"y": "2 * np.maximum(z, 0)"}, {"Activation": "tanh"})["y"].status == "wrong"


# The page ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(browser, tmp_path):
    """A page with one question of each kind, from a folder, so that what is typed can be kept."""
    body = "".join(question().html for question in (number, expression, choice, form))
    style = (ROOT / "_static" / "ask.css").read_text("utf-8")
    colours = ":root { --fwd: #0068a3; --grad: #a94700; --pst-color-background: #fff; --pst-color-text-base: #111; }"
    (tmp_path / "page.html").write_text(
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Questions</title><style>{colours}{style}</style>"
        f"<main><h1>Questions</h1>{body}</main><script>{SCRIPT}</script></html>", "utf-8"
    )  # fmt: skip
    with browser.new_context(viewport={"width": 390, "height": 800}) as context:
        heard = []
        context.on("request", lambda request: heard.append(request.url))
        page = context.new_page()
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.goto((tmp_path / "page.html").as_uri())
        yield page
        assert [url for url in heard if not url.startswith(("file:", "data:"))] == []


def said(page, k):
    return page.locator(".ask").nth(k).locator("[role=status]").inner_text()


def answer(page, k, *typed):
    for text in typed:
        field = page.locator(".ask").nth(k).locator("input[type=text]").first
        field.fill(text)
        field.press("Enter")


def test_a_sentence_then_a_hint_then_the_answer(asked):
    answer(asked, 0, "0.1")
    assert said(asked, 0) == "That is t - a, which points uphill."
    answer(asked, 0, "0.1", "q + 1")
    assert "Hint" not in said(asked, 0)  # the same once more, and what could not be read, are no second try
    answer(asked, 0, "5")
    assert "Hint: The answer less the target." in said(asked, 0) and "The answer" not in said(asked, 0).replace(
        "The answer less", ""
    )
    answer(asked, 0, "6")
    assert "The answer: -0.1" in said(asked, 0)
    answer(asked, 0, "-0.1")
    assert said(asked, 0) == "Right. Too small an answer has a negative delta."


def test_a_choice_by_keyboard(asked):
    radios = asked.locator(".ask").nth(2).locator("input[type=radio]")
    radios.nth(1).focus()
    asked.keyboard.press("Space")
    asked.keyboard.press("Enter")
    assert said(asked, 2) == "Those are the neurons; each has its own bias."
    asked.keyboard.press("ArrowDown")
    asked.keyboard.press("Enter")
    assert "Hint: A gradient has the shape" in said(asked, 2)
    radios.nth(0).focus()
    asked.keyboard.press("Space")
    asked.keyboard.press("Enter")
    assert said(asked, 2).startswith("Right. Each row is an example")


def test_what_cannot_be_read_is_pointed_at_and_selected(asked):
    answer(asked, 1, "g * q")
    assert "q is not known here. Known are g, z, a." in said(asked, 1) and "g * q\n    ^" in said(asked, 1)
    field = asked.locator(".ask").nth(1).locator("input[type=text]")
    assert field.evaluate("(f) => [f.selectionStart, f.selectionEnd, document.activeElement === f, f.ariaInvalid]") == [
        4,
        5,
        True,
        "true",
    ]


def test_the_first_wrong_line_is_named(asked):
    fields = asked.locator(".ask").nth(3).locator("input[type=text]")
    for k, text in enumerate(["g @ W", "g.T @ x + 1", "g"]):
        fields.nth(k).fill(text)
    fields.nth(2).press("Enter")
    assert said(asked, 3).startswith("The first wrong line is dW. Not yet")
    assert asked.locator(".ask").nth(3).locator(".ask-mark").all_inner_texts() == ["✓ right", "✗ wrong", "✗ wrong"]
    fields.nth(1).fill("g.T @ x")
    fields.nth(2).fill("")
    fields.nth(1).press("Enter")
    assert said(asked, 3) == "Right so far."


def test_pasted_lines_find_their_fields(asked):
    box = asked.locator(".ask").nth(3)
    box.get_by_text("Paste all lines at once").press("Enter")
    box.locator("textarea").fill(
        "# backward\nback = g.T\ndx = g.dot(W)  # rows\nself.dW = back @ x;\ndb = sum(g, axis=0)\nprint(db)"
    )
    box.get_by_role("button", name="Put them in and check").press("Enter")
    assert [field.input_value() for field in box.locator("input[type=text]").all()] == [
        "g.dot(W)",
        "g.T @ x",
        "sum(g, axis=0)",
    ]
    assert said(asked, 3) == "Right."
    box.locator("textarea").fill("nothing here")
    box.get_by_role("button", name="Put them in and check").press("Enter")
    assert "No line was found. A line is written dx = …" in said(asked, 3)


@pytest.fixture(scope="module")
def front_door(browser, backward):
    """The form of the page *Check yours*, and what it says of a pasted text: all of it, and a mark for each line."""
    with blank(browser, body=backward.html) as page:
        page.evaluate("document.querySelector('.ask-paste').open = true")

        def paste(text, chosen):
            page.get_by_role("button", name="Clear").click()
            for select in page.locator("select").all():
                select.select_option(index=0)
            for label, option in chosen.items():
                page.get_by_label(label).select_option(option)
            page.locator("textarea").fill(text)
            page.get_by_role("button", name="Put them in").click()
            marks = page.locator(".ask-row").evaluate_all(
                "(rows) => rows.map((row) => [row.querySelector('label').innerText.split(' =')[0], row.querySelector('.ask-mark').innerText])"
            )
            return page.locator("[role=status]").inner_text(), {line: mark[2:] for line, mark in marks if mark}

        yield paste


@pytest.mark.parametrize("entry", PASTED, ids=lambda entry: entry[0])
def test_what_is_pasted_is_told_truly(front_door, entry, checked):
    style, chosen, text, expected = entry
    words, marks = front_door(text, chosen)
    first = next((line for line, mark in marks.items() if mark == "wrong"), None)
    if expected == "right":
        assert set(marks.values()) == {"right"} and len(marks) >= 4 and "Right" in words, words
    elif isinstance(expected, tuple):
        line, name = expected
        assert first == line and f"The first wrong line is {line}." in words, words
        assert names_in_print(words) == ({name} if name else set()), words
    else:
        assert all(reason in words for reason in dict(list(expected.items())[:1]).values()), words
        assert {line for line, mark in marks.items() if mark == "not read"} - {"delta1", "delta2"} == {*expected} - {
            "",
            "delta1",
        }
        assert all(f"The first wrong line is {line}." not in words for line in expected)
        assert "" in expected or "cannot be read, and is not judged." in words
    checked(texts_pasted=1)


def spoiled_texts(count):
    """Pasted texts with signs lost, doubled and put in, with lines in another order, and other code than a backward pass."""
    rng, other = random.Random(0), [path.read_text("utf-8") for path in (ROOT / "nnlib").glob("*.py")]
    for _ in range(count):
        text = list(rng.choice(PASTED)[2])
        for at in rng.choices(range(len(text)), k=rng.randrange(1, 12)):
            text[at] = rng.choice(["", *"()[]{}\"'#:=,.\\\n;@*+-<>0δ²", text[at] * 2])
        lines, module = "".join(text).splitlines(), rng.choice(other)
        start = rng.randrange(len(module))
        yield rng.choice(["".join(text), "\n".join(rng.sample(lines, len(lines))), module[start : start + 2000]])


def test_whatever_is_pasted_is_read_without_a_fault(page, backward):
    read = """([spec, texts]) => texts.map((text) => {
      try { ask.read(text, ask.caseOf(spec, {})); return ""; } catch (error) { return `${error.stack}: ${text}`; }
    })"""
    faults = page.evaluate(read, [question_spec(page, backward), list(spoiled_texts(200))])
    assert len(faults) == 200 and not any(faults), next(filter(None, faults))


def names_in_print(words):
    return set(re.findall(r"\((\w+(?:/\w+)?)\)$", words, re.MULTILINE)) & LISTED


def test_what_was_typed_is_kept_and_can_be_cleared(asked):
    answer(asked, 1, "a * g")
    asked.reload()
    field = asked.locator(".ask").nth(1).locator("input[type=text]")
    assert field.input_value() == "a * g" and said(asked, 1) == "That is the activation, not its slope."
    asked.locator(".ask").nth(1).get_by_role("button", name="Clear").press("Enter")
    assert field.input_value() == "" and said(asked, 1) == ""
    asked.reload()
    assert field.input_value() == "" and asked.evaluate("Object.keys(localStorage).length") == 0


def test_it_is_accessible_and_fits_a_phone(asked):
    answer(asked, 0, "5", "6")
    answer(asked, 1, "g * q")
    asked.evaluate(AXE_SCRIPT)
    found = asked.evaluate(f"(options) => {CHECKS}.accessibility(options)", AXE)
    assert found["passes"] and [v["help"] for v in found["violations"]] == []
    assert asked.evaluate(f"{CHECKS}.overflow()") == []
    spoken = asked.locator("input, select, textarea").evaluate_all(
        "(all) => all.map((field) => field.labels[0]?.textContent.trim())"
    )
    assert all(spoken) and asked.locator("[role=status]").count() == asked.locator(".ask").count()


def test_the_code_for_a_kernel_runs_and_says_the_same(browser, backward, tmp_path, capsys, checked):
    """In every setting: the right lines are right in nnlib's words too, and a wrong one has the same name."""
    (tmp_path / "page.html").write_text(
        f"<!doctype html><meta charset=utf-8><title>Q</title>{backward.html}<script>{SCRIPT}</script>", "utf-8"
    )
    count = 0
    with browser.new_page() as page:
        page.goto((tmp_path / "page.html").as_uri())
        chosen_ones = [c for c in backward.settings() if c["Layers"] != "4-3-3" and c["Hidden activation"] != "relu"]
        for chosen in chosen_ones[::23]:
            for label, text in chosen.items():
                page.get_by_label(label).select_option(text)
            form = backward.case(chosen)
            for name in form.lines:
                page.get_by_label(f"{name} =").fill(form.answer(name))
            page.get_by_role("button", name="Check").click()
            assert page.locator("[role=status]").inner_text() == "Right."
            exec(page.get_by_role("group", name="Python for a kernel").inner_text(), {})
            assert capsys.readouterr().out.startswith("Right"), chosen
            page.get_by_label("db1 =").fill(
                f"delta1.mean(axis={int(chosen['Examples are'] == 'columns')}) {' / N' * (chosen['1/N is in'] != 'delta')}"
            )
            page.get_by_role("button", name="Check").click()
            assert "bias_mean" in page.locator("[role=status]").inner_text()
            code = page.get_by_role("group", name="Python for a kernel").inner_text()
            world = {}
            exec(code.replace("print(", "told = (", 1), world)
            assert "bias_mean" in {cause.name for cause in world["told"].causes}, chosen
            count += 1
    checked(settings_run_in_a_kernel=count)


# The live face ----------------------------------------------------------------------------------------------------------


def widgets_of(question):
    def inside(widget):
        return [widget] + [w for child in getattr(widget, "children", ()) for w in inside(child)]

    found = {}
    for widget in inside(question.live()):
        found.setdefault(type(widget).__name__, []).append(widget)
    return found


def test_live_a_form_is_judged_as_in_the_page():
    live = widgets_of(form())
    for field, text in zip(live["Text"], ["g @ W", "g.T @ x + 1", "g"], strict=True):
        field.value = text
    for expected in (["The first wrong line is dW. Not yet"], ["The first wrong line is dW. Not yet"]):
        live["Button"][0].click()
        assert all(words in live["HTML"][-1].value for words in expected) and "Hint" not in live["HTML"][-1].value
    live["Text"][1].value = "g.T @ x + 2"
    live["Button"][0].click()
    assert "Its shape is that of W." in live["HTML"][-1].value
    live["Text"][1].value, live["Text"][2].value = "g.T @ x", "g.sum(0)"
    live["Button"][0].click()
    assert "Right." in live["HTML"][-1].value and 'aria-live="polite"' in live["HTML"][-1].value


def test_live_an_expression_a_number_and_a_choice():
    live = widgets_of(expression())
    live["Text"][0].value = "g * <b>"
    live["Button"][0].click()
    assert "&lt;b&gt;" in live["HTML"][-1].value and "<b>" not in live["HTML"][-1].value.replace("<b>Hint", "")
    live = widgets_of(number())
    live["Text"][0].value = "0.1"
    live["Button"][0].click()
    assert "points uphill" in live["HTML"][-1].value
    live = widgets_of(choice())
    live["Button"][0].click()
    assert "Nothing is chosen yet" in live["HTML"][-1].value
    for option, words in (
        ("over both", "each neuron has its own"),
        ("over the columns", "Hint"),
        ("over the rows", "Right."),
    ):
        live["RadioButtons"][0].value = option
        live["Button"][0].click()
        assert words in live["HTML"][-1].value


def test_live_a_choice_of_networks(backward):
    live = widgets_of(backward)
    assert [menu.description for menu in live["Dropdown"]] == [
        "Examples are",
        "W is",
        "1/N is in",
        "Layers",
        "Hidden activation",
        "Output and loss",
    ]
    live["Dropdown"][3].value = "4-5-2-3"
    box = backward.live()
    assert len(backward.case({"Layers": "4-5-2-3"}).lines) == 9 and "Text" in live and box.children


# What is stored ---------------------------------------------------------------------------------------------------------


def test_the_static_face_is_small_and_the_same_in_every_process(backward):
    here = ROOT / "tests"
    code = "import sys, test_ask; sys.stdout.buffer.write((test_ask.form().html + test_ask.choice().html).encode())"
    runs = {
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": f"{here}:{ROOT}:{ROOT / 'tools'}"},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert runs == {(form().html + choice().html).encode()}
    assert len(form().html.encode()) < 2000 and len(backward.html.encode()) <= Backward.max_bytes


def test_without_the_script_a_question_still_reads():
    html = number().html
    assert "With a = 0.9 and t = 1, what is a - t?" in html and "run this cell in a kernel" in html
    assert "<script" not in html and " id=" not in html


def test_a_notebook_gets_both_faces(monkeypatch):
    faces = number()._repr_mimebundle_()
    assert {"text/html", "text/plain", "application/vnd.jupyter.widget-view+json"} <= faces.keys()
    assert faces["text/plain"] == "Question: With a = 0.9 and t = 1, what is a - t?"
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.warns(UserWarning, match="pip install 'backpropagation-you-can-check\\[explore\\]'"):
        assert set(number()._repr_mimebundle_()) == {"text/html", "text/plain"}


def test_only_pages_with_a_question_load_the_script(book, checked):
    asking, others, questions = 0, 0, []
    for path in HTML.rglob("*.html"):
        text = path.read_text("utf-8")
        found = [len(question.encode()) for question in re.findall(r'<div class="ask".*?</div>', text, re.DOTALL)]
        assert len(found) == text.count('class="ask"') and max(found, default=0) <= (
            Backward.max_bytes if path.stem == "check_yours" else Question.max_bytes
        ), path.name
        questions += found
        assert ('class="ask"' in text) == ("_static/ask.js?" in text) == ("_static/ask.css?" in text), path.name
        asking, others = asking + ('class="ask"' in text), others + ('class="ask"' not in text)
    checked(pages_that_ask=asking, pages_that_do_not=others, questions_weighed=len(questions))
