"""Writes trees.json: what SciPy, scikit-learn and hdbscan make of a few sets of points.

    python trees.py > trees.json

Points are multiples of 1/65536, so that they are the same numbers in single and in double precision.
"""

import json
import sys
import warnings

import hdbscan
import numpy as np
import scipy
import sklearn
from scipy.cluster import hierarchy
from scipy.spatial.distance import pdist
from sklearn.cluster import HDBSCAN
from sklearn.metrics import adjusted_rand_score, pairwise_distances

warnings.simplefilter("ignore")
rng = np.random.default_rng(20261125)


def on_grid(x):
    return np.round(np.asarray(x, dtype=np.float64) * 65536) / 65536


def blobs(n, k, dim, spread, noise=0):
    centres = rng.normal(0, 3, (k, dim))
    x = centres[rng.integers(0, k, n)] + rng.normal(0, spread, (n, dim))
    x[: noise] = rng.uniform(-9, 9, (noise, dim))
    return on_grid(x)


def linkages(x):
    out = {}
    for metric in ["euclidean", "cosine"]:
        for method in ["ward", "average", "complete", "single"]:
            if metric == "cosine" and method == "ward":
                unit = x / np.linalg.norm(x, axis=1, keepdims=True)
                z = hierarchy.linkage(unit, "ward")
            else:
                z = hierarchy.linkage(pdist(x, metric), method)
            out[f"{method}/{metric}"] = {
                "merges": [[int(a), int(b), h, int(s)] for a, b, h, s in z],
                "into_5": hierarchy.fcluster(z, 5, "maxclust").tolist(),
            }
    return out


def glosh(x, size, samples):
    """By the definition, from the condensed tree of the package hdbscan."""
    model = hdbscan.HDBSCAN(
        min_cluster_size=size, min_samples=samples - 1, algorithm="generic", gen_min_span_tree=True
    ).fit(x)
    tree = model.condensed_tree_.to_numpy()
    highest = {}
    for row in tree[np.argsort(-tree["parent"], kind="stable")]:
        parent = int(row["parent"])
        below = highest.get(int(row["child"]), 0.0) if row["child_size"] > 1 else 0.0
        highest[parent] = max(highest.get(parent, 0.0), float(row["lambda_val"]), below)
    scores = np.zeros(len(x))
    for row in tree:
        if row["child_size"] == 1 and row["child"] < len(x):
            top = highest[int(row["parent"])]
            scores[int(row["child"])] = (top - row["lambda_val"]) / top
    return scores.tolist()


def weight(x, metric, samples):
    d = pairwise_distances(x, metric=metric)
    core = np.sort(d, axis=1)[:, samples - 1]
    d = np.maximum(d, np.maximum(core[:, None], core[None, :]))
    np.fill_diagonal(d, 0)
    return float(hierarchy.linkage(d[np.triu_indices(len(x), 1)], "single")[:, 2].sum())


def cluster(x, metric, params):
    if "cluster_selection_epsilon" not in params:
        return HDBSCAN(metric=metric, algorithm="brute", copy=True, **params).fit(x)
    # scikit-learn 1.9.1 fails here with this numpy. The package hdbscan does not count a point among
    # its own nearest.
    params = {"min_samples": params["min_cluster_size"] - 1, **params}
    model = hdbscan.HDBSCAN(metric="precomputed", algorithm="generic", **params)
    return model.fit(pairwise_distances(x, metric=metric))


def settled(x, metric, params, labels):
    """Whether the same clusters come out when the points are shuffled: edges of one weight are cut in
    no particular order."""
    for _ in range(20):
        order = rng.permutation(len(x))
        again = np.empty(len(x), dtype=int)
        again[order] = cluster(x[order], metric, params).labels_
        if adjusted_rand_score(labels, again) < 1 or ((labels < 0) != (again < 0)).any():
            return False
    return True


def settled_scores(x, size, samples, scores):
    for _ in range(20):
        order = rng.permutation(len(x))
        if not np.allclose(glosh(x[order], size, samples), np.array(scores)[order], 0, 1e-12):
            return False
    return True


def densities(x):
    for metric in ["euclidean", "cosine"]:
        for params in [
            {"min_cluster_size": 5},
            {"min_cluster_size": 8, "min_samples": 3},
            {"min_cluster_size": 5, "min_samples": 1},
            {"min_cluster_size": 5, "cluster_selection_method": "leaf"},
            {"min_cluster_size": 4, "max_cluster_size": 30},
            {"min_cluster_size": 60, "allow_single_cluster": True},
            {"min_cluster_size": 4, "cluster_selection_epsilon": 0.02 if metric == "cosine" else 2.0},
            {
                "min_cluster_size": 4,
                "cluster_selection_method": "leaf",
                "cluster_selection_epsilon": 0.02 if metric == "cosine" else 2.0,
            },
        ]:
            samples = params.get("min_samples") or params["min_cluster_size"]
            found = cluster(x, metric, params)
            case = {
                "metric": metric,
                "params": params,
                "labels": found.labels_.tolist(),
                "probabilities": found.probabilities_.tolist(),
                "settled": settled(x, metric, params, found.labels_),
                "weight": weight(x, metric, samples),
            }
            if metric == "euclidean" and len(params) < 3 and samples > 1:
                scores = glosh(x, params["min_cluster_size"], samples)
                if settled_scores(x, params["min_cluster_size"], samples, scores):
                    case["outlier_scores"] = scores
            yield case


sets = {
    "blobs": blobs(220, 6, 8, 0.6, noise=20),
    "wide": blobs(150, 4, 40, 1.0, noise=15),
    "plane": blobs(180, 5, 2, 0.5, noise=25),
}
json.dump(
    {
        "made_with": {
            "scipy": scipy.__version__,
            "scikit-learn": sklearn.__version__,
            "hdbscan": "0.8.44",
            "numpy": np.__version__,
        },
        "sets": [
            {
                "name": name,
                "dim": x.shape[1],
                "points": x.ravel().tolist(),
                "linkages": linkages(x),
                "densities": list(densities(x)),
            }
            for name, x in sets.items()
        ],
    },
    sys.stdout,
)
print()
