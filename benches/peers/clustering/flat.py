"""K-means and exact neighbours beside what users would pick instead, on the same vectors, in turns.

    python flat.py VECTORS.npy [--measure PATH] [--k 1000 --k 266:3307] [--iterations 20] [--rounds 3]
                   [--neighbours 20000] [--linfa linfa/target/release/peer-linfa]

`--k K[:ROWS]` clusters the first ROWS rows from K of them, the same start for all; a run ends when no label changes, or
after the iterations. `--neighbours ROWS` finds the 10 nearest of all rows by cosine. Prints one JSON object a line: seconds
(the median of the rounds, each in a process of its own, after one short run to warm up), ratios, and how results compare.
`--linfa` runs that k-means too, with a fifth of the iterations, and compares the time of one. `--measure` is the built
binary `measure` of this repository (`cargo build --release -p measure`).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

import numpy as np

PEER = """
import json, resource, sys, time, warnings
import numpy as np
warnings.simplefilter("ignore")
X, out = np.load(sys.argv[1]), sys.argv[3]
X = np.ascontiguousarray(X, dtype=np.float32)
def report(seconds, iterations, result):
    np.save(out, np.asarray(result))
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "iterations": int(iterations), "memory": mib}))
"""

PEERS = {
    "scikit-learn": """
from sklearn.cluster import KMeans
C, most = np.load(sys.argv[2]), int(sys.argv[4])
def fit(most):
    model = KMeans(len(C), init=C, n_init=1, max_iter=most, tol=0, algorithm="lloyd")
    start = time.perf_counter()
    model.fit(X)
    return time.perf_counter() - start, model.n_iter_, model.labels_
fit(1)
report(*fit(most))
""",
    "faiss": """
import faiss
C, most = np.load(sys.argv[2]), int(sys.argv[4])
def fit(most):
    model = faiss.Kmeans(X.shape[1], len(C), niter=most, min_points_per_centroid=1, max_points_per_centroid=10**9)
    start = time.perf_counter()
    model.train(X, init_centroids=C.copy())
    seconds = time.perf_counter() - start
    return seconds, len(model.obj), model.index.search(X, 1)[1][:, 0]
fit(1)
report(*fit(most))
""",
    "faiss-flat": """
import faiss
X /= np.linalg.norm(X, axis=1, keepdims=True)
k = int(sys.argv[4])
start = time.perf_counter()
index = faiss.IndexFlatIP(X.shape[1])
index.add(X)
found = index.search(X, k + 1)[1]
seconds = time.perf_counter() - start
# The point itself is one of its neighbours, the last one where it is not among them.
keep = found != np.arange(len(X))[:, None]
keep[keep.all(axis=1), -1] = False
report(seconds, 1, found[keep].reshape(len(X), k))
""",
    "scikit-learn-brute": """
from sklearn.neighbors import NearestNeighbors
k = int(sys.argv[4])
start = time.perf_counter()
found = NearestNeighbors(n_neighbors=k, algorithm="brute", metric="cosine").fit(X).kneighbors(return_distance=False)
report(time.perf_counter() - start, 1, found)
""",
}


def environment():
    """Peers run at their best: nothing that slows their matrix products, as many threads as cores."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
    return kept | {"OMP_NUM_THREADS": str(len(os.sched_getaffinity(0)))}


def peer(name, vectors, start, number):
    out = tempfile.mktemp(suffix=".npy")
    text = subprocess.run(
        [sys.executable, "-c", PEER + PEERS[name], vectors, start, out, str(number)],
        check=True, capture_output=True, text=True, env=environment(),
    ).stdout
    figures = json.loads(text.splitlines()[-1])
    result = np.load(out)
    os.remove(out)
    return figures, result


def ours(measure, words):
    out = tempfile.mktemp(suffix=".npy")
    text = subprocess.run(
        [measure, *words, "--rounds", "2", "--out", out], check=True, capture_output=True, text=True
    ).stdout
    lines = [json.loads(line) for line in text.splitlines()]
    figures = {line["name"]: line["value"] for line in lines}
    figures["on"] = next(line["on"] for line in lines)
    result = np.load(out)
    os.remove(out)
    return figures, result


def inertia(vectors, labels, k):
    total = 0.0
    for cluster in range(k):
        rows = vectors[labels == cluster].astype(np.float64)
        total += float(((rows - rows.mean(axis=0)) ** 2).sum()) if len(rows) else 0.0
    return total


def in_turns(rounds, runs):
    seen = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            seen[name].append(run())
    return seen


def kmeans(args, vectors, folder, k, rows):
    vectors = vectors[:rows]
    data, start = os.path.join(folder, "data.npy"), os.path.join(folder, "start.npy")
    np.save(data, vectors)
    chosen = np.sort(np.random.default_rng(7).choice(len(vectors), k, replace=False))
    np.save(start, vectors[chosen])
    words = ["kmeans", "--data", data, "--start", start, "--iterations", str(args.iterations)]
    runs = {"axia": lambda: ours(args.measure, words)}
    for name in ("scikit-learn", "faiss"):
        runs[name] = lambda name=name: peer(name, data, start, args.iterations)
    if args.linfa:
        fewer = max(1, args.iterations // 5)
        command = [args.linfa, data, start, str(fewer)]
        runs["linfa"] = lambda: json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    seen = in_turns(args.rounds, runs)
    figures, labels = seen["axia"][-1]
    seconds = statistics.median(f["kmeans fit, least"] for f, _ in seen["axia"])
    base = {"what": "kmeans", "rows": len(vectors), "columns": vectors.shape[1], "k": k}
    print(json.dumps(base | {
        "who": "axia", "seconds": round(seconds, 4), "on": figures["on"],
        "share of the f32 peak": figures["kmeans, all distances counted, share of the f32 peak"],
        "memory": figures["kmeans peak memory"], "memory to data": figures["kmeans peak memory to data"],
        "inertia about means": inertia(vectors, labels, k),
    }), flush=True)
    for name in ("scikit-learn", "faiss"):
        theirs = statistics.median(f["seconds"] for f, _ in seen[name])
        figures, other = seen[name][-1]
        print(json.dumps(base | {
            "who": name, "seconds": round(theirs, 4), "iterations": figures["iterations"],
            "times as long": round(theirs / seconds, 2), "memory": figures["memory"],
            "equal labels": float((labels == other).mean()), "inertia about means": inertia(vectors, other, k),
        }), flush=True)
    if args.linfa:
        theirs = statistics.median(f["seconds"] for f in seen["linfa"]) / fewer
        mine = statistics.median(f["kmeans iteration"] for f, _ in seen["axia"])
        print(json.dumps(base | {
            "who": "linfa", "seconds an iteration": round(theirs, 4), "times as long": round(theirs / mine, 1),
        }), flush=True)


def neighbours(args, vectors, folder, rows):
    k, vectors = 10, vectors[:rows]
    data = os.path.join(folder, "data.npy")
    np.save(data, vectors)
    words = ["neighbours", "--data", data, "--k", str(k)]
    runs = {"axia": lambda: ours(args.measure, words)}
    names = ("faiss-flat", "scikit-learn-brute") if rows <= 30_000 else ("faiss-flat",)
    for name in names:
        runs[name] = lambda name=name: peer(name, data, "", k)
    seen = in_turns(args.rounds if rows <= 30_000 else 1, runs)
    figures, found = seen["axia"][-1]
    seconds = statistics.median(f["neighbours of all, least"] for f, _ in seen["axia"])
    base = {"what": "neighbours", "rows": len(vectors), "columns": vectors.shape[1], "k": k}
    print(json.dumps(base | {
        "who": "axia", "seconds": round(seconds, 4),
        "share of the f32 peak": figures["neighbours, all distances counted, share of the f32 peak"],
        "memory to data": figures["neighbours peak memory to data"],
    }), flush=True)
    for name in names:
        theirs = statistics.median(f["seconds"] for f, _ in seen[name])
        other = seen[name][-1][1]
        same = np.mean([len(np.intersect1d(a, b)) / k for a, b in zip(found, other)])
        print(json.dumps(base | {
            "who": name, "seconds": round(theirs, 4), "times as long": round(theirs / seconds, 2),
            "neighbours in common": round(float(same), 6),
        }), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vectors")
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("--measure", default=os.path.join(here, "../../../target/release/measure"))
    parser.add_argument("--k", action="append", default=[])
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--linfa")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--neighbours", type=int, action="append", default=[])
    args = parser.parse_args()
    vectors = np.load(args.vectors)
    with tempfile.TemporaryDirectory() as folder:
        for task in args.k:
            k, _, rows = task.partition(":")
            kmeans(args, vectors, folder, int(k), int(rows or len(vectors)))
        for rows in args.neighbours:
            neighbours(args, vectors, folder, rows)


main()
