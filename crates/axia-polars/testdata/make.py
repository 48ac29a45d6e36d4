"""Makes the Parquet files of the tests as other tools write them. Needs pyarrow==26.0.1.

The shapes are those of WildChat-1M and LMSYS-Chat-1M; what is said in them is invented.
"""

import datetime

import pyarrow as pa
import pyarrow.parquet as pq

UTC = datetime.timezone.utc


def when(minute):
    return datetime.datetime(2023, 4, 9, 0, minute, 53, 500, tzinfo=UTC)


def message(n, role, text, time):
    return {
        "content": text,
        "country": "France",
        "hashed_ip": f"ip-{n % 3}" if role == "user" else None,
        "header": {"accept-language": "fr", "user-agent": "x"} if role == "user" else None,
        "language": "French",
        "redacted": False,
        "role": role,
        "state": None,
        "timestamp": time if role == "assistant" else None,
        "toxic": False,
        "turn_identifier": 100 + n,
    }


def wildchat(n):
    return {
        "conversation_hash": f"{n:032x}",
        "model": "gpt-4-0314",
        "timestamp": when(n % 60),
        "conversation": [
            message(n, "user", f"Est-il juste de mentir, cas {n} ?", when(n % 60)),
            message(n, "assistant", f"L'honnêteté compte, cas {n}.", when(n % 60)),
        ],
        "turn": 1,
        "language": "French",
        "openai_moderation": [
            {
                "categories": {"harassment": False, "self-harm": False},
                "category_scores": {"harassment": 0.01, "self-harm": 1e-7},
                "flagged": False,
            }
        ],
        "detoxify_moderation": [{"toxicity": 0.001}],
        "toxic": False,
        "redacted": False,
        "state": None,
        "country": "France",
        "hashed_ip": f"ip-{n % 3}",
        "header": {"accept-language": "fr", "user-agent": "x"},
    }


def lmsys(n):
    return {
        "conversation_id": f"{n:032x}",
        "model": "vicuna-13b",
        "conversation": [
            {"content": f"Is it fair, case {n}?", "role": "user"},
            {"content": f"That depends, case {n}.", "role": "assistant"},
        ],
        "turn": 1,
        "language": "English",
        "openai_moderation": [{"flagged": False}],
        "redacted": False,
    }


def flat(n):
    return {
        "conversation_id": n // 2,
        "role": "user" if n % 2 == 0 else "assistant",
        "content": f"Line {n}",
        "created_at": datetime.date(2026, 5, 1 + n),
        "picture": b"\x89PNG",
        "price": None,
    }


pq.write_table(
    pa.Table.from_pylist([wildchat(n) for n in range(25)]),
    "wildchat.parquet",
    row_group_size=10,
    compression="snappy",
)
pq.write_table(
    pa.Table.from_pylist([lmsys(n) for n in range(5)]), "lmsys.parquet", compression="gzip"
)
table = pa.Table.from_pylist([flat(n) for n in range(6)])
table = table.set_column(1, "role", table["role"].dictionary_encode())
pq.write_table(table, "flat.parquet", compression="zstd")
