"""Linkage and HDBSCAN beside what users would pick instead, on the same vectors, in turns.

    python trees.py VECTORS.npy [--measure PATH] [--ward 3307 --ward 20000] [--hdbscan 10000] [--rounds 3] [--alone]

Prints one JSON object a line: seconds of each (the median of the rounds, each the first run in a process
of its own), the ratio, our share of the flops that this machine reaches in a matrix product (half of the
products of all pairs, `n² d`), and how the results compare. `--alone` runs no peer, for sizes whose matrix
would not fit. `--measure` is the built binary `measure` of this repository.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np

warnings.simplefilter("ignore")


def environment():
    """Peers run at their best: nothing that slows their matrix products, as many threads as cores."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
    return kept | {"OMP_NUM_THREADS": str(len(os.sched_getaffinity(0)))}


def sgemm_peak():
    a = np.random.default_rng(0).standard_normal((3072, 3072), dtype=np.float32)
    best = 1e9
    for _ in range(4):
        start = time.perf_counter()
        a @ a.T
        best = min(best, time.perf_counter() - start)
    return 2 * 3072**3 / best / 1e9


def ours(args, what, rows, extra):
    out = tempfile.mktemp(suffix=".npy")
    command = [args.measure, what, "--data", args.vectors, "--rows", str(rows), "--out", out, *extra]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    figures = {line["name"]: line["value"] for line in map(json.loads, lines)}
    result = np.load(out)
    os.remove(out)
    return figures, result


def child(code, vectors, rows):
    """Runs a peer in a process of its own, so that its memory is its own."""
    out = tempfile.mktemp(suffix=".npy")
    text = subprocess.run(
        [sys.executable, "-c", PEER + code, vectors, str(rows), out],
        check=True, capture_output=True, text=True, env=environment(),
    ).stdout
    figures = json.loads(text.splitlines()[-1])
    result = np.load(out)
    os.remove(out)
    return figures, result


PEER = """
import json, resource, sys, time, warnings
import numpy as np
warnings.simplefilter("ignore")
x = np.load(sys.argv[1], mmap_mode="r")[: int(sys.argv[2])]
x = np.ascontiguousarray(x)
def done(start, result, **more):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    np.save(sys.argv[3], result)
    print(json.dumps({"seconds": time.perf_counter() - start, "peak_mib": peak, **more}))
"""
FASTCLUSTER = """
import fastcluster
start = time.perf_counter()
z = fastcluster.linkage(x, "METHOD")
done(start, z)
"""
HDBSCAN = """
from sklearn.cluster import HDBSCAN
start = time.perf_counter()
labels = HDBSCAN(min_cluster_size=10, min_samples=5, algorithm="brute", copy=True).fit(x).labels_
done(start, labels)
"""


def same_tree(a, b):
    """The share of merges whose sets of points are in both trees, by the sum of random numbers of the
    points of each."""
    n = len(a) + 1
    marks = np.random.default_rng(1).integers(1, 2**62, n, dtype=np.int64)

    def sets(z):
        sums = np.concatenate([marks, np.zeros(n - 1, dtype=np.int64)])
        for i, (left, right, *_) in enumerate(z):
            sums[n + i] = sums[int(left)] + sums[int(right)]
        return set(sums[n:].tolist())

    return len(sets(a) & sets(b)) / (n - 1)


def main():
    if any(name.startswith("OPENBLAS_") for name in os.environ):
        os.execve(sys.executable, [sys.executable, *sys.argv], environment())
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vectors")
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("--measure", default=os.path.join(here, "../../../target/release/measure"))
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--ward", type=int, action="append", default=[])
    parser.add_argument("--average", type=int, action="append", default=[])
    parser.add_argument("--complete", type=int, action="append", default=[])
    parser.add_argument("--single", type=int, action="append", default=[])
    parser.add_argument("--hdbscan", type=int, action="append", default=[])
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    dim = np.load(args.vectors, mmap_mode="r").shape[1]
    peak = sgemm_peak()
    print(json.dumps({"name": "sgemm", "gflops": round(peak, 1)}), flush=True)
    for method in ["ward", "average", "complete", "single", "hdbscan"]:
        for rows in getattr(args, method):
            seconds = {"ours": [], "peer": []}
            key = "hdbscan" if method == "hdbscan" else f"linkage/{method}"
            for _ in range(args.rounds):
                if method == "hdbscan":
                    mine, a = ours(args, "hdbscan", rows, [])
                else:
                    mine, a = ours(args, "linkage", rows, ["--method", method])
                seconds["ours"].append(mine[key])
                if not args.alone:
                    code = HDBSCAN if method == "hdbscan" else FASTCLUSTER.replace("METHOD", method)
                    theirs, b = child(code, args.vectors, rows)
                    seconds["peer"].append(theirs["seconds"])
            best = statistics.median(seconds["ours"])
            line = {
                "name": f"{method} {rows} x {dim}",
                "ours_s": round(best, 4),
                "share_of_sgemm": round(rows**2 * dim / best / 1e9 / peak, 3),
                "ours_mib": round(mine[f"{key}/peak_memory"]),
            }
            if args.alone:
                print(json.dumps(line), flush=True)
                continue
            other = statistics.median(seconds["peer"])
            line |= {
                "peer": "scikit-learn brute" if method == "hdbscan" else "fastcluster",
                "peer_s": round(other, 4),
                "ratio": round(other / best, 2),
                "peer_mib": round(theirs["peak_mib"]),
            }
            if method == "hdbscan":
                from sklearn.metrics import adjusted_rand_score

                line["clusters"] = [int(a.max() + 1), int(b.max() + 1)]
                line["noise"] = [int((a < 0).sum()), int((b < 0).sum())]
                line["ari"] = round(adjusted_rand_score(a, b), 4)
            else:
                line["same_merges"] = round(same_tree(a, b), 5)
                worst = np.max(np.abs(a[:, 2] - b[:, 2]) / np.maximum(b[:, 2], 1e-9))
                line["largest_relative_difference_of_heights"] = float(f"{worst:.2e}")
            print(json.dumps(line), flush=True)


main()
