"""What the source text in a TorchScript archive does besides arithmetic.

``torch.jit.save`` writes methods as a subset of Python (``code/__torch__/...py``), which ``torch.jit.load`` compiles and
runs: ``__setstate__`` while it loads, ``forward`` when the model predicts.  Nearly all operators only compute.
"""

from __future__ import annotations

import ast
import re

from mlmodel.common.patterns import lazy_pattern
from mlmodel.documents import python_source

MAX_BYTES = 1 << 24
"""Bytes of one source text that are read."""

_OPERATORS = lazy_pattern(
    r"torch\.(?:save|load|from_file|distributed\..*|classes\..*(?:file|stream|reader|writer|sox|ffmpeg|video|loader|store)\w*"
    r"|classes\.(?:dist_\w+|c10d|rpc|profiling|aoti|torchaudio|torchvision)\..*)"
    r"|ops\.\w*(?:c10d|rpc)\w*\..*"
    r"|ops\.aten\.(?:save|load|from_file|_pickle\w*)"
    r"|ops\.(?:\w+\.)*\w*(?:(?<!pro)file|save|sox_io|ffmpeg|rpc_|remote|video_reader|read_video|(?:load|read|open)_audio)\w*",
    re.IGNORECASE,
)
"""Operators that open files or connect: of PyTorch, torchvision and torchaudio."""
_OWN_CLASSES = frozenset(
    {"quantized", "rnn", "xnnpack", "sparse", "mkldnn", "mkldnn_", "metal", "vulkan", "_nnapi", "te", "cuda"}
)
"""Namespaces of classes in C++ that PyTorch has for weights."""
_OWN_OPERATORS = frozenset(
    "aten prim quantized quantized_decomposed prepacked xnnpack mkldnn mkldnn_prepacked mkl sparse onednn inductor static_runtime rngprim"
    " torchvision image torchaudio torchtext torch_scatter torch_sparse torch_cluster torch_spline_conv fbgemm _caffe2 metal metal_prepack"
    " vulkan vulkan_prepack tensorexpr profiler onnx cuda debugprims prims nvprims".split()
)
"""Namespaces of operators of PyTorch and of its own libraries."""
_TEXT = lazy_pattern(r"(?:__torch__\.)?(?:torch|ops)(?:[\s\\]*\.[\s\\]*\w+)+")
"""Where a text does not parse as Python."""


def operators(source: bytes) -> tuple[tuple[str, bool], ...]:
    """The operators in a source text that open files or connect, or are of libraries that nobody has read, each once, as they are
    written; and whether it is of the former."""
    parsed = python_source.parse(source)
    if parsed.tree is None:
        text = source.decode("utf-8", "replace")
        names = [re.sub(r"[\s\\]", "", match[0]) for match in _TEXT.finditer(text)]
    else:
        names = [
            python_source.dotted(node) for node in ast.walk(parsed.tree) if isinstance(node, ast.Attribute)
        ]
    found: dict[str, bool] = {}
    for name in names:
        short = name.removeprefix("__torch__.")
        if _OPERATORS.fullmatch(short):
            found[short] = True
        elif _is_foreign(short.split(".")):
            found[short] = False
    return tuple(found.items())


def _is_foreign(parts: list[str]) -> bool:
    """Whether a name is that of an operator, or of a class in C++, of a library that nobody has read."""
    if parts[0] == "ops":
        return len(parts) == 3 and parts[1] not in _OWN_OPERATORS
    return parts[:2] == ["torch", "classes"] and len(parts) == 4 and parts[2] not in _OWN_CLASSES
