"""Fits the rows so that a text's sum of rows points where the teacher's vector points."""

import numpy as np


class Bags:
    """Lists of rows, one list a text, laid end to end."""

    def __init__(self, lists):
        lengths = np.array([len(one) for one in lists])
        self.begin = np.concatenate([[0], np.cumsum(lengths)])
        self.flat = np.concatenate([np.asarray(one, np.int32) for one in lists])

    def take(self, texts):
        """The rows of these texts end to end, and where each text's rows begin."""
        begin, end = self.begin[texts], self.begin[texts + 1]
        lengths = end - begin
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        places = np.arange(lengths.sum()) - np.repeat(starts - begin, lengths)
        return self.flat[places], starts, lengths


def fit(rows, bags, targets, epochs, rate, random, report=None, batch=2048):
    """Adam on 1 - cosine(sum of rows, target); only rows that a batch names are moved."""
    rows = rows.astype(np.float32)
    first = np.zeros_like(rows)
    second = np.zeros_like(rows)
    steps = epochs * (len(targets) // batch)
    step = 0
    for epoch in range(epochs):
        order = random.permutation(len(targets))
        loss = 0.0
        for at in range(0, len(order) - batch + 1, batch):
            texts = np.sort(order[at : at + batch])
            flat, starts, lengths = bags.take(texts)
            sums = np.add.reduceat(rows[flat], starts)
            goal = targets[texts].astype(np.float32)
            length = np.linalg.norm(sums, axis=1, keepdims=True) + 1e-9
            unit = sums / length
            cosine = (unit * goal).sum(axis=1, keepdims=True)
            loss += float((1 - cosine).mean())
            slope = (cosine * unit - goal) / length

            # Each text's slope goes to each of its rows: sum by row.
            sort = np.argsort(flat, kind="stable")
            named, where = np.unique(flat[sort], return_index=True)
            slope = np.add.reduceat(np.repeat(slope, lengths, axis=0)[sort], where)

            step += 1
            first[named] += 0.1 * (slope - first[named])
            second[named] += 0.01 * (slope * slope - second[named])
            now = rate * (1 - step / (steps + 1))
            rows[named] -= now * first[named] / (np.sqrt(second[named]) + 1e-8)
        if report:
            report(epoch, loss / (len(order) // batch), rows)
    return rows
