"""Writes quality.json: what scikit-learn says about clusterings.

    python quality.py > quality.json

Points are multiples of 1/64, so that they are the same numbers in single and in double precision.
"""

import json

import numpy as np
import scipy
import sklearn
from sklearn import metrics

rng = np.random.default_rng(20261125)


def agreement(name, truth, found):
    truth, found = np.asarray(truth), np.asarray(found)
    c = metrics.cluster.contingency_matrix(truth, found)
    by = {}
    for mean in ["min", "geometric", "arithmetic", "max"]:
        by[mean] = {
            "ami": metrics.adjusted_mutual_info_score(truth, found, average_method=mean),
            "nmi": metrics.normalized_mutual_info_score(truth, found, average_method=mean),
        }
    h, co, v = metrics.homogeneity_completeness_v_measure(truth, found)
    return {
        "name": name,
        "truth": truth.tolist(),
        "found": found.tolist(),
        "ari": metrics.adjusted_rand_score(truth, found),
        "mi": metrics.mutual_info_score(truth, found),
        "homogeneity": h,
        "completeness": co,
        "v_measure": v,
        "purity": float(c.max(axis=0).sum() / c.sum()),
        "by_mean": by,
    }


def noisy(truth, share, k):
    out = np.array(truth)
    change = rng.random(len(out)) < share
    out[change] = rng.integers(0, k, change.sum())
    return out


def agreements():
    t77 = rng.integers(0, 77, 1500)
    skewed = (rng.exponential(3.0, 1200)).astype(int)
    yield agreement("equal up to names", [0, 0, 1, 1, 2], [5, 5, 9, 9, 1])
    yield agreement("one cluster each", [3, 3, 3], [1, 1, 1])
    yield agreement("one cluster found", [0, 0, 1, 1], [0, 0, 0, 0])
    yield agreement("one class", [0, 0, 0, 0], [0, 1, 2, 3])
    yield agreement("all alone", [0, 1, 2, 3], [3, 2, 1, 0])
    yield agreement("one point", [4], [2])
    yield agreement("crossed", [0, 0, 1, 1], [0, 1, 0, 1])
    yield agreement("small", [0, 0, 0, 1, 1, 1, 2, 2], [0, 0, 1, 1, 2, 2, 2, 2])
    yield agreement("unrelated", rng.integers(0, 20, 600), rng.integers(0, 15, 600))
    yield agreement("near", t77, noisy(t77, 0.2, 77))
    yield agreement("far", t77, noisy(t77, 0.9, 300))
    yield agreement("finer", t77, t77 * 4 + rng.integers(0, 4, len(t77)))
    yield agreement("skewed", skewed, noisy(skewed, 0.4, 12))
    yield agreement("halves", np.repeat([0, 1], 500), noisy(np.repeat([0, 1], 500), 0.3, 2))


def clustering(name, x, labels):
    x = np.round(np.asarray(x, dtype=np.float64) * 64) / 64
    labels = np.asarray(labels)
    return {
        "name": name,
        "dim": x.shape[1],
        "points": x.ravel().tolist(),
        "labels": labels.tolist(),
        "euclidean": metrics.silhouette_samples(x, labels).tolist(),
        "cosine": metrics.silhouette_samples(x, labels, metric="cosine").tolist(),
        "davies_bouldin": metrics.davies_bouldin_score(x, labels),
        "calinski_harabasz": metrics.calinski_harabasz_score(x, labels),
    }


def clusterings():
    centres = rng.normal(0, 4, (6, 12))
    truth = rng.integers(0, 6, 130)
    x = centres[truth] + rng.normal(0, 1, (130, 12))
    yield clustering("blobs", x, truth)
    yield clustering("blobs, far from the origin", x + 1000, truth)
    yield clustering("some moved", x, noisy(truth, 0.3, 6))
    alone = np.array(truth)
    alone[:3] = [10, 11, 12]
    yield clustering("some alone", x, alone)
    twice = np.concatenate([x[:40], x[:40]])
    yield clustering("every point twice", twice, np.concatenate([truth[:40]] * 2))
    yield clustering("noise", rng.normal(0, 1, (70, 3)), rng.integers(0, 4, 70))
    yield clustering("one dimension", rng.normal(5, 1, (30, 1)), rng.integers(0, 2, 30))


json.dump(
    {
        "made_with": {
            "scikit-learn": sklearn.__version__,
            "scipy": scipy.__version__,
            "numpy": np.__version__,
        },
        "agreements": list(agreements()),
        "clusterings": list(clusterings()),
    },
    __import__("sys").stdout,
)
print()
