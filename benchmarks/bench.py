"""nnlib beside the frameworks and beside the floor, in one run: `make bench` writes benchmarks/results.json.

Same weights, data, width and number of threads for everybody; results are compared before anything is timed. A round
times every peer once, in an order drawn anew; what is told is the median over the rounds of nnlib's time by the peer's
in the same round, so that a busy machine slows both.
"""

import argparse
import json
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
from pathlib import Path
from time import perf_counter

RESULTS = Path(__file__).with_name("results.json")
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
SECONDS = 0.05  # of one peer in one round


def timed(function, n):
    start = perf_counter()
    for _ in range(n):
        function()
    return (perf_counter() - start) / n


def compare(name, got, expected):
    """Every peer computes the same loss and the same gradients, to the digits of the width."""
    import numpy as np

    digits = 1e-4 if expected[1][0][0].dtype == np.float32 else 1e-9
    for mine, theirs in zip(flat(expected), flat(got)):
        theirs = np.asarray(theirs)
        assert theirs.dtype == np.asarray(mine).dtype or theirs.ndim == 0, f"{name}: {theirs.dtype}"
        assert np.allclose(theirs, mine, rtol=digits, atol=digits * abs(np.asarray(mine)).max()), f"{name} differs"


def flat(result):
    L, grads = result
    return [L, *(array for pair in grads for array in pair)]


def race(workload, peers, rounds, progress):
    """For one workload, the seconds of every peer in every round."""
    runners = {name: make(workload) for name, make in peers.items()}
    expected = runners["nnlib"]()
    for name, run in runners.items():
        if name != "floor":
            compare(f"{name} on {workload.name}", run(), expected)
    repeats = {name: max(1, round(SECONDS / max(timed(run, 1), timed(run, 3)))) for name, run in runners.items()}
    seconds = {name: [] for name in runners}
    for _ in range(rounds):
        for name in random.sample(sorted(runners), len(runners)):
            seconds[name].append(timed(runners[name], repeats[name]))
        progress.update()
    return seconds


def rows(workload, seconds, threads):
    """What is told of a race: a row for each peer."""
    mine = seconds["nnlib"]
    for name, theirs in seconds.items():
        yield {
            "workload": workload.name,
            "peer": name,
            "threads": threads,
            "ratio": round(statistics.median(a / b for a, b in zip(mine, theirs)), 3),
            "us": round(statistics.median(theirs) * 1e6, 1),
            "nnlib_us": round(statistics.median(mine) * 1e6, 1),
        }


def slopes():
    """How nnlib's time grows: medians of seconds for growing widths, depths and batches, and the log-log slopes."""
    import numpy as np
    from workloads import make

    from nnlib import value_and_grad

    families = {
        "width": ([128, 256, 512, 1024], lambda n: make([n, n, n, 10], 128)),
        "depth": ([2, 4, 8, 16], lambda n: make([256] * n + [10], 128)),
        "batch": ([128, 256, 512, 1024, 2048], lambda n: make([256, 256, 10], n)),
    }
    for family, (sizes, workload) in families.items():
        seconds = []
        for size in sizes:
            net = workload(size).net
            seconds.append(statistics.median(timed(lambda net=net: value_and_grad(*net), 3) for _ in range(7)))
        slope = np.polyfit(np.log(sizes), np.log(seconds), 1)[0]
        yield family, {"sizes": sizes, "us": [round(s * 1e6, 1) for s in seconds], "slope": round(float(slope), 2)}


def peak(peer):
    """Megabytes that one gradient of the largest workload adds to the peak of a fresh process."""
    from peers import PEERS
    from workloads import workloads

    *_, workload = workloads()
    run = PEERS[peer](workload)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def machine():
    """What it was measured on."""
    import numpy

    model = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")][:1]
    return {
        "processor": model[0] if model else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.system(),
        "python": platform.python_version(),
        "numpy": numpy.__version__,
    }


def in_child(*arguments, threads=1):
    """This script once more with so many threads, on so many cores; its answer."""
    cores = ",".join(map(str, sorted(os.sched_getaffinity(0))[:threads]))
    environment = os.environ | dict.fromkeys(THREADS, str(threads))
    command = ["taskset", "-c", cores, sys.executable, __file__, *map(str, arguments)]
    return json.loads(subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout)


def child(threads, rounds):
    import torch
    from peers import PEERS
    from tqdm import tqdm
    from workloads import workloads

    torch.set_num_threads(threads)
    told = []
    with tqdm(total=7 * rounds, desc=f"{threads} threads", disable=None) as progress:
        for workload in workloads():
            told += rows(workload, race(workload, PEERS, rounds, progress), threads)
    return told


def table(results):
    """The ratios as a table: nnlib's time by that of each peer, below 1 where nnlib is ahead."""
    peers = list(dict.fromkeys(row["peer"] for row in results["rows"]))
    for threads in sorted({row["threads"] for row in results["rows"]}):
        yield f"nnlib's time by the peer's, {threads} thread{'s' * (threads > 1)} (below 1: nnlib is ahead)"
        yield f"{'':36}" + "".join(f"{peer:>14}" for peer in peers)
        chosen = [row for row in results["rows"] if row["threads"] == threads]
        for workload in dict.fromkeys(row["workload"] for row in chosen):
            ratios = {row["peer"]: row["ratio"] for row in chosen if row["workload"] == workload}
            yield f"{workload:36}" + "".join(f"{ratios[peer]:14.2f}" for peer in peers)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--threads", type=int, help="race here, with so many threads (what the command itself calls)")
    parser.add_argument("--peak", help="the memory of one peer (what the command itself calls)")
    parser.add_argument("--slopes", action="store_true", help="how the time grows (what the command itself calls)")
    asked = parser.parse_args()
    if asked.threads:
        return print(json.dumps(child(asked.threads, asked.rounds)))
    if asked.peak:
        return print(json.dumps(peak(asked.peak)))
    if asked.slopes:
        return print(json.dumps(dict(slopes())))
    results = {"machine": machine(), "rows": []}
    for threads in (1, 2):
        results["rows"] += in_child("--threads", threads, "--rounds", asked.rounds, threads=threads)
    results["scaling"] = in_child("--slopes")
    results["memory"] = {peer: round(in_child("--peak", peer)) for peer in ("nnlib", "PyTorch", "jax.jit")}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    print("\n".join(table(results)))


if __name__ == "__main__":
    main()
