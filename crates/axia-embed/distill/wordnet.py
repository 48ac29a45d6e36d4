"""Words and short phrases out of WordNet 3.0: what the table learns from."""

import re
from collections import Counter
from pathlib import Path

import numpy as np

# Lexicographer files of what values are spoken of in: act, attribute, cognition, communication,
# feeling, motive, relation and state among the nouns; all adjectives and their participles.
ABSTRACT_NOUNS = {"04", "07", "09", "10", "12", "16", "24", "26"}
PARTS = ("noun", "verb", "adj", "adv")
WORD = re.compile(r"[a-z]+")


class WordNet:
    """Lemmas with their lexicographer files, glosses, and how often each word is met."""

    def __init__(self, folder):
        folder = Path(folder)
        self.files = {}
        self.glosses = []
        for part in PARTS:
            for line in (folder / f"data.{part}").read_text().splitlines():
                if line.startswith("  "):
                    continue
                data, gloss = line.split(" | ", 1)
                fields = data.split(" ")
                for at in range(int(fields[3], 16)):
                    lemma = fields[4 + 2 * at].split("(")[0].replace("_", " ")
                    self.files.setdefault(lemma, set()).add((part, fields[1]))
                self.glosses.append(gloss.strip())
        # Occurrences in the glosses and in the texts that WordNet's senses were counted in.
        self.count = Counter(word for gloss in self.glosses for word in WORD.findall(gloss.lower()))
        for line in (folder / "cntlist.rev").read_text().splitlines():
            key, _, times = line.split(" ")
            self.count[key.split("%")[0].replace("_", " ")] += int(times)

    def common(self, wanted, least):
        """Single lower-case words met `least` times or more in a lexicographer file of `wanted`."""
        return sorted(
            lemma
            for lemma, files in self.files.items()
            if WORD.fullmatch(lemma) and self.count[lemma] >= least and any(wanted(*file) for file in files)
        )


def is_abstract(part, file):
    """Whether a noun's file is one of the abstract ones."""
    return part == "noun" and file in ABSTRACT_NOUNS


def is_quality(part, file):
    """Whether a word is an adjective."""
    return part == "adj"


def pairs(net, times, random):
    """Made-up labels, "quality noun" and "noun noun", each word drawn about evenly."""
    qualities = np.array(net.common(is_quality, 2))
    nouns = np.array(net.common(is_abstract, 2))
    half = times // 4
    first = np.concatenate([random.choice(qualities, times - half), random.choice(nouns, half)])
    return [f"{a} {b}" for a, b in zip(first, random.choice(nouns, times))]


def longer(net, times, random):
    """Made-up labels of up to three words, of words joined by "and", "of", "for" and "in", and with hyphens."""
    qualities = np.array(net.common(is_quality, 2))
    nouns = np.array(net.common(is_abstract, 2))
    hyphenated = np.array(
        sorted(
            lemma
            for lemma, files in net.files.items()
            if re.fullmatch(r"[a-z]+(-[a-z]+)+", lemma) and any(part in ("adj", "noun") for part, _ in files)
        )
    )

    def made(share, form, *words):
        drawn = [random.choice(one, times * share // 100) for one in words]
        return [form.format(*row) for row in zip(*drawn)]

    found = made(35, "{} {}", qualities, nouns) + made(20, "{} {}", nouns, nouns)
    for words in ((qualities, nouns, nouns), (qualities, qualities, nouns), (nouns, nouns, nouns)):
        found += made(8, "{} {} {}", *words)
    for joint in ("and", "of", "for", "in"):
        found += made(2, "{} " + joint + " {}", nouns, nouns)
    found += made(4, "{}-{}", nouns, nouns) + made(4, "{}-{} {}", nouns, qualities, nouns)
    return found + made(2, "self-{}", nouns) + made(4, "{} {}", hyphenated, nouns)


def other_forms(net, pieces, times, random):
    """Words among the pieces that WordNet's glosses have and no label above, then made-up labels with them: plurals,
    participles, things."""
    qualities = np.array(net.common(is_quality, 2))
    nouns = np.array(net.common(is_abstract, 2))
    glossed = Counter(word for gloss in net.glosses for word in WORD.findall(gloss.lower()))
    drawn = set(qualities) | set(nouns)
    others = np.array(sorted(p for p in pieces if re.fullmatch(r"[a-z]{3,}", p) and p not in drawn and glossed[p]))

    def made(share, form, *words):
        drawn = [random.choice(one, times * share // 16) for one in words]
        return [form.format(*row) for row in zip(*drawn)]

    found = made(4, "{} {}", qualities, others) + made(4, "{} {}", nouns, others) + made(4, "{} {}", others, nouns)
    found += made(1, "{} {} {}", nouns, others, nouns) + made(1, "{} {} {}", qualities, nouns, others)
    found += made(1, "{} of {}", nouns, others) + made(1, "{} and {}", others, others)
    return [str(word) for word in others] + found


def lemmas(net):
    """Words and set phrases: all but the rarer concrete nouns."""
    wanted = {
        lemma
        for lemma, files in net.files.items()
        if re.fullmatch(r"[a-z][a-z' -]*", lemma) and any(part != "noun" or is_abstract(part, file) for part, file in files)
    }
    return sorted(wanted | set(net.common(lambda part, file: True, 2)))


def definitions(net, most_words, times, random):
    """First clauses of glosses, without remarks in brackets; those that are short, a sample of them."""
    found = set()
    for gloss in net.glosses:
        clause = " ".join(re.sub(r"\([^)]*\)", " ", gloss).split(";")[0].split())
        if 2 <= len(clause.split()) <= most_words:
            found.add(clause)
    found = sorted(found)
    return [found[at] for at in np.sort(random.permutation(len(found))[:times])]
