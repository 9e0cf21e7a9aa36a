"""Where the validator and MLflow judge differently, and why: the whole list.

``STRICTER`` are the errors of the validator about models that MLflow reads.  ``UNFORESEEN`` are the errors of
MLflow about models that the validator finds valid, most of them with a warning.  The test
allows nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml
from packaging.version import InvalidVersion, Version

from tests.environments import NEWEST, RELEASES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.differential.comparison import Compared

STRICTER = {
    # The directory and its paths
    "MLM003": "a path that only some readers open (`env`, the example, a flavor that was not loaded)",
    "MLM004": "a path that only some readers open, and that leads out of the directory",
    "MLM006": "a path that only some readers open, written for Windows",
    "MLM007": "a path that only some readers open, to a file that is not there",
    "MLM008": "a path that only some readers open, to the directory itself or to one where a file is opened",
    "MLM017": "a missing `code` directory is noticed only where a module of it is imported",
    # The MLmodel file
    "MLM104": "PyYAML keeps the last of two equal keys and drops the other without a word",
    "MLM105": "keys that are no strings fail only where they become arguments of a function",
    "MLM106": "PyYAML reads `!!binary`, `!!set` and `!!omap`; nothing else that reads the file does",
    "MLM110": "`Model.load` checks no types; typed readers and registries do",
    "MLM112": "`Model.load` reads a file that names no flavor; nothing can load the model",
    "MLM115": "the key hides a method or value that `Model.load` itself does not use",
    "MLM118": "MLflow keeps unknown keys of the top level, and ignores them in a flavor",
    "MLM121": "`Model.load` takes any `metadata`; loading or predicting fails",
    "MLM122": "`Model.load` reads a model that `load_model` refuses",
    "MLM125": "MLflow takes an empty or zero value for no list",
    "MLM201": "`Model.load` does not look into flavors; the flavor's loader fails",
    "MLM202": "`Model.load` does not look into flavors; `pyfunc.load_model` fails",
    "MLM204": "`Model.load` does not look into flavors; the flavor's own loader fails",
    "MLM205": "`Model.load` does not look into flavors; the flavor's own loader fails",
    "MLM206": "`Model.load` does not look into flavors; the flavor's own loader fails",
    "MLM211": "`Model.load` does not look into flavors; `pyfunc.load_model` fails",
    "MLM213": "the environment is looked at only when it is rebuilt",
    "MLM214": "each reader reads one of the two paths, and loads another model",
    "MLM220": "`Model.load` does not import the loader module; `pyfunc.load_model` imports it first",
    "MLM221": "`Model.load` does not look into flavors; loading as a Python function, or predicting, fails",
    # The signature
    "MLM303": "false, 0 and empty lists and mappings count as no schema",
    "MLM304": "an empty JSON object counts as an empty array of params",
    "MLM307": "2.18 and later ignore `optional` beside `required` where the type is nested; 2.10 to 2.17 fail",
    "MLM311": "predictions cannot tell two columns of one name apart",
    "MLM313": "the release that the file names cannot read what later ones can",
    "MLM317": "a map of vectors is read as a vector",
    "MLM318": "numpy takes null, lists, mappings and structured types, and writes another type again",
    "MLM319": "any list is read as a shape; predictions fail",
    "MLM322": "a null `type` beside a `dtype` is overlooked",
    "MLM323": "relative dates, two-digit years and null dates are read, and mean another value each time or cannot be written",
    # The environment
    "MLM412": "the environment is looked at only when it is rebuilt",
    "MLM431": "the environment is looked at only when it is rebuilt",
    "MLM460": "the environment is looked at only when it is rebuilt",
    # The input example
    "MLM501": "a stored example is read only on request, and what goes wrong is not shown",
    "MLM502": "a stored example is read only on request, and what goes wrong is not shown",
    "MLM504": "a stored example is read only on request, and what goes wrong is not shown",
    "MLM505": "a stored example is read only on request, and what goes wrong is not shown",
    "MLM506": "the example and the signature are never compared",
    "MLM508": "the example and the signature are never compared",
    # The tool
    "MLM903": "more levels of nesting, or digits, than the validator judges",
    # Serialized objects
    "MLM613": "`Model.load` does not look into flavors; the flavor's own loader imports and calls what is named",
    "MLM617": "`Model.load` does not import the loader module; `pyfunc.load_model` imports whatever is named",
}
"""Rules of which MLflow 3.17.2 reads a model that they reject.  Each rule's page says why it rejects all the same."""


@dataclass(frozen=True)
class Unforeseen:
    """An error of MLflow about a model that has no error of ours."""

    error: str
    """A pattern for the phase and the text of the error."""
    why: str
    rules: frozenset[str] = frozenset()
    """Of these rules one has said so, as a warning or as information.  None where nothing can be said."""
    releases: frozenset[str] = frozenset(RELEASES)
    where: Callable[[str, Compared], bool] = lambda _release, _compared: True
    """What else has to hold."""

    def covers(self, release: str, compared: Compared, error: str) -> bool:
        """Whether this is the error of a phase (``load: TypeError: ...``)."""
        return (
            release in self.releases
            and re.search(self.error, error) is not None
            and (not self.rules or bool(self.rules & compared.rules))
            and self.where(release, compared)
        )


def _recorded(compared: Compared) -> Version | None:
    """The release that the mutant names, None where it names none."""
    try:
        data = yaml.safe_load(compared.mutant.content)
        return Version(data["mlflow_version"])
    except (yaml.YAMLError, InvalidVersion, KeyError, TypeError):
        return None


def _later(release: str, compared: Compared) -> bool:
    recorded = _recorded(compared)
    return recorded is None or recorded > Version(release)


def _empty_schemas_were_read(_release: str, compared: Compared) -> bool:
    recorded = _recorded(compared)
    return recorded is None or recorded <= Version("2.6.0")


OLD = frozenset(RELEASES) - {NEWEST}

UNFORESEEN = (
    # What no file says.
    Unforeseen(
        r"^pyfunc: (ModuleNotFoundError|ImportError|AttributeError: module .* has no attribute '_load_pyfunc'|TypeError: .*relative import)",
        "the environment has to bring the loader's module",
        frozenset({"MLM215", "MLM216"}),
    ),
    Unforeseen(
        r"^pyfunc: .*Model implementation is missing required .* method",
        "which methods a model has is known when it is loaded",
    ),
    Unforeseen(
        r"^pyfunc: (FileNotFoundError|NotADirectoryError): .*weights\.txt'$",
        "a loader of the model's own opens what it likes",
    ),
    Unforeseen(
        r'^pyfunc: .*Model does not have the "python_function" flavor',
        "a model may have other flavors only",
        frozenset({"MLM203"}),
    ),
    Unforeseen(
        r"^pyfunc: .*(MLmodel|Model does not have the .* flavor)",
        "some loaders can do without the entry of their flavor, in some releases",
        frozenset({"MLM219"}),
    ),
    Unforeseen(
        r"TypeError: (data type .* not understood|Alias .* was removed in NumPy 2\.0)",
        "the release of numpy and the platform decide",
        frozenset({"MLM332"}),
    ),
    Unforeseen(
        r"^pyfunc: .*(datetime|date)\b",
        "a date where a string is wanted fails in some places; the warning comes in all",
        frozenset({"MLM111"}),
    ),
    Unforeseen(
        r"^write: AttributeError: 'NoneType' object has no attribute 'isoformat'",
        "a null date is read, and the model predicts; only its MLmodel file cannot be written again",
        frozenset({"MLM335"}),
    ),
    # What another release wrote, and reads.
    Unforeseen(
        r"unexpected keyword argument 'optional'",
        "MLflow 2.5 to 2.17 read the column, and one of them wrote the file",
        frozenset({"MLM312"}),
    ),
    Unforeseen(
        r"unnamed optional inputs is not supported",
        "MLflow 2.5 to 2.9 read unnamed columns that are optional, and one of them wrote the file",
        frozenset({"MLM312"}),
        OLD,
    ),
    Unforeseen(
        r"Creating Schema with empty inputs is not allowed",
        "MLflow up to 2.6 wrote and reads empty schemas, and one of them wrote the file, or it does not say",
        where=_empty_schemas_were_read,
    ),
    Unforeseen(
        r"(Unsupported (value )?type '(any|sparkml_vector)'"
        r"|unexpected keyword argument '(values|items|properties|tensor-spec)'|KeyError: 'object')",
        "types that came after 2.15, in a file of a later release or of none",
        releases=frozenset({"2.15.0"}),
        where=_later,
    ),
    Unforeseen(
        r"(unexpected keyword argument '(required|items|properties|values|tensor-spec)'"
        r"|Unsupported type '(array|object|map|any|sparkml_vector)'|KeyError: '(inputs|outputs)')",
        "`required`, nested types and signatures without inputs or outputs came after 1.30, and the file is of a later"
        " release or of none",
        releases=frozenset({"1.30.1"}),
        where=_later,
    ),
)


def unforeseen(release: str, compared: Compared) -> Unforeseen | None:
    """What explains every error of MLflow about a model without an error of ours, None where nothing does."""
    found = None
    for phase, error in compared.raised.items():
        found = next(
            (each for each in UNFORESEEN if each.covers(release, compared, f"{phase}: {error}")), None
        )
        if found is None:
            return None
    return found
