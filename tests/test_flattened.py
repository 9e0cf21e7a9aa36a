"""A careless copy and paste of an MLmodel file: its author hears which line is missing, and where.

Lines get lost, or lose their indentation.  The findings name every lost line and every line that stands in
the wrong place, once, and nothing that only follows from it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mlmodel import Finding, Severity, validate
from mlmodel.documents import parse_yaml
from mlmodel.model.outline import misplaced_keys

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "sklearn-logistic-regression"
LINES = (EXAMPLE / "MLmodel").read_text(encoding="utf-8").splitlines()
SEEDS = sorted((ROOT / "tests" / "differential" / "seeds").glob("*.MLmodel"))


def indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def lose(lines: list[str], *keys: str, dedent: bool) -> list[str]:
    """Without the lines of some keys; what stood below them moves up to their level, or stays."""
    for key in keys:
        start = next(index for index, line in enumerate(lines) if line.strip() == f"{key}:")
        end = start + 1
        while end < len(lines) and indent(lines[end]) > indent(lines[start]):
            end += 1
        children = [line[2:] if dedent else line for line in lines[start + 1 : end]]
        lines = [*lines[:start], *children, *lines[end:]]
    return lines


def findings(lines: list[str], folder: Path) -> list[Finding]:
    model = shutil.copytree(EXAMPLE, folder / "model")
    (model / "MLmodel").write_text("\n".join([*lines, ""]), encoding="utf-8", newline="\n")
    report = validate(model)
    return [finding for finding in report.findings if finding.severity > Severity.INFO]


LOST_THREE = ("flavors", "env", "signature")

PYFUNC = "'env' (line 3), 'loader_module' (line 6), 'model_path' (line 7), 'predict_fn' (line 8)"

# What each mistake does to the lines, and what is said of it: the line, the rule, words of the message.
MISTAKES: dict[str, tuple[list[str], list[tuple[int, str, str]]]] = {
    "all flavors pasted below a second flavors": (
        [*LINES[:2], "  flavors:", *(f"  {line}" for line in LINES[2:15]), *LINES[15:]],
        [
            (
                4,
                "MLM118",
                "'sklearn' (line 12) stand under flavors.flavors; they belong under flavors",
            ),
        ],
    ),
    "three lines lost, their children moved up": (
        lose(LINES, *LOST_THREE, dedent=True),
        [
            (2, "MLM112", "top-level key 'flavors' is missing"),
            (
                2,
                "MLM118",
                "the line `flavors:` is missing above 'python_function' (line 2) and 'sklearn' (line 9)",
            ),
            (3, "MLM118", "the line `env:` is missing above 'conda' (line 3) and 'virtualenv' (line 4)"),
            (23, "MLM118", "the line `signature:` is missing above 'inputs' (line 23), 'outputs' (line 25)"),
        ],
    ),
    "three lines lost, their children left indented": (
        lose(LINES, *LOST_THREE, dedent=False),
        [
            (
                2,
                "MLM118",
                "the line `flavors:` is missing above 'python_function' (line 2) and 'sklearn' (line 9)",
            ),
            (2, "MLM101", "mapping values are not allowed"),
            (3, "MLM118", "the line `env:` is missing above 'conda' (line 3) and 'virtualenv' (line 4)"),
            (23, "MLM118", "the line `signature:` is missing above 'inputs' (line 23), 'outputs' (line 25)"),
        ],
    ),
    "the first line lost, what stood below it indented under nothing": (
        lose(LINES[1:], "flavors", dedent=False),
        [
            (
                1,
                "MLM118",
                "'python_function' (line 1) and 'sklearn' (line 9), which stand indented under nothing",
            ),
            (14, "MLM101", ""),
        ],
    ),
    "flavors: lost, moved up": (
        lose(LINES, "flavors", dedent=True),
        [(2, "MLM112", ""), (2, "MLM118", "the line `flavors:` is missing")],
    ),
    "env: lost, moved up": (
        lose(LINES, "env", dedent=True),
        [(4, "MLM118", "the line `env:` is missing above 'conda' (line 4) and 'virtualenv' (line 5)")],
    ),
    "env: lost, left indented": (
        lose(LINES, "env", dedent=False),
        [(4, "MLM118", "the line `env:` is missing above 'conda' (line 4)"), (6, "MLM101", "")],
    ),
    "signature: lost, moved up": (
        lose(LINES, "signature", dedent=True),
        [
            (
                25,
                "MLM118",
                "the line `signature:` is missing above 'inputs' (line 25), 'outputs' (line 27) and 'params'",
            )
        ],
    ),
    "signature: lost, and read as part of what stands above": (
        lose(LINES, "signature", dedent=False),
        [(25, "MLM118", "'params' (line 28), which stand under saved_input_example_info")],
    ),
    "python_function: lost, moved up": (
        lose(LINES, "python_function", dedent=True),
        [(3, "MLM118", f"the line `python_function:` is missing above {PYFUNC}")],
    ),
    "python_function: lost, left indented": (
        lose(LINES, "python_function", dedent=False),
        [(3, "MLM118", f"the line `python_function:` is missing above {PYFUNC}"), (10, "MLM101", "")],
    ),
    "sklearn: lost, moved up": (
        lose(LINES, "sklearn", dedent=True),
        [(11, "MLM118", "the line `sklearn:` is missing above 'code' (line 11), 'pickled_model' (line 12)")],
    ),
    "sklearn: lost, and read as part of what stands above": (
        lose(LINES, "sklearn", dedent=False),
        [(12, "MLM118", "the line `sklearn:` is missing above 'pickled_model' (line 12)")],
    ),
    "saved_input_example_info: lost, left indented": (
        lose(LINES, "saved_input_example_info", dedent=False),
        [
            (20, "MLM118", "the line `saved_input_example_info:` is missing above 'artifact_path' (line 20)"),
            (20, "MLM101", ""),
        ],
    ),
    "saved_input_example_info: lost, moved up": (
        lose(LINES, "saved_input_example_info", dedent=True),
        [
            (20, "MLM104", "'artifact_path' stands twice"),
            (
                20,
                "MLM118",
                "the line `saved_input_example_info:` is missing above 'artifact_path' (line 20), 'pandas_orient'",
            ),
        ],
    ),
    "all indentation lost": (
        [line.lstrip() for line in LINES],
        [
            (2, "MLM112", "'flavors' names no flavor"),
            (3, "MLM118", "'python_function' (line 3) and 'sklearn' (line 11) stand at the top level"),
            (
                4,
                "MLM118",
                "'python_version' (line 10) stand at the top level; they belong under flavors.python_function",
            ),
            (5, "MLM118", "'conda' (line 5) and 'virtualenv' (line 6) stand at the top level"),
            (
                12,
                "MLM118",
                "'sklearn_version' (line 15) stand at the top level; they belong under flavors.sklearn",
            ),
            (21, "MLM104", "'artifact_path' stands twice"),
            (
                21,
                "MLM118",
                "'type' (line 24) stand at the top level; they belong under saved_input_example_info",
            ),
            (26, "MLM118", "'params' (line 29) stand at the top level; they belong under signature"),
        ],
    ),
    "all but the first line indented": (
        [LINES[0], *("  " + line for line in LINES[1:])],
        [
            (
                2,
                "MLM118",
                "'utc_time_created' (line 30) stand under artifact_path; they belong at the top level",
            ),
            (2, "MLM101", ""),
        ],
    ),
    "pasted below a key": (
        ["model:", *("  " + line for line in LINES)],
        [(1, "MLM112", ""), (2, "MLM118", "stand under model; they belong at the top level")],
    ),
    "one line indented too little": (
        [line.replace("    loader_module", "  loader_module") for line in LINES],
        [
            (
                7,
                "MLM118",
                "'loader_module' (line 7) stands under flavors; it belongs under flavors.python_function",
            ),
            (8, "MLM101", ""),
        ],
    ),
    "one line indented too much": (
        [line.replace("    loader_module", "      loader_module") for line in LINES],
        [
            (3, "MLM202", ""),
            (7, "MLM118", "'loader_module' (line 7) stands under flavors.python_function.env"),
        ],
    ),
    "signature: indented, its children not": (
        [line.replace("signature:", "  signature:") for line in LINES],
        [
            (
                25,
                "MLM118",
                "'signature' (line 25) stands under saved_input_example_info; it belongs at the top level",
            ),
            (
                26,
                "MLM118",
                "'params' (line 29) stand under saved_input_example_info; they belong under signature",
            ),
        ],
    ),
    "indented with tabs": (
        [line.replace("  ", "\t") for line in LINES],
        [(3, "MLM101", "")],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_every_line_is_told_once(mistake: str, tmp_path: Path) -> None:
    lines, expected = MISTAKES[mistake]
    found = findings(lines, tmp_path)
    assert [(finding.location.line, finding.rule) for finding in found] == [
        (line, rule) for line, rule, _ in expected
    ]
    for finding, (_, _, words) in zip(found, expected, strict=True):
        assert words in finding.message


def test_the_same_text_unharmed_is_valid(tmp_path: Path) -> None:
    assert findings(LINES, tmp_path) == []
    assert findings(["    " + line for line in LINES], tmp_path / "all-indented") == []


@pytest.mark.parametrize(
    "mistake", ["three lines lost, their children left indented", "env: lost, left indented"]
)
def test_a_syntax_error_says_what_is_wrong_with_the_indentation(mistake: str, tmp_path: Path) -> None:
    (syntax,) = (finding for finding in findings(MISTAKES[mistake][0], tmp_path) if finding.rule == "MLM101")
    assert syntax.hint in (
        "'artifact_path' (line 1) has a value already, so nothing can be indented below it",
        "no key above has its indentation; 'conda' (line 4) has more",
    )


def test_tabs_are_named(tmp_path: Path) -> None:
    (syntax,) = findings(MISTAKES["indented with tabs"][0], tmp_path)
    assert syntax.hint is not None
    assert "tabs" in syntax.hint


def headers(lines: list[str]) -> list[str]:
    """The keys whose lines hold a model's file together."""
    data = parse_yaml("\n".join(lines), "MLmodel").data
    keys = [
        key for key in ("flavors", "signature", "saved_input_example_info") if isinstance(data.get(key), dict)
    ]
    flavors = data["flavors"]
    keys += [
        name for name in flavors if f"  {name}:" in lines and (len(flavors) > 1 or name == "python_function")
    ]
    if isinstance(flavors.get("python_function", {}).get("env"), dict):
        keys.append("env")
    return keys


@pytest.mark.parametrize("dedent", [True, False], ids=["moved up", "left indented"])
@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.stem)
def test_any_lost_line_of_a_real_file_is_named(seed: Path, dedent: bool) -> None:
    lines = seed.read_text(encoding="utf-8").splitlines()
    assert misplaced_keys.misplaced(parse_yaml("\n".join(lines), "MLmodel")) == ()
    for key in headers(lines):
        (found,) = misplaced_keys.misplaced(parse_yaml("\n".join(lose(lines, key, dedent=dedent)), "MLmodel"))
        assert found.lost == (key,)


OWN_KEYS = [
    "version: 3", 'version: "3"', "model: x", "task: classification", "params: {lr: 0.1}", "params: x", "inputs: 3",
    "type: classifier", "data: s3://x", "config: {a: 1}", "model_type: xgb", "model_path: x", "python_version: 3.11.7",
    "framework: sklearn", "env: prod", "env_name: prod", "keras_version: 1", "spark: {a: 1}", "openai: true",
    "code: x", "artifacts: [a]", "source_model_name: bert", "instance_type: ml.m5", "conda: conda.yaml",
    "custom: {flavors: x, python_function: {loader_module: x}, mlflow_version: 3}",
]  # fmt: skip


@pytest.mark.parametrize("own", OWN_KEYS)
def test_a_key_of_the_author_is_not_misplaced(own: str) -> None:
    for anchor in ("", "    predict_fn", "    pickled_model", "  inputs"):
        place = next(
            (index for index, line in enumerate(LINES) if anchor and line.startswith(anchor)), len(LINES)
        )
        lines = [*LINES[:place], " " * indent(anchor) + own, *LINES[place:]]
        document = parse_yaml("\n".join(lines), "MLmodel")
        if not document.problems:  # a second model_path is another mistake
            assert misplaced_keys.misplaced(document) == ()
