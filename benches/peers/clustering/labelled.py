"""K-means of scikit-learn on the vectors and labels that `measure clustering` wrote:

    measure clustering --data TEXTS.csv.gz --vectors V.npy --labels L.npy
    python labelled.py V.npy L.npy [--seeds 10]

Prints the mean of each measure of agreement over the seeds, one JSON object a line. Vectors are made
unit vectors first, as the spherical metric does.
"""

import argparse
import json

import numpy as np
from sklearn import metrics
from sklearn.cluster import KMeans


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("vectors")
    parser.add_argument("labels")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--runs", type=int, default=1)
    args = parser.parse_args()
    x = np.load(args.vectors)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    truth = np.load(args.labels)
    k = len(np.unique(truth))
    rows = []
    for seed in range(args.seeds):
        found = KMeans(k, n_init=args.runs, random_state=seed).fit_predict(x)
        table = metrics.cluster.contingency_matrix(truth, found)
        rows.append(
            {
                "ami": metrics.adjusted_mutual_info_score(truth, found),
                "ari": metrics.adjusted_rand_score(truth, found),
                "nmi": metrics.normalized_mutual_info_score(truth, found),
                "v_measure": metrics.v_measure_score(truth, found),
                "purity": table.max(axis=0).sum() / table.sum(),
            }
        )
    for name in rows[0]:
        values = np.array([row[name] for row in rows])
        print(json.dumps({"name": f"scikit-learn/{name}", "value": round(values.mean(), 4), "sd": round(values.std(), 4)}))


main()
