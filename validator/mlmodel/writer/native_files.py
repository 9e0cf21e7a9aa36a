"""Files and folders in the formats that libraries write themselves, recognized by their content, as objects.

Formats are told by what stands in the file; a file that was cut is refused before a library reads
it, and what a Keras or ``.pt2`` archive would have its loader run is judged as in a pickle.
"""

from __future__ import annotations

import os
import zipfile
from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.flavors import (
    UnsuitableError,
    catboost,
    keras,
    lightgbm,
    onnx,
    pytorch,
    sentence_transformers,
    xgboost,
)
from mlmodel.flavors import transformers as pipelines
from mlmodel.model import file_formats
from mlmodel.sources.directory import ModelDirectory, UnreadableError
from mlmodel.writer.load_object_file import RefusedError, judge_file

if TYPE_CHECKING:
    from collections.abc import Callable

_HEAD = 64 << 10
"""Bytes of a file by which its format is told."""


class Native(Record):
    """What a file or folder was recognized as."""

    format: str
    """The format, as ``schemas/files.json`` names it, or ``folder`` for that of a hub."""
    open: Callable[[str, str | None], Any]
    """The object in it; takes the path, and the task where there is one."""


def recognized(path: str) -> Native | None:
    """The format of a file or folder, by its content; None where it is none of these.

    Raises:
        OSError: it cannot be read.
    """
    if os.path.isdir(path):
        return _folder(path)
    with open(path, "rb") as stream:
        head = stream.read(_HEAD)
    if head.startswith(b"CBM1"):
        return Native("catboost-cbm", _plain(catboost.from_file))
    if head.startswith((b"tree\n", b"tree\r\n")):
        return Native("lightgbm-text", _plain(lightgbm.from_file))
    if head.startswith(b"PK\x03\x04"):
        return _archive(path)
    start = head.lstrip()
    if start.startswith(b"{") and (
        b'"learner"' in head or (head.startswith(b"{L") and b"learner" in head[:64])
    ):
        return Native("xgboost", _plain(xgboost.from_file))
    if start.startswith(b"{") and (
        b'"model_info"' in head or b'"oblivious_trees"' in head or b'"features_info"' in head
    ):
        return Native("json-object", _plain(catboost.from_file))
    # A ModelProto begins with its ir_version, a small number.
    if head[:1] == b"\x08" and 1 <= (head[1:2] or b"\0")[0] <= 32 and head[2:3] not in (b"", b"\x08"):
        return Native("onnx", _plain(onnx.from_file))
    return None


def load(path: str, native: Native, task: str | None = None) -> Any:
    """The object in a file or folder.

    Args:
        path: where it is.
        native: what it was recognized as.
        task: what the model is for, for a folder of Transformers that does not tell.

    Raises:
        RefusedError: it is cut, would run code, or its library is missing or does not read it.
    """
    if os.path.isfile(path):
        _whole(path, native.format)
        if native.format in ("keras", "pt2"):
            judge_file(path)
    try:
        return native.open(path, task)
    except UnsuitableError as error:
        raise RefusedError(f"{path} cannot be loaded here: {error}") from error


def _whole(path: str, format_: str) -> None:
    directory, name = ModelDirectory.around(path), os.path.basename(path)
    try:
        entry = directory.look(name)
        found = file_formats.problem(directory, entry, (format_,))
    except UnreadableError as error:
        raise RefusedError(f"{path} cannot be read: {error}") from error
    if found is not None:
        raise RefusedError(f"{path} is not loaded: {found.message}")


def _plain(function: Callable[[str], Any]) -> Callable[[str, str | None], Any]:
    def opened(path: str, task: str | None) -> Any:
        if task is not None:
            raise UnsuitableError("a task is for a folder of Transformers")
        return function(path)

    return opened


def _archive(path: str) -> Native | None:
    """Keras and torch.export write zip archives; those of torch.save and skops are serialized objects."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return None
    if {"config.json", "metadata.json"} <= names:
        return Native("keras", _plain(keras.from_file))
    below = {name.partition("/")[2] for name in names}
    if "serialized_exported_program.json" in names or {"archive_format", "models/model.json"} <= below:
        return Native("pt2", _plain(pytorch.from_file))
    return None


def _folder(path: str) -> Native | None:
    names = set(os.listdir(path))
    if "modules.json" in names:
        return Native("folder", _plain(sentence_transformers.from_folder))
    if "config.json" in names and any(
        name.endswith((".safetensors", ".safetensors.index.json")) for name in names
    ):
        return Native("folder", pipelines.from_folder)
    return None
