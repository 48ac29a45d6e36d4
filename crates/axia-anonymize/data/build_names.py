"""Makes `names.txt` and `figures.txt` from Faker's provider lists and WordNet.

    pip install Faker==40.54.0
    apt-get install wordnet-base          # or any WordNet 3.0 `dict` folder
    python build_names.py /usr/share/wordnet

`names.txt`: one folded word a line, sorted and front-coded: a character for the length of the prefix
shared with the line before (`0` + length), a character for the flags (`0` + flags), the rest of the
word. Flags: 1 given name, 2 family name, 4 common English word, 8 place, language, organization or
other proper noun, 16 name in several countries, 32 any English word.

`figures.txt`: full names of persons with an entry in WordNet, folded, front-coded without flags.
"""
import importlib
import inspect
import pathlib
import pkgutil
import re
import sys
import unicodedata

import faker.providers.address as addresses
import faker.providers.person as persons

wordnet = pathlib.Path(sys.argv[1])
here = pathlib.Path(__file__).parent
GIVEN, FAMILY, COMMON, PROPER, SHARED, WORD = 1, 2, 4, 8, 16, 32
SPECIAL = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i",
                         "ħ": "h", "ŧ": "t", "ŋ": "n", "ə": "a", "’": "'", "ς": "σ"})


def fold(word):
    """Lower case without marks, as `names::fold` does it."""
    word = unicodedata.normalize("NFD", word.lower())
    return "".join(c for c in word if not unicodedata.combining(c)).translate(SPECIAL)


def lists(package, wanted):
    """(locale, attribute, value) of all lists of strings in a provider package."""
    for module in pkgutil.iter_modules(package.__path__):
        provider = importlib.import_module(f"{package.__name__}.{module.name}").Provider
        for name, values in inspect.getmembers(provider):
            if isinstance(values, (tuple, list, dict)) and re.search(wanted, name):
                for value in values:
                    if isinstance(value, tuple):
                        value = " ".join(map(str, value))
                    yield module.name, name, value


def letters(word):
    """Whether a word is written in a script with capital letters and is no initial."""
    return len(word) > 1 and all(c.isalpha() or c in "'-" for c in word) and word != word.upper()


flags, locales = {}, {}


def add(word, flag, locale=None):
    word = fold(word)
    if len(word) < 2:
        return
    flags[word] = flags.get(word, 0) | flag
    if locale:
        # Lists of one language are often copies of each other.
        locales.setdefault((word, flag), set()).add(locale.split("_")[0])


for locale, name, value in lists(persons, r"first_name|last_name|middle_name|surname|patronym"):
    if "romanized" in name or "format" in name or "prefix" in name:
        if "romanized" not in name:
            continue
    flag = GIVEN if re.search("first|middle", name) else FAMILY
    # Compound names count by their parts; particles do not count.
    for part in value.replace("-", " ").split():
        if letters(part) and (part[0].isupper() and len(part) > 2 or "romanized" in name):
            add(part, flag, locale)
names = dict(flags)
for (word, flag), found in locales.items():
    if len(found) >= 2:
        flags[word] |= SHARED

counts = {}
for line in (wordnet / "cntlist.rev").read_text().splitlines():
    sense, _, count = line.split()
    lemma = sense.split("%")[0]
    counts[lemma] = counts.get(lemma, 0) + int(count)
known_persons, lower = set(), set()
for part in ("noun", "verb", "adj", "adv"):
    for line in (wordnet / f"data.{part}").read_text().splitlines():
        if line.startswith(" "):
            continue
        fields = line.split()
        file, total = int(fields[1]), int(fields[3], 16)
        lemmas = [re.sub(r"\(.*\)", "", f) for f in fields[4:4 + 2 * total:2]]
        for lemma in lemmas:
            if lemma[0].isupper():
                # 10 is communication: books of the Bible, which are given names.
                if part == "noun" and file != 10 and (file != 18 or " @i " not in line) and lemma.isalpha() and lemma != lemma.upper():
                    add(lemma, PROPER)
                if part == "noun" and file == 18 and " @i " in line and "_" in lemma:
                    known_persons.add(fold(lemma.replace("_", " ")))
            elif lemma.isalpha() and len(lemma) > 2:
                lower.add(lemma)
for lemma in sorted(lower):
    if counts.get(lemma, 0) >= 1:
        add(lemma, COMMON | WORD)
    elif fold(lemma) in names:
        add(lemma, WORD)
for locale, name, value in lists(addresses, r"^(countries|cities|states|regions|provinces|counties|departments)$"):
    value = str(value)
    if value.replace("-", "").isalpha() and letters(value) and fold(value) in names:
        add(value, PROPER)


def front_code(rows):
    before = ""
    for word, head in rows:
        shared = 0
        while shared < min(len(before), len(word), 70) and before[shared] == word[shared]:
            shared += 1
        yield chr(48 + shared) + head + word[shared:]
        before = word


rows = [(word, chr(48 + flag)) for word, flag in sorted(flags.items())]
(here / "names.txt").write_text("\n".join(front_code(rows)) + "\n", encoding="utf-8")
figures = sorted(p for p in known_persons if len(p.split()) >= 2 and len(p.split()[-1]) > 2)
(here / "figures.txt").write_text("\n".join(front_code((p, "") for p in figures)) + "\n", encoding="utf-8")
for label, flag in (("given", GIVEN), ("family", FAMILY), ("common", COMMON), ("proper", PROPER), ("shared", SHARED)):
    print(label, sum(1 for f in flags.values() if f & flag))
print("words", len(flags), "figures", len(figures))
