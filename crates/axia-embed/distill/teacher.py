"""The teachers: forward passes of all-MiniLM-L6-v2 and of all-mpnet-base-v2 in plain numpy."""

import hashlib
import json
import struct
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer


def read_safetensors(path):
    """Every tensor of a file of 32-bit floats, by name (other types are skipped)."""
    raw = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    tensors = {}
    for name, entry in json.loads(raw[8 : 8 + length]).items():
        if name == "__metadata__" or entry["dtype"] != "F32":
            continue
        begin, end = (8 + length + at for at in entry["data_offsets"])
        tensors[name] = np.frombuffer(raw[begin:end], "<f4").reshape(entry["shape"])
    return tensors


def gelu(x):
    """x * Phi(x), with the error function of Abramowitz and Stegun 7.1.26 (error below 2e-7)."""
    t = np.abs(x)
    t *= np.float32(0.7071067811865476 * 0.3275911)
    t += 1
    np.reciprocal(t, out=t)
    tail = t * np.float32(1.061405429)
    for coefficient in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        tail += np.float32(coefficient)
        tail *= t
    np.multiply(x, x, out=t)
    t *= np.float32(-0.5)
    tail *= np.exp(t, out=t)
    # tail = 1 - erf(|x| / sqrt 2), so x * Phi(x) = max(x, 0) - |x| * tail / 2.
    np.abs(x, out=t)
    t *= tail
    t *= np.float32(0.5)
    return np.subtract(np.maximum(x, 0, out=tail), t, out=tail)


class Teacher:
    """`encode` gives the model's sentence vectors: mean of the last layer, unit length."""

    query_key_value = ("attention.self.query", "attention.self.key", "attention.self.value")
    attended, attended_norm = "attention.output.dense", "attention.output.LayerNorm"

    @staticmethod
    def of(folder):
        """The teacher of a folder's model."""
        kind = json.loads((Path(folder) / "config.json").read_text())["model_type"]
        return {"bert": Teacher, "mpnet": Mpnet}[kind](folder)

    def __init__(self, folder):
        folder = Path(folder)
        self.config = json.loads((folder / "config.json").read_text())
        self.weights = read_safetensors(folder / "model.safetensors")
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(64)
        self.dim = self.config["hidden_size"]

    def _linear(self, x, name):
        # As one flat matrix: on three axes numpy multiplies text by text, seven times slower.
        flat = x.reshape(-1, x.shape[-1]) @ self.weights[f"{name}.weight"].T
        flat += self.weights[f"{name}.bias"]
        return flat.reshape(*x.shape[:-1], -1)

    def _norm(self, x, name):
        x = x - x.mean(-1, keepdims=True)
        x /= np.sqrt((x * x).mean(-1, keepdims=True) + np.float32(self.config["layer_norm_eps"]))
        return x * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]

    def _embedded(self, ids):
        w = self.weights
        x = w["embeddings.word_embeddings.weight"][ids]
        x = x + w["embeddings.position_embeddings.weight"][: ids.shape[1]]
        return x + w["embeddings.token_type_embeddings.weight"][0]

    def _bias(self, length):
        """What is added to the scores of attention."""
        return np.float32(0)

    def _forward(self, ids):
        """Last hidden layer for an array of ids, all texts of one length: no mask is needed."""
        n, length = ids.shape
        heads = self.config["num_attention_heads"]
        size = self.dim // heads
        x = self._norm(self._embedded(ids), "embeddings.LayerNorm")
        bias = self._bias(length)
        for layer in range(self.config["num_hidden_layers"]):
            at = f"encoder.layer.{layer}"
            q, k, v = (
                self._linear(x, f"{at}.{part}").reshape(n, length, heads, size).transpose(0, 2, 1, 3)
                for part in self.query_key_value
            )
            scores = q @ k.transpose(0, 1, 3, 2) / np.float32(np.sqrt(size)) + bias
            scores = np.exp(scores - scores.max(-1, keepdims=True))
            scores /= scores.sum(-1, keepdims=True)
            mixed = (scores @ v).transpose(0, 2, 1, 3).reshape(n, length, self.dim)
            x = self._norm(x + self._linear(mixed, f"{at}.{self.attended}"), f"{at}.{self.attended_norm}")
            inner = gelu(self._linear(x, f"{at}.intermediate.dense"))
            x = self._norm(x + self._linear(inner, f"{at}.output.dense"), f"{at}.output.LayerNorm")
        return x

    def encode_ids(self, ids, tokens_per_batch=512):
        """Vectors of lists of ids ([CLS] and [SEP] included)."""
        out = np.zeros((len(ids), self.dim), np.float32)
        by_length = {}
        for at, one in enumerate(ids):
            by_length.setdefault(len(one), []).append(at)
        for length, places in sorted(by_length.items()):
            step = max(1, tokens_per_batch // length)
            for begin in range(0, len(places), step):
                batch = places[begin : begin + step]
                mean = self._forward(np.array([ids[at] for at in batch])).mean(1)
                out[batch] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return out

    def encode(self, texts):
        """Vectors of texts."""
        return self.encode_ids([e.ids for e in self.tokenizer.encode_batch(texts)])


class Mpnet(Teacher):
    """No token types, positions that begin at 2, and one bias for all layers by how far two tokens are apart."""

    query_key_value = ("attention.attn.q", "attention.attn.k", "attention.attn.v")
    attended, attended_norm = "attention.attn.o", "attention.LayerNorm"

    def _embedded(self, ids):
        w = self.weights
        positions = w["embeddings.position_embeddings.weight"][2 : 2 + ids.shape[1]]
        return w["embeddings.word_embeddings.weight"][ids] + positions

    def _bias(self, length):
        # 16 buckets a direction: one each up to 7, then wider and wider ones, the last from 128 on.
        at = np.arange(length)
        ahead = at[None, :] - at[:, None]
        far = np.abs(ahead)
        wide = 8 + (np.log(np.maximum(far, 1) / 8) / np.log(16) * 8).astype(int)
        bucket = np.where(far < 8, far, np.minimum(wide, 15)) + 16 * (ahead > 0)
        return self.weights["encoder.relative_attention_bias.weight"][bucket].transpose(2, 0, 1)


def _encode_part(job):
    folder, part = job
    teacher = Teacher.of(folder)
    encode = teacher.encode if isinstance(part[0], str) else teacher.encode_ids
    return encode(part).astype(np.float16)


def encode_cached(given, model, name, texts):
    """Vectors of texts (or of lists of ids) by the model of a folder, from a pool of workers; they are kept under the
    name and a digest of the texts."""
    digest = hashlib.sha256("\n".join(map(str, texts)).encode()).hexdigest()[:16]
    path = Path(given.cache) / f"{name}-{digest}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        parts = max(1, len(texts) // 4096)
        with Pool(given.workers) as pool:
            found = pool.map(_encode_part, [(model, texts[part::parts]) for part in range(parts)], 1)
        out = np.zeros((len(texts), found[0].shape[1]), np.float16)
        for part, vectors in enumerate(found):
            out[part::parts] = vectors
        np.save(path, out)
    return np.load(path).astype(np.float32)
