"""Linkage and HDBSCAN beside what users would pick instead, on the same vectors, in turns.

    python trees.py VECTORS.npy [--measure PATH] [--ward 3307 --ward 20000] [--hdbscan 10000] [--rounds 3]

Prints one JSON object a line: seconds of each (the median of the rounds), the ratio, our share of the
flops that this machine reaches in a matrix product (half of the products of all pairs, `n² d`), and
how the results compare. `--measure` is the built binary `measure` of this repository.
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
        check=True, capture_output=True, text=True,
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
    parser = argparse.ArgumentParser()
    parser.add_argument("vectors")
    parser.add_argument("--measure", default="target/release/measure")
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
            memory = {}
            for _ in range(args.rounds):
                if method == "hdbscan":
                    mine, a = ours(args, "hdbscan", rows, [])
                    theirs, b = child(HDBSCAN, args.vectors, rows)
                    key = "hdbscan"
                else:
                    mine, a = ours(args, "linkage", rows, ["--method", method])
                    theirs, b = child(FASTCLUSTER.replace("METHOD", method), args.vectors, rows)
                    key = f"linkage/{method}"
                seconds["ours"].append(mine[key])
                seconds["peer"].append(theirs["seconds"])
                memory = {"ours": mine[f"{key}/peak_memory"], "peer": theirs["peak_mib"]}
            best = {who: statistics.median(s) for who, s in seconds.items()}
            line = {
                "name": f"{method} {rows} x {dim}",
                "peer": "scikit-learn brute" if method == "hdbscan" else "fastcluster",
                "ours_s": round(best["ours"], 4),
                "peer_s": round(best["peer"], 4),
                "ratio": round(best["peer"] / best["ours"], 2),
                "share_of_sgemm": round(rows**2 * dim / best["ours"] / 1e9 / peak, 3),
                "ours_mib": round(memory["ours"]),
                "peer_mib": round(memory["peer"]),
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
