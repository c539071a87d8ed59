"""Configurations, manifests, events, logs and patterns that are damaged or hostile."""

from __future__ import annotations

import json
import random

from hostile_kind import CHECKPOINT, CONFIG, READ, Kind, written

_PLAIN = "seed: 3\ntrain:\n  epochs: 2\n"


def _aliases(rng: random.Random) -> bytes:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, rng.randrange(5, 12))]
    return "\n".join(lines).encode()


def _deep(rng: random.Random) -> bytes:
    depth = rng.randrange(1_000, 30_000)
    return rng.choice(["a: " + "[" * depth, "{a: " * (depth // 2), "- " * depth + "x", "? " * depth]).encode()


def _strange(rng: random.Random) -> bytes:
    value = rng.choice(
        [
            "190:20:30",
            "2001-99-99",
            "2001-01-01",
            "yes",
            "0x10",
            "!!int x",
            "!!python/object:os.system x",
            "1" * 5000,
            ".inf",
            "-.inf",
            ".nan",
            "!!binary aa",
            "!!set {a}",
            "[1, 2]",
            "{a: 1}",
            "<<",
            "*a",
            "&a",
            "~",
            "-1",
        ]
    )
    return f"seed: {value}\n".encode()


def _twice(rng: random.Random) -> bytes:
    return f"seed: {rng.randrange(9)}\n{_PLAIN}".encode()


def _no_text(rng: random.Random) -> bytes:
    return rng.choice([rng.randbytes(900), b"seed: \xff\n", b"seed: 1\0\n", "seed: 1".encode("utf-16"), b"\x07"])


def _long(rng: random.Random) -> bytes:
    return _PLAIN.encode() + b"# " + b"x" * rng.randrange(70_000, 20 << 20)


def _unknown(rng: random.Random) -> bytes:
    return rng.choice([b"- 1\n", b"text\n", b"1: 2\n", b"sed: 1\n", b"? [a]\n: 1\n", b"--- 1\n--- 2\n", b"[" * 10])


def _plain(rng: random.Random) -> bytes:
    return _PLAIN.encode()


def _json_deep(rng: random.Random) -> bytes:
    depth = rng.randrange(2_000, 200_000)
    return (rng.choice(['{"last":', "["]) * depth).encode()


def _json_strange(rng: random.Random) -> bytes:
    return rng.choice(
        [
            b'{"schema": 1}',
            b"NaN",
            b"[]",
            b'"x"',
            b"1" * 5000,
            b'{"last": ' + b"9" * 9000 + b"}",
            rng.randbytes(500),
            json.dumps({"schema": 1, "last": {"file": "../../x", "sha256": "0" * 64, "epoch": 1, "batch": 0}}).encode(),
        ]
    )


def _json_long(rng: random.Random) -> bytes:
    return b'{"a": "' + b"x" * rng.randrange(65 << 20, 80 << 20) + b'"}'


def _events(rng: random.Random) -> bytes:
    lines = [b"[" * 50_000, b'{"kind": "EpochDone"}', b"\xff" * 500, b'{"kind": []}', b"1" * 9_000, b"null", b"{"]
    return b"\n".join(rng.choice(lines) for _ in range(rng.randrange(1, 200)))


def _log(rng: random.Random) -> bytes:
    return b"secret\n" * 99 + rng.choice([b"x\n" * 5_000_000, b"y" * 30_000_000, b"\0" * 9_000_000, b"\r" * 99_999])


def _pattern(rng: random.Random) -> bytes:
    pattern = rng.choice(
        [
            r"(a+)+$",
            r"(a|aa)+$",
            r"(.*a){20}$",
            r"((a*)*)*b",
            "(",
            "x",
            "(" * 200,
            "a{99999999999999}(b)",
            "(a" * 400,
            "(?i)(" + "[\x01-\U0010ffff]" * 98 + ")$",
            r"(?P<patient>(?:a?){40}a{40})$",
            "(a)(?<=b*)",
        ]
    )
    return json.dumps({"pattern": pattern, "names": ["a" * 60 + "!"] * 50}).encode()


def _pattern_good(rng: random.Random) -> bytes:
    return json.dumps({"pattern": r"^(?P<patient>\w+)_", "names": [f"p{n}_1.png" for n in range(50_000)]}).encode()


KINDS = (
    Kind("config plain", "config", written(_plain), (READ,), most=3),
    Kind("config aliases", "config", written(_aliases), (CONFIG,)),
    Kind("config deep", "config", written(_deep), (CONFIG,)),
    Kind("config strange", "config", written(_strange), (CONFIG,)),
    Kind("config twice", "config", written(_twice), (CONFIG,)),
    Kind("config no text", "config", written(_no_text), (CONFIG,)),
    Kind("config long", "config", written(_long), (CONFIG,)),
    Kind("config unknown", "config", written(_unknown), (CONFIG,)),
    Kind("json deep", "json", written(_json_deep), (CHECKPOINT,), "manifest.json"),
    Kind("json strange", "json", written(_json_strange), (CHECKPOINT,), "manifest.json"),
    Kind("json long", "json", written(_json_long), (CHECKPOINT,), "manifest.json", most=3),
    Kind("events", "events", written(_events), (READ,), "events.jsonl"),
    Kind("log", "log", written(_log), (READ,), "log.txt", most=20),
    Kind("pattern", "pattern", written(_pattern), (CONFIG, READ), most=30),
    Kind("pattern good", "pattern", written(_pattern_good), (READ,), most=5),
)
