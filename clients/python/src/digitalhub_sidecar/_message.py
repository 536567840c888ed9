"""JSON-RPC messages as lines. Every call passes here, so what can be known beforehand is."""
from __future__ import annotations

import json
from typing import Any, Mapping, Optional

# What the sidecar takes unless it is told otherwise.
LIMIT = 64 << 20

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
_scan = json.JSONDecoder().raw_decode


def call(number: int, method: str, params: Optional[Mapping[str, Any]]) -> bytes:
    """The line of a call. Values that are no JSON raise TypeError or ValueError."""
    rest = "}\n" if params is None else ',"params":{}}\n' if not params else f',"params":{_encode(dict(params))}}}\n'
    line = f'{{"jsonrpc":"2.0","id":{number},"method":{_encode(method)}{rest}'.encode()
    if len(line) > LIMIT:
        raise ValueError(f"the params take {len(line) >> 20} MiB; a message has at most {LIMIT >> 20}")
    return line


def cancel(number: int) -> bytes:
    return b'{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":%d}}\n' % number


def read(line: bytes) -> dict[str, Any]:
    """The message of a line; ValueError where it is none."""
    text = line.decode()
    message, end = _scan(text)
    if end != len(text) and text[end:].strip():
        raise ValueError(f"{text[end:end + 80]!r} after a message")
    if not isinstance(message, dict):
        raise ValueError(f"{text[:80]!r} is no object")
    return message
