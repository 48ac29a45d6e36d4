"""Share of labels whose nearest neighbour has the same parent, for a table or for the model itself.

The file has the columns cluster_id, name, level and parent_cluster_id; level 0 holds the labels.
"""

import argparse
import csv

import numpy as np

from table import Table, bags, embed
from teacher import Teacher


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tree", required=True)
    which = arguments.add_mutually_exclusive_group(required=True)
    which.add_argument("--table")
    which.add_argument("--model")
    given = arguments.parse_args()
    with open(given.tree, encoding="utf8", newline="") as file:
        nodes = list(csv.DictReader(file))
    parent = {node["cluster_id"]: node["parent_cluster_id"] for node in nodes}
    leaves = [node for node in nodes if node["level"] == "0"]
    names = [node["name"] for node in leaves]
    if given.table:
        table = Table.read(given.table)
        vectors = embed(table.rows(), bags(table.pieces, names))
    else:
        vectors = Teacher.of(given.model).encode(names)
    closeness = vectors @ vectors.T
    np.fill_diagonal(closeness, -np.inf)
    nearest = closeness.argmax(axis=1)
    above = np.array([node["parent_cluster_id"] for node in leaves])
    for level in range(1, 1 + max(int(node["level"]) for node in nodes)):
        print(f"level {level}: {np.mean(above == above[nearest]):.4f}")
        above = np.array([parent.get(name, "") for name in above])


if __name__ == "__main__":
    main()
