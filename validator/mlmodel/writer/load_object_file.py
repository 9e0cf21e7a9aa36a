"""A bare pickle, joblib or skops file: read statically first, loaded only if loading runs nothing but what is known."""

from __future__ import annotations

import os

from mlmodel.pickles import ContainerAnomaly, DeclaredClasses, Pickled, Unreadable, scan
from mlmodel.pickles.judgement import is_watched, judge, judge_document
from mlmodel.pickles.observations import Kind
from mlmodel.sources.directory import ModelDirectory, UnreadableError


class RefusedError(ValueError):
    """Loading the file could run what nobody asked for, or is not possible."""


def load(path: str) -> object:
    """The object in a file.

    Raises:
        RefusedError: the file cannot be read, holds no serialized object, or loading it would do more than to make
            objects of libraries that are known (:mod:`mlmodel.pickles.judgement`).
    """
    is_skops = judge_file(path)
    try:
        if is_skops:
            import skops.io

            return skops.io.load(path, trusted=[])
        # joblib reads its own files and plain pickles.
        import joblib

        return joblib.load(path)
    except ImportError as error:
        raise RefusedError(f"{path} cannot be loaded here: {error}; install what it was made with") from error
    except Exception as error:
        raise RefusedError(f"{path} cannot be loaded: {type(error).__name__}: {error}") from error


def judge_file(path: str) -> bool:
    """Refuse a file whose loading would do more than to make known objects; whether the file is of skops.

    Raises:
        RefusedError: as :func:`load`.
    """
    try:
        found = list(scan(ModelDirectory.around(path), os.path.basename(path), watch=is_watched, calls=False))
    except (UnreadableError, OSError) as error:
        raise RefusedError(f"{path} cannot be read: {error}") from error
    for item in found:
        if isinstance(item, Pickled):
            for remark in judge(item.stream, marked=item.marked):
                # Code by value does nothing before the model is called.
                if remark.kind is not Kind.CODE:
                    raise RefusedError(f"{path} is not loaded: byte {remark.offset:,}: {remark.message}")
        elif isinstance(item, Unreadable):
            raise RefusedError(f"{path} is not loaded, since it cannot be judged: {item.reason}")
        elif isinstance(item, ContainerAnomaly):
            raise RefusedError(f"{path} is not loaded: {item.message}")
        else:
            for remark in judge_document(item):
                raise RefusedError(f"{path} is not loaded: it {remark.message}")
    if not any(isinstance(item, (Pickled, DeclaredClasses)) for item in found):
        raise RefusedError(f"{path} holds no serialized object that is known")
    return any(isinstance(item, DeclaredClasses) and item.form == "skops" for item in found)
