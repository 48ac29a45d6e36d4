"""The table: its file format, and what a text becomes with it."""

import hashlib
import re
import struct

import numpy as np
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

UNKNOWN = "[UNK]"
PIECE = re.compile(r"(##)?[a-z0-9]+")


class Table:
    """Rows of 8-bit codes, each with a scale; `pieces` in byte order."""

    def __init__(self, pieces, codes, scales):
        self.pieces, self.codes, self.scales = pieces, codes, scales

    @classmethod
    def quantise(cls, pieces, rows):
        """Each row by its own scale: its largest value becomes 127."""
        order = sorted(range(len(pieces)), key=lambda at: pieces[at].encode())
        rows = rows[order].astype(np.float64)
        largest = np.abs(rows).max(axis=1)
        scales = np.where(largest > 0, largest / 127, 1.0).astype("<f4")
        codes = np.rint(rows / scales[:, None]).clip(-127, 127).astype(np.int8)
        return cls([pieces[at] for at in order], codes, scales)

    def write(self, path):
        """A header of text lines, an empty line, the pieces (one a line), the scales, the codes."""
        pieces = "".join(piece + "\n" for piece in self.pieces).encode()
        body = pieces + self.scales.astype("<f4").tobytes() + self.codes.tobytes()
        header = (
            "axia static table 1\n"
            f"rows {len(self.pieces)}\n"
            f"dim {self.codes.shape[1]}\n"
            f"pieces {len(pieces)}\n"
            f"sha256 {hashlib.sha256(body).hexdigest()}\n\n"
        )
        with open(path, "wb") as out:
            out.write(header.encode() + body)

    @classmethod
    def read(cls, path):
        """A table from its file."""
        with open(path, "rb") as file:
            raw = file.read()
        header, body = raw.split(b"\n\n", 1)
        fields = dict(line.split(" ") for line in header.decode().split("\n")[1:])
        rows, dim, length = (int(fields[name]) for name in ("rows", "dim", "pieces"))
        assert hashlib.sha256(body).hexdigest() == fields["sha256"], "the digest does not fit the table"
        pieces = body[:length].decode().split("\n")[:-1]
        scales = np.array(struct.unpack_from(f"<{rows}f", body, length), np.float32)
        codes = np.frombuffer(body, np.int8, rows * dim, length + 4 * rows).reshape(rows, dim)
        return cls(pieces, codes, scales)

    def rows(self):
        """The rows as floats."""
        return self.codes * self.scales[:, None]


def tokenizer(pieces):
    """BERT's own uncased tokenizer over `pieces`; id 0 is the unknown piece, id n + 1 is pieces[n]."""
    vocabulary = {UNKNOWN: 0} | {piece: at + 1 for at, piece in enumerate(pieces)}
    model = WordPiece(vocabulary, unk_token=UNKNOWN, max_input_chars_per_word=100)
    made = Tokenizer(model)
    made.normalizer = BertNormalizer()
    made.pre_tokenizer = BertPreTokenizer()
    return made


def bags(pieces, texts):
    """The rows that each text names, in order; unknown pieces and punctuation are left out."""
    return [[at - 1 for at in one.ids if at > 0] for one in tokenizer(pieces).encode_batch(texts)]


def embed(rows, found):
    """Sum of the rows of each bag, at unit length; an empty bag gives zeros."""
    sums = np.stack([rows[bag].sum(axis=0) if bag else np.zeros(rows.shape[1], rows.dtype) for bag in found])
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.divide(sums, length, out=np.zeros_like(sums), where=length > 0)
