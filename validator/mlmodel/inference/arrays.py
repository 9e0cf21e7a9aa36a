"""Tensors: numpy, the sparse matrices of scipy, torch."""

from __future__ import annotations

from typing import Any

from mlmodel.inference import types
from mlmodel.inference.errors import UntypedError
from mlmodel.inference.libraries import is_sparse, is_torch


def of_tensor(value: Any, name: Any = None) -> dict[str, Any]:
    """The tensor spec of an array (MLflow 3.17.2, ``types.utils._infer_schema``): all but the first dimension is fixed.

    A tensor of torch is the array that ``numpy()`` makes of it.
    """
    return types.tensor(_dtype(value), tuple(value.shape), name)


def _dtype(value: Any) -> str:
    if is_torch(value):
        dtype = str(value.dtype).removeprefix("torch.")
        if dtype.startswith(("bfloat", "float8", "float4", "q")):
            raise UntypedError(
                f"numpy has no {dtype}, and so has no signature; convert the tensor to float32"
            )
        return dtype
    dtype = value.data.dtype if is_sparse(value) else value.dtype
    if dtype.kind == "V":
        raise UntypedError(
            f"the dtype {dtype} has parts, which no reader knows; give a data frame or named arrays"
        )
    # The sizes of texts and bytes are not part of the type.
    return {"U": "str", "S": "bytes"}.get(dtype.char) or str(dtype.name)
