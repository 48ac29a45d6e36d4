"""Speed of Axia's rules and of Presidio's on the same lines, one after the other in one run.

    python run.py TEXT [KILOBYTES]

TEXT has one message on each line. Axia reads all of it, Presidio its first KILOBYTES (default 500). Prints
one JSON object a line, in CPU seconds, and the ratio of the two at the end.
"""
import json
import subprocess
import sys
import time

import spacy
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import SpacyNlpEngine


class Blank(SpacyNlpEngine):
    """No language model: rules alone."""

    def __init__(self):
        super().__init__(models=[{"lang_code": "en", "model_name": "blank"}])
        self.nlp = {"en": spacy.blank("en")}


def presidio(lines):
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    registry.remove_recognizer("SpacyRecognizer")
    engine = AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["en"])
    for line in lines[:20]:
        engine.analyze(line, "en")
    start = time.process_time()
    found = sum(len(engine.analyze(line, "en")) for line in lines)
    seconds = time.process_time() - start
    size = sum(len(line.encode()) for line in lines)
    return size / seconds / 1e6, found


def main():
    path, kilobytes = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 500
    lines, size = [], 0
    for line in open(path, encoding="utf-8"):
        if size > kilobytes * 1000:
            break
        lines.append(line.rstrip("\n"))
        size += len(line.encode())
    command = ["cargo", "run", "--quiet", "--release", "-p", "measure", "--", "pii-speed", "--data", path]
    figures = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    print(figures, end="")
    ours = {f["name"]: f["value"] for f in map(json.loads, figures.splitlines())}
    speed, found = presidio(lines)
    print(json.dumps({"name": "presidio rules", "value": speed, "unit": "MB/s", "n": found, "on": path}))
    print(json.dumps({"name": "axia rules / presidio rules", "value": ours["speed/rules"] / speed, "unit": "ratio"}))


main()
