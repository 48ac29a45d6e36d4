"""Megabytes a second of Axia, redact-core, DataFog and Presidio on the same lines, in one run on one core.

    python run.py [TEXT [KILOBYTES]] [--built]

TEXT has one message on each line; without it 16 MB of lines are made, one in six with something personal.
Axia reads all of it (the fastest of five passes), redact-core its first two megabytes (of three), both by the wall
clock; the Python tools its first KILOBYTES (default 200, one pass, CPU clock). Start-up is not counted. Prints one JSON object a line, and at
the end how many times as fast as each peer Axia is: rules, rules and names without propagation, and the whole `detect`.
"""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

here = pathlib.Path(__file__).resolve().parent
root = here.parents[2]
redact = here.parent / "pii" / "redact"
sys.path.insert(0, str(here.parent / "pii"))
import adapters  # noqa: E402

WORDS = ("the of and a to in that is was he for it with as his on be at by had explain rewrite please question answer "
         "different because people between something important example state quality relating person form used").split()
ITEMS = ["my email is jo.smith@example.net", "call me on 415-555-2671 after five", "card number 4111111111111111 please",
         "the server at 203.0.113.7 is down", "ssn 536-22-8726", "wire it to GB82WEST12345698765432", "born 1985-03-12",
         "see https://www.somewhere.net/app for the ticket", "ping @josmith88", "order 4512-8731 shipped, ref 87318731"]


def make(size):
    rng, lines, made = random.Random(1), [], 0
    while made < size:
        words = rng.choices(WORDS, k=rng.randint(5, 64))
        item = rng.choice(ITEMS) + "," if rng.random() < 1 / 6 else ""
        lines.append(" ".join(words + [item, "and so on."]))
        made += len(lines[-1]) + 1
    return "\n".join(lines) + "\n"


def emit(name, value, unit, found):
    print(json.dumps({"name": name, "value": round(value, 4), "unit": unit, "n": found}), flush=True)
    return value


def python_tool(name, find, lines):
    for line in lines[:20]:
        find(line)
    start = time.process_time()
    found = sum(len(find(line)) for line in lines)
    seconds = time.process_time() - start
    return emit(name, sum(len(line.encode()) + 1 for line in lines) / seconds / 1e6, "MB/s", found)


def main():
    words = [word for word in sys.argv[1:] if word != "--built"]
    with tempfile.TemporaryDirectory() as folder:
        path = words[0] if words else f"{folder}/lines.txt"
        if not words:
            pathlib.Path(path).write_text(make(16 << 20), encoding="utf-8")
        kilobytes = float(words[1]) if len(words) > 1 else 200
        cargo = ["cargo", "build", "--quiet", "--release"]
        if "--built" not in sys.argv:
            subprocess.run([*cargo, "-p", "measure", "--features", "ner"], check=True, cwd=root)
            subprocess.run([*cargo, "--manifest-path", str(redact / "Cargo.toml")], check=True)
        target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", root / "target"))
        measure = target / "release" / "measure"
        adapter = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", redact / "target")) / "release" / "redact-adapter"

        ours = {}
        out = subprocess.run([measure, "pii-speed", "--data", path], check=True, capture_output=True, text=True).stdout
        for figure in map(json.loads, out.splitlines()):
            ours[figure["name"]] = emit("axia " + figure["name"], figure["value"], figure["unit"], figure["n"])

        peers = {}
        out = subprocess.run([adapter, "--speed", path], check=True, capture_output=True, text=True).stdout
        figure = json.loads(out)
        peers["redact-core"] = emit("redact-core", figure["value"], "MB/s", figure["n"])
        lines, size = [], 0
        for line in open(path, encoding="utf-8"):
            if size > kilobytes * 1000:
                break
            lines.append(line.rstrip("\n"))
            size += len(line.encode())
        peers["DataFog, regex"] = python_tool("DataFog, regex", adapters.datafog(), lines)
        peers["Presidio, rules only"] = python_tool("Presidio, rules only", adapters.presidio(False), lines)
        peers["Presidio"] = python_tool("Presidio", adapters.presidio(True), lines)
    for peer, speed in peers.items():
        for tier in ("speed/rules", "speed/rules and names", "speed/detect"):
            emit(f"axia {tier} / {peer}", ours[tier] / speed, "ratio", 1)


main()
