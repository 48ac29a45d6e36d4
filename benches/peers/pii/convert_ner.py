"""Turns a BERT token classifier with 4-bit ONNX weights into f32 safetensors.

    python convert_ner.py FOLDER OUT [--golden FILE]

FOLDER holds `config.json`, `vocab.txt` and `onnx/model_q4.onnx` (block-wise `MatMulNBits`, embeddings
of 8 bits). OUT gets `config.json`, `vocab.txt` and `model.safetensors` under the usual names of a
Hugging Face `BertForTokenClassification`. With `--golden`, the logits of onnxruntime on the original
file are written for the sentences of `golden_texts.txt`.
"""
import json
import pathlib
import shutil
import sys

import numpy as np
import onnx
from onnx import numpy_helper
from safetensors.numpy import save_file

folder, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
out.mkdir(parents=True, exist_ok=True)
path = folder / "onnx" / "model_q4.onnx"
model = onnx.load(str(path))
init = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
producers = {o: n for n in model.graph.node for o in n.output}
tensors = {n: a.astype(np.float32) for n, a in init.items()
           if n.endswith((".bias", "LayerNorm.weight")) and a.dtype == np.float32}


def from_blocks(node):
    """W[n, k] = (q - zero) * scale, blocks along k, two values a byte, the low half first; zero is 8 by default."""
    a = {x.name: onnx.helper.get_attribute_value(x) for x in node.attribute}
    assert a["bits"] == 4, "only 4 bits are known here"
    n, k = a["N"], a["K"]
    packed, scales = init[node.input[1]], init[node.input[2]]
    low, high = packed & 15, packed >> 4
    q = np.stack([low, high], axis=-1).reshape(n, -1, a["block_size"]).astype(np.float32)
    zero = np.float32(8)
    if len(node.input) > 3 and node.input[3]:
        z = init[node.input[3]].reshape(n, -1)
        zero = np.stack([z & 15, z >> 4], axis=-1).reshape(n, -1)[:, : q.shape[1], None].astype(np.float32)
    w = (q - zero) * scales.reshape(n, -1, 1)
    return w.reshape(n, -1)[:, :k].astype(np.float32)


for node in model.graph.node:
    if node.op_type == "MatMulNBits":
        name = node.name.strip("/").removesuffix("/MatMul_Q4").replace("/", ".")
        name = name if name.startswith(("bert.", "classifier")) else f"bert.{name}"
        tensors[f"{name}.weight"] = from_blocks(node)
    if node.op_type == "DequantizeLinear" or node.op_type == "Gather":
        source = node.input[0]
        if source.endswith(".weight_quantized"):
            stem = source.removesuffix("_quantized")
            scale, zero = init[f"{stem}_scale"], init[f"{stem}_zero_point"]
            q = init[source].astype(np.float32) - zero.astype(np.float32)
            tensors[stem] = (q * scale).astype(np.float32)

save_file({n: np.ascontiguousarray(a) for n, a in sorted(tensors.items())}, out / "model.safetensors")
for name in ("config.json", "vocab.txt"):
    shutil.copyfile(folder / name, out / name)
print(f"{len(tensors)} tensors, {sum(a.size for a in tensors.values())} numbers")

if "--golden" in sys.argv:
    import onnxruntime
    from tokenizers import Tokenizer

    here = pathlib.Path(__file__).parent
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = {i.name for i in session.get_inputs()}
    cases = []
    for text in (here / "golden_texts.txt").read_text(encoding="utf-8").splitlines():
        e = tokenizer.encode(text)
        ids = np.array([e.ids], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        logits = session.run(None, {k: v for k, v in feed.items() if k in names})[0][0]
        # Of each token only some labels, so that the file stays small: the four highest, and "O".
        top = [sorted({0, *map(int, np.argsort(-row)[:4])}) for row in logits]
        cases.append({
            "text": text,
            "ids": e.ids,
            "logits": [{str(i): round(float(row[i]), 5) for i in t} for row, t in zip(logits, top)],
        })
    made_by = f"onnxruntime {onnxruntime.__version__}"
    target = pathlib.Path(sys.argv[sys.argv.index("--golden") + 1])
    target.write_text(json.dumps({"made_by": made_by, "cases": cases}, ensure_ascii=False, separators=(",", ":")) + "\n",
                      encoding="utf-8")
