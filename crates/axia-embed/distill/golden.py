"""Writes the golden file of tests/tokens.rs: what BERT's own tokenizer makes of the pieces of a table."""

import argparse
import importlib.metadata
import json

from table import Table, bags

TEXTS = [
    "",
    " ",
    "honesty",
    "Honesty",
    "HONESTY AND INTEGRITY",
    "intellectual honesty",
    "epistemic humility",
    "self-care",
    "work-life balance",
    "truthfulness, fairness; justice.",
    "(harm reduction)",
    "don't be evil",
    "the patient's autonomy",
    "well\tbeing\nand  health",
    "snake_case_label",
    "e-mail me@example.org",
    "C++ and C#",
    "100% accuracy",
    "24/7 availability",
    "1984",
    "3.14159",
    "top10list",
    "naïve café",
    "Équité, égalité, fraternité",
    "Übermut und Größe",
    "smörgåsbord",
    "İstanbul",
    "e\u0301galite\u0301",
    "Ελληνικά",
    "правда и ложь",
    "honesty правда",
    "誠実",
    "abc誠実def",
    "일관성",
    "निष्ठा",
    "“quoted” — and dashed…",
    "¿qué? ¡sí!",
    "fair\u00adness",
    "zero\u200bwidth\u200djoin",
    "non\u00a0breaking\u2003space",
    "control\u0007character",
    "½ ① x²",
    "antidisestablishmentarianism",
    "pneumonoultramicroscopicsilicovolcanoconiosis",
    "neurodiversity inclusivity mentorship",
    "qzxjkvw",
    "a" * 100,
    "a" * 101,
    "b" * 101 + " honesty",
    "ﬁdelity and straße",
]


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--table", required=True)
    arguments.add_argument("--out", required=True)
    given = arguments.parse_args()
    table = Table.read(given.table)
    golden = {
        "made_by": "distill/golden.py",
        "tokenizers": importlib.metadata.version("tokenizers"),
        "cases": [
            {"text": text, "pieces": [table.pieces[row] for row in bag]}
            for text, bag in zip(TEXTS, bags(table.pieces, TEXTS))
        ],
    }
    with open(given.out, "w", encoding="utf8") as out:
        json.dump(golden, out, ensure_ascii=True, indent=1)
        out.write("\n")


if __name__ == "__main__":
    main()
