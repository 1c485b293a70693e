"""How long 64-32-10 trains on the handwritten digits, in nnlib and in scikit-learn: one recipe, one thread, in turns.

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
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits
from tqdm import tqdm

import nnlib

ROUNDS = 5
EPOCHS, BATCH, RATE = 40, 32, 0.5


def train_nnlib(x, labels, seed):
    acts, loss, rng = [nnlib.relu, nnlib.identity], nnlib.softmax_cross_entropy, default_rng(seed)
    recipe = dict(epochs=EPOCHS, batch_size=BATCH, learning_rate=RATE, rng=rng)
    start = nnlib.init_params([64, 32, 10], rng)
    *_, last = nnlib.train(start, acts, x, nnlib.one_hot(labels, 10), loss, **recipe)
    logits, _ = nnlib.forward(last.params, acts, x)
    return (logits.argmax(axis=1) == labels).mean()


def train_sklearn(x, labels, seed):
    recipe = dict(solver="sgd", momentum=0, alpha=0, learning_rate_init=RATE, batch_size=BATCH, max_iter=EPOCHS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return (
            MLPClassifier((32,), n_iter_no_change=EPOCHS, random_state=seed, **recipe).fit(x, labels).score(x, labels)
        )


def main():
    digits = load_digits()
    x, labels = digits.data[:1437] / 16, digits.target[:1437]
    sides = {"nnlib": train_nnlib, f"scikit-learn {sklearn.__version__}": train_sklearn}
    seconds = {name: [] for name in sides}
    with threadpool_limits(1):
        for seed in tqdm(range(ROUNDS), desc="rounds", disable=None):
            for name, fit in sides.items():
                start = time.perf_counter()
                right = fit(x, labels, seed)
                seconds[name].append(time.perf_counter() - start)
                assert right > 0.98, f"{name} has learned only {right:.3f} of its pictures"
    result = {
        "machine": f"{platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}, one thread",
        "recipe": f"{len(x)} pictures, {EPOCHS} epochs, batches of {BATCH}, rate {RATE}; median of {ROUNDS} rounds",
        "seconds": {name: round(statistics.median(times), 3) for name, times in seconds.items()},
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
