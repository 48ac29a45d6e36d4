"""Golden vectors for `BertEmbedder`: what sentence-transformers makes of our own sentences.

python sentences.py --minilm FOLDER --mpnet FOLDER > ../tests/golden/sentences.json
"""

import argparse
import json
import sys

from sentence_transformers import SentenceTransformer

LONG = (
    "A model that is asked for advice weighs many things at once: whether what it says is true, whether "
    "it serves the one who asks, whether it harms somebody who is not there, and whether it should be "
    "said now. "
)
SENTENCES = [
    "honesty",
    "patient autonomy",
    "Well-being, naïve or not?",
    "unpronounceableneologism of the twenty-first century",
    "She asked the council to keep the library open on Sundays.",
    "誠実さ means sincerity",
    "",
    LONG,
    LONG * 4,
    LONG * 12,
]


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--minilm", required=True)
    arguments.add_argument("--mpnet", required=True)
    given = arguments.parse_args()
    golden = {"sentences": SENTENCES}
    for name in ("minilm", "mpnet"):
        model = SentenceTransformer(getattr(given, name), device="cpu")
        vectors = model.encode(SENTENCES, normalize_embeddings=True)
        golden[name] = [[round(float(v), 6) for v in row] for row in vectors]
    json.dump(golden, sys.stdout, ensure_ascii=False, separators=(",", ":"))
    print()


if __name__ == "__main__":
    main()
