"""What is known to help where a library says what it cannot do: by its words, the requirement that would change it.

The words are those of the libraries themselves, of the releases named beside them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record
from mlmodel.environment import recorded, saved_versions, versions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmodel.findings import Failure
    from mlmodel.model.model import Model


class Remedy(Record):
    """A requirement that helps."""

    distribution: str
    requirement: str
    """``protobuf<4``."""
    why: str


def _known(words: str, distribution: str, requirement: str, why: str) -> tuple[re.Pattern[str], Remedy]:
    return re.compile(words), Remedy(distribution, requirement, why)


_KNOWN = (
    # protobuf 3.20 and later, of code that an older protoc generated, as in MLflow before 1.27 (and 2.0 with 4.21).
    _known(
        r"Descriptors cannot (?:not )?be created directly",
        "protobuf",
        "protobuf<4",
        "what was generated for protobuf 3, as in older releases of MLflow, cannot be read by a later one",
    ),
    _known(
        r"numpy\.dtype size changed|compiled using NumPy 1\.x|_ARRAY_API not found"
        r"|numpy\.core\.multiarray failed to import|was removed in the NumPy 2\.0",
        "numpy",
        "numpy<2",
        "a library that is installed was made for NumPy 1",
    ),
    # NumPy 1.24 removed np.bool and its like.
    _known(
        r"module 'numpy' has no attribute '(?:bool|int|float|object|str|complex)'",
        "numpy",
        "numpy<1.24",
        "NumPy 1.24 removed these names",
    ),
    _known(
        r"No module named 'numpy\._core|<module 'numpy\._core",
        "numpy",
        "numpy>=2",
        "the model was saved with NumPy 2",
    ),
    _known(
        r"No module named 'pandas\.core\.indexes\.numeric'|Can't get attribute '_?(?:Int64Index|Float64Index)'",
        "pandas",
        "pandas<2",
        "its objects are of pandas 1",
    ),
    # pandas 2.3 and later pickle the missing value of a StringDtype, which earlier ones do not take.
    _known(
        r"StringDtype\.__init__\(\) takes from 1 to 2 positional arguments",
        "pandas",
        "pandas>=2.3",
        "its objects are of a later pandas",
    ),
    _known(
        r"Can't get attribute '\w+' on <module 'pandas\.|No module named 'pandas\._libs"
        r"|NDArrayBacked|cannot be unpickled by this version of pandas",
        "pandas",
        "",
        "its objects are of another pandas",
    ),
    _known(
        r"(?:_pickle__|__bit_generator|__randomstate)_ctor\(\) takes",
        "numpy",
        "",
        "its random generators are of another NumPy",
    ),
)
_CATEGORIES = lazy_pattern(
    r"train and valid dataset categorical_feature do not match"  # lightgbm.basic
    r"|pandas dtypes must be int, float or bool"  # lightgbm.basic
    r"|DataFrame\.dtypes for data must be int, float, bool or category"  # xgboost.data
    r"|categorical type is supplied|categor\w+ (?:not in|mismatch|in the training set)",
)


def known(failure: Failure) -> Remedy | None:
    """What helps against an exception or what it came from, None where nothing is known."""
    texts = [f"{failure.type}: {failure.message}", *(f"{kind}: {text}" for kind, text, _ in failure.causes)]
    return next((remedy for words, remedy in _KNOWN if any(words.search(text) for text in texts)), None)


def hint(model: Model, failure: Failure, installed: Mapping[str, str]) -> str | None:
    """What to write in the requirements, and why; None where nothing is known."""
    remedy = known(failure)
    if remedy is not None:
        names = recorded.of(model).names
        here = installed.get(remedy.distribution)
        of = f" ({remedy.distribution} {here} is installed)" if here else ""
        if remedy.requirement:
            verb = "write" if remedy.distribution in names else "add"
            listings = recorded.of(model).listings
            file = listings[0].file if listings else "requirements.txt"
            return f"{verb} {remedy.requirement} {'in' if verb == 'write' else 'to'} {file}: {remedy.why}{of}"
        return f"pin the {remedy.distribution} that saved the model: {remedy.why}{of}"
    return other_version(model, failure, installed)


def other_version(model: Model, failure: Failure, installed: Mapping[str, str]) -> str | None:
    """That a library which the exception is of is not the version that saved the model."""
    text = "\n".join((failure.traceback, *(cause for _, cause, _ in failure.causes)))
    for one in saved_versions.of(model):
        distribution, saved = one.distribution, one.public
        here = installed.get(distribution)
        module = {"scikit-learn": "sklearn"}.get(distribution, distribution.replace("-", "_"))
        if here and not versions.same(here, saved) and re.search(rf"\b{re.escape(module)}\b", text):
            return (
                f"it was saved with {distribution} {saved}, and this is {here}: pin {distribution}=={saved}"
            )
    return None


def categories(failure: Failure) -> bool:
    """Whether LightGBM or XGBoost misses the categories of a pandas column, which JSON does not carry."""
    return bool(_CATEGORIES.search(failure.message))
