"""What the source text in a TorchScript archive does besides arithmetic.

``torch.jit.save`` writes methods as a subset of Python (``code/__torch__/...py``), which ``torch.jit.load`` compiles and
runs: ``__setstate__`` while it loads, ``forward`` when the model predicts.  Nearly all operators only compute.
"""

from __future__ import annotations

import ast
import re

from mlmodel.documents import python_source

MAX_BYTES = 1 << 24
"""Bytes of one source text that are read."""

_OPERATORS = re.compile(
    r"torch\.(?:save|load|from_file|classes\..*(?:file|stream|reader|writer|sox|ffmpeg)\w*)"
    r"|ops\.aten\.(?:save|load|from_file|_pickle\w*)"
    r"|ops\.(?:\w+\.)*\w*(?:read_file|write_file|from_file|save|sox_io|ffmpeg|rpc_|remote|video_reader|read_video)\w*",
    re.IGNORECASE,
)
"""Operators that open files or connect: of PyTorch, torchvision and torchaudio."""
_TEXT = re.compile(r"(?:torch|ops)(?:[\s\\]*\.[\s\\]*\w+)+")
"""Where a text does not parse as Python."""


def operators(source: bytes) -> tuple[str, ...]:
    """The operators in a source text that open files or connect, each once, as they are written."""
    parsed = python_source.parse(source)
    if parsed.tree is None:
        text = source.decode("utf-8", "replace")
        names = [re.sub(r"[\s\\]", "", match[0]) for match in _TEXT.finditer(text)]
    else:
        names = [
            python_source.dotted(node) for node in ast.walk(parsed.tree) if isinstance(node, ast.Attribute)
        ]
    return tuple(dict.fromkeys(name for name in names if _OPERATORS.fullmatch(name)))
