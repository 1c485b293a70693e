"""64-32-10 on the handwritten digits, in nnlib and in scikit-learn: how long one recipe takes, on one thread, in turns,
and how many of 360 pictures are right that were neither learned from nor judged by, from four starts in five splits.

    python benchmarks/digits.py

Chapter 12 reads the result from benchmarks/digits.json.
"""

import json
import platform
import statistics
import time
import warnings
from pathlib import Path

import numpy as np
import sklearn
from numpy.random import default_rng
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits
from tqdm import tqdm

import nnlib

ROUNDS = 5
EPOCHS, BATCH, RATE = 40, 32, 0.5
SPLITS, STARTS, HELD = range(100, 105), range(4), 360


def train_nnlib(x, labels, seed):
    """The network's answer to pictures, as a function."""
    acts, loss, rng = [nnlib.relu, nnlib.identity], nnlib.softmax_cross_entropy, default_rng(seed)
    recipe = dict(epochs=EPOCHS, batch_size=BATCH, learning_rate=RATE, rng=rng)
    start = nnlib.init_params([64, 32, 10], rng)
    *_, last = nnlib.train(start, acts, x, nnlib.one_hot(labels, 10), loss, **recipe)
    return lambda pictures: nnlib.forward(last.params, acts, pictures)[0].argmax(axis=1)


def train_sklearn(x, labels, seed):
    recipe = dict(solver="sgd", momentum=0, alpha=0, learning_rate_init=RATE, batch_size=BATCH, max_iter=EPOCHS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return MLPClassifier((32,), n_iter_no_change=EPOCHS, random_state=seed, **recipe).fit(x, labels).predict


def validated(fit, x, labels):
    """How many of each validation part are right: the third part of chapter 12's deals stays closed."""
    right = []
    for split in SPLITS:
        deal = dict(test_size=HELD, random_state=split)
        others, _ = train_test_split(np.arange(len(x)), stratify=labels, **deal)
        learn, choose = train_test_split(others, stratify=labels[others], **deal)
        for start in STARTS:
            answer = fit(x[learn], labels[learn], start)
            right.append(int((answer(x[choose]) == labels[choose]).sum()))
    return right


def main():
    digits = load_digits()
    all_x, all_labels = digits.data / 16, digits.target
    x, labels = all_x[:1437], all_labels[:1437]
    sides = {"nnlib": train_nnlib, f"scikit-learn {sklearn.__version__}": train_sklearn}
    seconds = {name: [] for name in sides}
    with threadpool_limits(1):
        for seed in tqdm(range(ROUNDS), desc="rounds", disable=None):
            for name, fit in sides.items():
                start = time.perf_counter()
                answer = fit(x, labels, seed)
                seconds[name].append(time.perf_counter() - start)
                right = (answer(x) == labels).mean()
                assert right > 0.98, f"{name} has learned only {right:.3f} of its pictures"
    result = {
        "machine": f"{platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}, one thread",
        "recipe": f"{EPOCHS} epochs, batches of {BATCH}, rate {RATE}",
        "seconds of": f"{len(x)} pictures, median of {ROUNDS} rounds",
        "seconds": {name: round(statistics.median(times), 3) for name, times in seconds.items()},
        "right of": f"{HELD} validation pictures, after {len(all_x) - 2 * HELD} others; "
        f"{len(STARTS)} starts in each of {len(SPLITS)} splits",
        "right": {name: validated(fit, all_x, all_labels) for name, fit in sides.items()},
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
