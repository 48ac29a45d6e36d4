"""Distils all-MiniLM-L6-v2 into the static table of the crate. See README.md."""

import os

# Before numpy: the work is shared by processes, not by BLAS threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
from pathlib import Path

import numpy as np

import wordnet
from table import PIECE, Table, bags, embed
from teacher import encode_cached
from train import Bags, fit

HELD_OUT = 3000


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
    vectors = encode_cached(given, "pieces", ids)
    mean, directions = principal(vectors, given.dim)
    weights = np.log1p([rank for rank, _ in kept])
    return [piece for _, piece in kept], (vectors - mean) @ directions * weights[:, None]


def trained(given):
    """The plain rows and those of common words, fitted to the model's vectors of short phrases."""
    net = wordnet.WordNet(given.wordnet)
    kept = list(vocabulary(given.model))
    pieces = [piece for _, piece in kept]
    common = set(net.common(wordnet.is_abstract, given.least)) | set(net.common(wordnet.is_quality, given.least))
    words = sorted(common - set(pieces))
    vectors = np.concatenate([
        encode_cached(given, "pieces", [[101, rank, 102] for rank, _ in kept]),
        encode_cached(given, "words", words),
    ])
    pieces += words

    labels = wordnet.pairs(net, 200_000, np.random.default_rng(20240601))
    others = wordnet.lemmas(net) + wordnet.definitions(net, 6, 30_000, np.random.default_rng(7))
    label_vectors = encode_cached(given, "pairs", labels)
    other_vectors = encode_cached(given, "others", others)

    order = np.random.default_rng(1).permutation(len(labels))
    held, used = order[:HELD_OUT], order[HELD_OUT:]
    mean, directions = principal(label_vectors[used], given.dim)
    rows = (vectors - mean) @ directions
    rows /= np.linalg.norm(rows, axis=1).mean()
    weights = np.log1p([rank for rank, _ in kept] + [len(kept)] * len(words))
    rows *= (weights / weights.max())[:, None]

    found = bags(pieces, labels)
    texts = [found[at] for at in used] + bags(pieces, others)
    targets = at_unit_length((np.concatenate([label_vectors[used], other_vectors]) - mean) @ directions)
    known = [at for at, bag in enumerate(texts) if bag]
    held_bags = [found[at] for at in held]

    def report(epoch, loss, rows):
        recall = neighbour_recall(embed(rows, held_bags), label_vectors[held])
        print(f"epoch {epoch}: loss {loss:.4f}, held-out recall of 10 neighbours {recall:.4f}", flush=True)

    report("before", np.nan, rows)
    fitted = Bags([texts[at] for at in known])
    return pieces, fit(rows, fitted, targets[known], given.epochs, 0.01, np.random.default_rng(2), report)


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
    arguments.add_argument("--wordnet", default="/usr/share/wordnet", help="folder with data.noun, cntlist.rev and so on")
    arguments.add_argument("--out", required=True, help="the table to write")
    arguments.add_argument("--recipe", choices=("trained", "plain"), default="trained")
    arguments.add_argument("--dim", type=int, default=144)
    arguments.add_argument("--least", type=int, default=2, help="occurrences in WordNet that make a word common")
    arguments.add_argument("--epochs", type=int, default=4)
    arguments.add_argument("--cache", default="cache", help="folder for the model's vectors")
    arguments.add_argument("--workers", type=int, default=2)
    given = arguments.parse_args()
    pieces, rows = plain(given) if given.recipe == "plain" else trained(given)
    Table.quantise(pieces, rows).write(given.out)


if __name__ == "__main__":
    main()
