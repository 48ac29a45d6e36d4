"""K-means, its start and exact neighbours beside what users would pick instead, on the same vectors, in turns.

    python flat.py VECTORS.npy [--measure PATH] [--k 1000 --k 266:3307] [--iterations 20] [--seeding 1000:20000]
                   [--neighbours 20000] [--rounds 3] [--fits 1] [--linfa linfa/target/release/peer-linfa]
                   [--keep FOLDER] [--who axia,faiss]

`--k K[:ROWS]` clusters the first ROWS rows from K of them, the same start for all; a run ends when no label changes, or
after the iterations. `--seeding K[:ROWS]` draws K starting points by greedy k-means++. `--neighbours ROWS` finds the 10
nearest of all rows by cosine.

Every round starts a process for each of them. A process reads the vectors, runs the whole task once (`first`: what a
program pays that does it once, its threads and memory still to be set up) and then `--fits` times more (`seconds`: the
median). Both are timed alike on all sides, and medians of the rounds are compared. With `--fits 0` the first run counts.

Prints one JSON object a line. With `--keep FOLDER` runs are kept there, and a later call adds its rounds to them: one
round a call, or one of `--who` a call, gives the same table in the end (`--rounds 0` prints it). `--linfa` runs that
k-means too, for as many iterations as ours took, or 4 with more than 2,000,000 pairs of points and centroids.
"""

import argparse
import contextlib
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
X, start, out, number, fits = np.load(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
X = np.ascontiguousarray(X, dtype=np.float32)
def report(run):
    seconds = []
    for _ in range(1 + fits):
        begin = time.perf_counter()
        found = run()
        seconds.append(time.perf_counter() - begin)
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    result, iterations = give(found)
    np.save(out, np.asarray(result))
    print(json.dumps({"runs": seconds, "iterations": int(iterations), "memory": mib}))
"""

PEERS = {
    "scikit-learn": """
from sklearn.cluster import KMeans
C = np.load(start)
def run():
    return KMeans(len(C), init=C, n_init=1, max_iter=number, tol=0, algorithm="lloyd").fit(X)
def give(model):
    return model.labels_, model.n_iter_
report(run)
""",
    "faiss": """
import faiss
C = np.load(start)
def run():
    model = faiss.Kmeans(X.shape[1], len(C), niter=number, min_points_per_centroid=1, max_points_per_centroid=10**9)
    model.train(X, init_centroids=C.copy())
    return model
def give(model):
    return model.index.search(X, 1)[1][:, 0], len(model.obj)
report(run)
""",
    "scikit-learn-seeding": """
from sklearn.cluster import kmeans_plusplus
def run():
    return kmeans_plusplus(X, number, random_state=1)
def give(found):
    return found[0], 1
report(run)
""",
    "faiss-flat": """
import faiss
X /= np.linalg.norm(X, axis=1, keepdims=True)
def run():
    index = faiss.IndexFlatIP(X.shape[1])
    index.add(X)
    return index.search(X, number + 1)[1]
def give(found):
    # The point itself is one of its neighbours, the last one where it is not among them.
    keep = found != np.arange(len(X))[:, None]
    keep[keep.all(axis=1), -1] = False
    return found[keep].reshape(len(X), number), 1
report(run)
""",
    "scikit-learn-brute": """
from sklearn.neighbors import NearestNeighbors
def run():
    model = NearestNeighbors(n_neighbors=number, algorithm="brute", metric="cosine").fit(X)
    return model.kneighbors(return_distance=False)
def give(found):
    return found, 1
report(run)
""",
}


def environment():
    """Peers run at their best: nothing that slows their matrix products, as many threads as cores."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
    return kept | {"OMP_NUM_THREADS": str(len(os.sched_getaffinity(0)))}


def peer(name, args, vectors, start, number):
    out = tempfile.mktemp(suffix=".npy")
    text = subprocess.run(
        [sys.executable, "-c", PEER + PEERS[name], vectors, start, out, str(number), str(args.fits)],
        check=True, capture_output=True, text=True, env=environment(),
    ).stdout
    return json.loads(text.splitlines()[-1]), read(out)


def ours(args, words, out="--out"):
    path = tempfile.mktemp(suffix=".npy")
    text = subprocess.run(
        [args.measure, *words, "--rounds", str(1 + args.fits), out, path], check=True, capture_output=True, text=True
    ).stdout
    lines = [json.loads(line) for line in text.splitlines()]
    figures = {line["name"]: line["value"] for line in lines}
    runs = next(line["each"] for line in lines if "each" in line)
    return {"runs": runs, "figures": figures, "on": lines[0]["on"]}, read(path)


def read(path):
    result = np.load(path)
    os.remove(path)
    return result


def linfa(args, data, start, iterations):
    text = subprocess.run([args.linfa, data, start, str(iterations)], check=True, capture_output=True, text=True).stdout
    return {"runs": [json.loads(text)["seconds"]], "iterations": iterations}, np.zeros(0)


class Runs:
    """Runs of one task, of this call and of those before it."""

    def __init__(self, args, name):
        self.args, self.path = args, args.keep and os.path.join(args.keep, name)
        self.seen, self.results = {}, {}
        if self.path and os.path.exists(self.path + ".jsonl"):
            with open(self.path + ".jsonl") as lines:
                for line in map(json.loads, lines):
                    self.seen.setdefault(line["who"], []).append(line)
            for who in self.seen:
                self.results[who] = np.load(f"{self.path}-{who}.npy")

    def add(self, runs):
        for _ in range(self.args.rounds):
            for who, run in runs.items():
                if self.args.who and who not in self.args.who:
                    continue
                line, self.results[who] = run()
                line |= {"who": who, "fits": self.args.fits}
                self.seen.setdefault(who, []).append(line)
                if self.path:
                    with open(self.path + ".jsonl", "a") as out:
                        out.write(json.dumps(line) + "\n")
                    np.save(f"{self.path}-{who}.npy", self.results[who])

    def last(self, who):
        return self.seen[who][-1]

    def first(self, who):
        return statistics.median(line["runs"][0] for line in self.seen[who])

    def seconds(self, who):
        return statistics.median(statistics.median(line["runs"][1:] or line["runs"]) for line in self.seen[who])

    def times(self, who):
        figures = {"seconds": round(self.seconds(who), 4), "first": round(self.first(who), 4)}
        figures |= {"rounds": len(self.seen[who]), "fits": self.last(who)["fits"]}
        if who != "axia" and "axia" in self.seen:
            figures["times as long"] = round(self.seconds(who) / self.seconds("axia"), 2)
            figures["first, times as long"] = round(self.first(who) / self.first("axia"), 2)
        return figures


def inertia(vectors, labels, k):
    total = 0.0
    for cluster in range(k):
        rows = vectors[labels == cluster].astype(np.float64)
        total += float(((rows - rows.mean(axis=0)) ** 2).sum()) if len(rows) else 0.0
    return total


def potential(vectors, centroids):
    """The sum of squared distances from the nearest centroid."""
    total = 0.0
    for first in range(0, len(vectors), 20_000):
        part = vectors[first : first + 20_000]
        squares = (part**2).sum(1)[:, None] - 2 * part @ centroids.T + (centroids**2).sum(1)[None]
        total += float(np.maximum(squares.min(1), 0).sum(dtype=np.float64))
    return total


def show(**figures):
    print(json.dumps(figures), flush=True)


def kmeans(args, vectors, folder, k, rows):
    vectors = vectors[:rows]
    data, start = os.path.join(folder, "data.npy"), os.path.join(folder, "start.npy")
    np.save(data, vectors)
    chosen = np.sort(np.random.default_rng(7).choice(len(vectors), k, replace=False))
    np.save(start, vectors[chosen])
    runs = Runs(args, f"kmeans-{len(vectors)}-{k}-{args.iterations}")

    def iterations():
        return int(runs.last("axia")["figures"]["kmeans iterations"])

    words = ["kmeans", "--data", data, "--start", start, "--iterations", str(args.iterations)]
    todo = {"axia": lambda: ours(args, words)}
    for name in ("scikit-learn", "faiss"):
        todo[name] = lambda name=name: peer(name, args, data, start, args.iterations)
    if args.linfa:
        # Left alone it goes on after the labels have settled.
        todo["linfa"] = lambda: linfa(args, data, start, min(iterations(), 4 if len(vectors) * k > 2_000_000 else 300))
    runs.add(todo)
    base = {"what": "kmeans", "rows": len(vectors), "columns": vectors.shape[1], "k": k}
    for who in [who for who in ("axia", "scikit-learn", "faiss") if who in runs.seen]:
        line, labels = runs.last(who), runs.results[who]
        more = {"inertia about means": round(inertia(vectors, labels, k), 3)}
        if who == "axia":
            figures = line["figures"]
            more |= {
                "on": line["on"], "memory": figures["kmeans peak memory"],
                "memory to data": figures["kmeans peak memory to data"],
                "share of the f32 peak": figures["kmeans, all distances counted, share of the f32 peak"],
            }
        else:
            more |= {"iterations": line["iterations"], "memory": round(line["memory"], 1)}
            if "axia" in runs.results:
                more["equal labels"] = float((labels == runs.results["axia"]).mean())
        show(**base, who=who, **runs.times(who), **more)
    if "linfa" in runs.seen and "axia" in runs.seen:
        theirs, mine = runs.first("linfa"), runs.seconds("axia")
        steps = runs.last("linfa")["iterations"]
        figures = {"seconds": round(theirs, 4), "rounds": len(runs.seen["linfa"]), "iterations": steps}
        figures["an iteration, times as long"] = round(theirs / steps / (mine / iterations()), 1)
        show(**base, who="linfa", **figures)


def seeding(args, vectors, folder, k, rows):
    vectors = vectors[:rows]
    data = os.path.join(folder, "data.npy")
    np.save(data, vectors)
    runs = Runs(args, f"seeding-{len(vectors)}-{k}")
    words = ["kmeans", "--data", data, "--k", str(k), "--seed", "1"]
    runs.add({
        "axia": lambda: ours(args, words, "--start-out"),
        "scikit-learn": lambda: peer("scikit-learn-seeding", args, data, "", k),
    })
    base = {"what": "greedy k-means++", "rows": len(vectors), "columns": vectors.shape[1], "k": k}
    for who, centroids in runs.results.items():
        line = runs.last(who)
        memory = line["memory"] if "memory" in line else line["figures"]["kmeans start peak memory"]
        left = round(potential(vectors, centroids), 3)
        show(**base, who=who, **runs.times(who), potential=left, memory=round(memory, 1))


def neighbours(args, vectors, folder, rows):
    k, vectors = 10, vectors[:rows]
    data = os.path.join(folder, "data.npy")
    np.save(data, vectors)
    runs = Runs(args, f"neighbours-{len(vectors)}")
    words = ["neighbours", "--data", data, "--k", str(k)]
    names = ("faiss-flat", "scikit-learn-brute") if rows <= 30_000 else ("faiss-flat",)
    runs.add({"axia": lambda: ours(args, words)} | {
        name: lambda name=name: peer(name, args, data, "", k) for name in names
    })
    base = {"what": "neighbours", "rows": len(vectors), "columns": vectors.shape[1], "k": k}
    for who, found in runs.results.items():
        more = {}
        if who == "axia":
            figures = runs.last(who)["figures"]
            more["share of the f32 peak"] = figures["neighbours, all distances counted, share of the f32 peak"]
            more["memory to data"] = figures["neighbours peak memory to data"]
        elif "axia" in runs.results:
            same = np.mean([len(np.intersect1d(a, b)) / k for a, b in zip(runs.results["axia"], found)])
            more["neighbours in common"] = round(float(same), 6)
        show(**base, who=who, **runs.times(who), **more)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vectors")
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("--measure", default=os.path.join(here, "../../../target/release/measure"))
    parser.add_argument("--k", action="append", default=[])
    parser.add_argument("--seeding", action="append", default=[])
    parser.add_argument("--neighbours", type=int, action="append", default=[])
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--linfa")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--fits", type=int, default=1)
    parser.add_argument("--keep")
    parser.add_argument("--who", type=lambda names: names.split(","))
    args = parser.parse_args()
    vectors = np.load(args.vectors, mmap_mode="r")
    with contextlib.ExitStack() as stack:
        if args.keep:
            os.makedirs(args.keep, exist_ok=True)
        folder = stack.enter_context(tempfile.TemporaryDirectory(dir=args.keep))
        for task in args.k + args.seeding:
            k, _, rows = task.partition(":")
            run = kmeans if task in args.k else seeding
            run(args, vectors, folder, int(k), int(rows or len(vectors)))
        for rows in args.neighbours:
            neighbours(args, vectors, folder, rows)


main()
