"""Writes README.md: what the comparison finds.  ``python -m tests.differential.report`` asks MLflow and writes."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from mlmodel.standard import rules
from tests.differential.comparison import compare
from tests.differential.disagreements import STRICTER, UNFORESEEN, unforeseen
from tests.environments import NEWEST

if TYPE_CHECKING:
    from tests.differential.comparison import Compared

README = Path(__file__).with_name("README.md")
NUMBER = 10_000
SEED = 3172

HEAD = """\
# Where the validator and MLflow judge differently

`test_differential.py` changes real MLmodel files in thousands of ways and shows each to a real MLflow and to the
validator. MLflow is asked for `Model.load`, the signature and its schemas, `to_dict`, and, for the models whose
files are kept here, `mlflow.pyfunc.load_model`.

- Where MLflow raises, the validator has an error. The exceptions are in the second table.
- Where the validator has an error and MLflow {release} has none, all its rules are in the first table, and the page of each rule
  says why.

Both tables are written by `python -m tests.differential.report`; the lists themselves are `disagreements.py`.
The tests need no MLflow at hand: `pytest -m mlflow tests/differential` installs the releases in the user's cache, or
uses those in `$MLMODEL_TEST_VENVS/<release>`.

Of {number:,} mutants (seed {seed}), MLflow {release} refuses {refused:,}. The validator rejects {both:,} of these, and {stricter:,} others.

## Errors of ours, not of MLflow {release}

"Loads too" counts the mutants that also pass `mlflow.pyfunc.load_model`; the others were read by `Model.load` only.

| rule | mutants | loads too | why |
|---|---|---|---|
"""

MIDDLE = """
## Errors of MLflow, not of ours

| error | said by | mutants | why |
|---|---|---|---|
"""


def text(results: list[Compared]) -> str:
    """The whole page."""
    stricter = [each for each in results if each.rejected and not each.raised]
    counts = Counter(rule for each in stricter for rule in each.errors)
    loaded = Counter(rule for each in stricter if "pyfunc" in each.answer for rule in each.errors)
    refused = [each for each in results if each.raised]
    both = [each for each in refused if each.rejected]
    missed = Counter(unforeseen(NEWEST, each) for each in refused if not each.rejected)
    unknown = [each for each in refused if not each.rejected and unforeseen(NEWEST, each) is None]
    unknown += [each for each in stricter if not each.errors <= STRICTER.keys()]
    if unknown:
        raise SystemExit("disagreements that are not listed:\n" + "\n".join(map(str, unknown)))
    head = HEAD.format(
        release=NEWEST,
        number=len(results),
        seed=SEED,
        refused=len(refused),
        both=len(both),
        stricter=len(stricter),
    )
    lines = [
        f"| {_link(rule)} | {counts[rule]} | {loaded[rule]} | {why} |\n" for rule, why in STRICTER.items()
    ]
    others = [
        f"| `{_cell(each.error)}` | {', '.join(map(_link, sorted(each.rules)))} | {missed[each]} | {each.why} |\n"
        for each in UNFORESEEN
        if NEWEST in each.releases
    ]
    return head + "".join(lines) + MIDDLE + "".join(others)


def _link(rule: str) -> str:
    # `rule` in brackets would link to an anchor that is not there.
    return f"[{rule}](../../{rules.catalogue()[rule].page})"


def _cell(pattern: str) -> str:
    return pattern.replace("|", "\\|")


def main() -> None:
    """Ask, and write."""
    with tempfile.TemporaryDirectory() as directory:
        README.write_text(text(list(compare(NEWEST, NUMBER, SEED, Path(directory)))), encoding="utf-8")


if __name__ == "__main__":
    main()
