"""Distils all-MiniLM-L6-v2 into the static table of the crate. See README.md."""

import argparse
from pathlib import Path

import numpy as np

from table import PIECE, Table
from teacher import Teacher


def vocabulary(model):
    """Ids and pieces of BERT's vocabulary that are kept: Latin letters, and numbers of one or two digits."""
    lines = (Path(model) / "vocab.txt").read_text(encoding="utf8").split("\n")
    for at, piece in enumerate(lines):
        letters = piece.removeprefix("##")
        if PIECE.fullmatch(piece) and (letters.isalpha() or len(letters) <= 2):
            yield at, piece


def principal(vectors, dim):
    """Mean and the first `dim` principal directions of the rows."""
    mean = vectors.mean(axis=0)
    _, directions = np.linalg.eigh(np.cov((vectors - mean).T))
    return mean, directions[:, ::-1][:, :dim]


def plain(model, dim):
    """Each piece alone through the model, turned to `dim` directions, weighted by its rank."""
    kept = list(vocabulary(model))
    vectors = Teacher(model).encode_ids([[101, at, 102] for at, _ in kept])
    mean, directions = principal(vectors, dim)
    weights = np.log1p([at for at, _ in kept])
    return [piece for _, piece in kept], (vectors - mean) @ directions * weights[:, None]


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--model", required=True, help="folder with config.json, model.safetensors, tokenizer.json, vocab.txt")
    arguments.add_argument("--out", required=True, help="the table to write")
    arguments.add_argument("--dim", type=int, default=192)
    given = arguments.parse_args()
    pieces, rows = plain(given.model, given.dim)
    Table.quantise(pieces, rows).write(given.out)


if __name__ == "__main__":
    main()
