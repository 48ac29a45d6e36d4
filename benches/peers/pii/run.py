"""All systems side by side on labelled texts: one table, one scorer.

    python run.py DATA.json[.gz] ... [--model FOLDER] [--onnx FOLDER] [--skip PEER,...]

Each DATA file has presidio-research's JSON form. `--model` is the folder that `convert_ner.py` made, for
our `ner` tier; `--onnx` the folder of the original model, to run it alone by onnxruntime. The scorer is
`measure pii`; build it first: `cargo build --release -p measure --features ner`.
"""
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile
import time

here = pathlib.Path(__file__).resolve().parent
root = here.parents[2]
measure = root / "target" / "release" / "measure"
redact = here / "redact" / "target" / "release" / "redact-adapter"
words = sys.argv[1:]
option = {words[i]: words[i + 1] for i in range(len(words) - 1) if words[i].startswith("--")}
files = [w for i, w in enumerate(words) if not w.startswith("--") and (i == 0 or not words[i - 1].startswith("--"))]
skip = option.get("--skip", "").split(",")


def figures(arguments):
    out = subprocess.run([measure, "pii", *arguments], check=True, capture_output=True, text=True).stdout
    table = {}
    for line in out.splitlines():
        figure = json.loads(line)
        _, system, name = figure["name"].split("/", 2)
        table.setdefault(system, {})[name] = figure["value"]
    return table


for data in files:
    raw = pathlib.Path(data).read_bytes()
    samples = json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
    texts = "".join(json.dumps({"id": i, "text": s["full_text"]}) + "\n" for i, s in enumerate(samples))
    peers = [(p, [sys.executable, str(here / "adapters.py"), p]) for p in ("presidio", "presidio-rules", "datafog")]
    if redact.exists():
        peers.append(("redact-core", [str(redact)]))
    if "--onnx" in option:
        peers.append(("rampart", [sys.executable, str(here / "adapters.py"), "rampart", option["--onnx"]]))
    rows, seconds = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        union = {}
        for peer, command in peers:
            if peer in skip:
                continue
            start = time.time()
            done = subprocess.run(command, input=texts, capture_output=True, text=True, check=True)
            seconds[peer] = time.time() - start
            spans = pathlib.Path(folder) / f"{peer}.jsonl"
            spans.write_text(done.stdout)
            rows |= figures(["--data", data, "--spans", str(spans), "--system", peer])
            if peer in ("presidio", "rampart"):
                for line in done.stdout.splitlines():
                    item = json.loads(line)
                    union.setdefault(item["id"], []).extend(item["spans"])
        if "rampart" in rows and "presidio" in rows:
            spans = pathlib.Path(folder) / "union.jsonl"
            spans.write_text("".join(json.dumps({"id": i, "spans": s}) + "\n" for i, s in union.items()))
            rows |= figures(["--data", data, "--spans", str(spans), "--system", "presidio+rampart"])
        ours = ["--data", data] + (["--ner", option["--model"]] if "--model" in option else [])
        rows |= {f"axia {k}": v for k, v in figures(ours).items()}
    print(f"\n{pathlib.Path(data).name}: {len(samples)} texts\n")
    columns = ["leak", "leak_low", "leak_high", "full_span_recall", "character_recall", "character_precision", "tier_1_full",
               "full/PERSON", "full/STREET_ADDRESS", "full/PHONE_NUMBER"]
    print("| system | " + " | ".join(columns) + " |\n|---|" + "---|" * len(columns))
    for system, row in rows.items():
        print(f"| {system} | " + " | ".join(f"{row[c]:.3f}" if c in row else "" for c in columns) + " |")
    print("\nseconds with start-up: " + ", ".join(f"{k} {v:.0f}" for k, v in seconds.items()), flush=True)
