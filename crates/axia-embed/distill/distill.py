"""Distils all-MiniLM-L6-v2 and all-mpnet-base-v2 into the static table of the crate. See README.md."""

import os

# Before numpy: the work is shared by processes, not by BLAS threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
from collections import Counter
from pathlib import Path

import numpy as np

import wordnet
from table import PIECE, Table, bags, embed
from teacher import encode_cached
from train import Bags, fit

HELD_OUT = 3000
# Made-up labels that the second model reads.
SECOND = 55_000
RIDGE = 5.0
# Pieces of so few characters stay whether or not they are met.
SHORT = 3


def vocabulary(model):
    """BERT's pieces that are kept (Latin letters, numbers of one or two digits), with their ranks."""
    lines = (Path(model) / "vocab.txt").read_text(encoding="utf8").split("\n")
    for rank, piece in enumerate(lines):
        letters = piece.removeprefix("##")
        if PIECE.fullmatch(piece) and (letters.isalpha() or len(letters) <= 2):
            yield rank, piece


def principal(vectors, dim):
    """Mean and the first `dim` principal directions of the rows."""
    mean = vectors.mean(axis=0)
    _, directions = np.linalg.eigh(np.cov((vectors - mean).T))
    return mean, directions[:, ::-1][:, :dim]


def at_unit_length(vectors):
    """Rows at unit length."""
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def plain(given):
    """Each piece alone through the model, turned to `dim` directions, weighted by its rank."""
    kept = list(vocabulary(given.model))
    ids = [[101, rank, 102] for rank, _ in kept]
    vectors = encode_cached(given, given.model, "pieces", ids)
    mean, directions = principal(vectors, given.dim)
    weights = np.log1p([rank for rank, _ in kept])
    return [piece for _, piece in kept], (vectors - mean) @ directions * weights[:, None]


def trained(given):
    """The plain rows and those of common words, fitted to the models' vectors of short phrases."""
    net = wordnet.WordNet(given.wordnet)
    kept = list(vocabulary(given.model))
    pieces = [piece for _, piece in kept]
    common = set(net.common(wordnet.is_abstract, given.least)) | set(net.common(wordnet.is_quality, given.least))
    words = sorted(common - set(pieces))
    ranks = np.array([rank for rank, _ in kept] + [len(kept)] * len(words))
    vectors = np.concatenate([
        encode_cached(given, given.model, "pieces", [[101, rank, 102] for rank, _ in kept]),
        encode_cached(given, given.model, "words", words),
    ])

    labels = wordnet.pairs(net, 200_000, np.random.default_rng(20240601))
    order = np.random.default_rng(1).permutation(len(labels))
    held, used = order[:HELD_OUT], order[HELD_OUT:]
    label_vectors = encode_cached(given, given.model, "pairs", labels)
    texts, targets = [labels[at] for at in used], [label_vectors[used]]
    others = wordnet.lemmas(net) + wordnet.definitions(net, 6, 30_000, np.random.default_rng(7))
    longer = wordnet.longer(net, 120_000, np.random.default_rng(77))
    forms = wordnet.other_forms(net, pieces, 80_000, np.random.default_rng(99))
    for name, found in (("others", others), ("longer", longer), ("forms", forms)):
        texts += found
        targets.append(encode_cached(given, given.model, name, found))
    targets = np.concatenate(targets)

    # The second model reads some of the texts; of the others its vectors are guessed from the first one's.
    read = sorted(common) + [form for form in forms if " " not in form] + texts[:SECOND]
    guess = Guess(texts, targets, read, encode_cached(given, given.second, "second", read))
    targets, vectors = guess.both(targets, given.share, known=True), guess.both(vectors, given.share)

    pieces += words
    times = Counter(row for bag in bags(pieces, texts) for row in bag)
    # Short pieces spell what nothing else does.
    rows_kept = [row for row, piece in enumerate(pieces) if times[row] > 0 or len(piece) <= SHORT]
    pieces = [pieces[row] for row in rows_kept]
    vectors, ranks = vectors[rows_kept], ranks[rows_kept]

    mean, directions = principal(targets[: len(used)], given.dim)
    rows = (vectors - mean) @ directions
    rows /= np.linalg.norm(rows, axis=1).mean()
    weights = np.log1p(ranks)
    rows *= (weights / weights.max())[:, None]

    found = bags(pieces, texts)
    known = [at for at, bag in enumerate(found) if bag]
    targets = at_unit_length((targets - mean) @ directions)[known]
    held_bags = bags(pieces, [labels[at] for at in held])

    def report(epoch, loss, rows):
        recall = neighbour_recall(embed(rows, held_bags), label_vectors[held])
        print(f"epoch {epoch}: loss {loss:.4f}, held-out recall of 10 neighbours {recall:.4f}", flush=True)

    report("before", np.nan, rows)
    fitted = Bags([found[at] for at in known])
    return pieces, fit(rows, fitted, targets, given.epochs, 0.01, np.random.default_rng(2), report)


class Guess:
    """The second model's vectors: its own where it has read the text, elsewhere a linear guess from the first's."""

    def __init__(self, texts, vectors, read, second):
        place = {text: at for at, text in enumerate(read)}
        at = np.array([place.get(text, -1) for text in texts])
        self.known = at >= 0
        first, self.second = vectors[self.known], second[at[self.known]]
        self.first_mean, self.second_mean = first.mean(axis=0), self.second.mean(axis=0)
        self.second = self.second - self.second_mean
        first = first - self.first_mean
        ridge = first.T @ first + RIDGE * np.eye(first.shape[1], dtype=np.float32)
        self.map = np.linalg.solve(ridge, first.T @ self.second)

    def both(self, vectors, share, known=False):
        """Vectors of both models side by side, `share` of the second. `known`: these are the texts of the making."""
        vectors = vectors - self.first_mean
        second = vectors @ self.map
        if known:
            second[self.known] = self.second
        share = np.float32(share)
        return np.concatenate([(1 - share) * vectors, share * second], axis=1)


def neighbour_recall(mine, theirs, count=10):
    """Share of each row's `count` nearest neighbours in `theirs` that are among those in `mine`."""

    def nearest(vectors):
        closeness = vectors @ vectors.T
        np.fill_diagonal(closeness, -np.inf)
        return np.argsort(-closeness, axis=1)[:, :count]

    return np.mean([len(set(a) & set(b)) / count for a, b in zip(nearest(mine), nearest(theirs))])


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--model", required=True, help="folder with config.json, model.safetensors, tokenizer.json, vocab.txt")
    arguments.add_argument("--second", help="folder of all-mpnet-base-v2, for --recipe trained")
    arguments.add_argument("--share", type=float, default=0.5, help="share of the second model")
    arguments.add_argument("--wordnet", default="/usr/share/wordnet", help="folder with data.noun, cntlist.rev and so on")
    arguments.add_argument("--out", required=True, help="the table to write")
    arguments.add_argument("--recipe", choices=("trained", "plain"), default="trained")
    arguments.add_argument("--dim", type=int, default=178)
    arguments.add_argument("--least", type=int, default=2, help="occurrences in WordNet that make a word common")
    arguments.add_argument("--epochs", type=int, default=6)
    arguments.add_argument("--cache", default="cache", help="folder for the model's vectors")
    arguments.add_argument("--workers", type=int, default=2)
    given = arguments.parse_args()
    pieces, rows = plain(given) if given.recipe == "plain" else trained(given)
    Table.quantise(pieces, rows).write(given.out)


if __name__ == "__main__":
    main()
