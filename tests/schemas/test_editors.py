"""What programs of others make of the bundles: ajv in strict mode, ajv-cli on the single schemas, yaml-language-server in an editor."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlmodel.standard import rules, schemas
from tests.command import ROOT
from tests.overlay import BASE
from tests.schemas.language_server import LanguageServer

pytestmark = pytest.mark.node

BUNDLES = ROOT / "schemas" / "bundles"
DECLARED = [
    "markdownDescription",
    "deprecationMessage",
    "doNotSuggest",
    "patternErrorMessage",
]
"""Words of editors in the bundles; SchemaStore knows the first."""
COMPILE = """
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
const require = createRequire(process.argv[2] + "/x.mjs");
const Ajv = require("ajv").default;
const answers = {};
for (const [file, words] of JSON.parse(readFileSync(0, "utf-8"))) {
  const ajv = new Ajv({ strict: true });
  for (const word of words) ajv.addKeyword(word);
  try { ajv.compile(JSON.parse(readFileSync(file, "utf-8"))); answers[file] = null; }
  catch (error) { answers[file] = error.message; }
}
process.stdout.write(JSON.stringify(answers));
"""
MODEL = (BASE / "MLmodel").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ajv, ajv-cli and yaml-language-server."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node is not installed")
    folder = tmp_path_factory.mktemp("editors")
    options = ["--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock"]
    names = ["ajv@8", "ajv-cli@5", "yaml-language-server@1"]
    subprocess.run([npm, "install", "--prefix", str(folder), *options, *names], check=True, timeout=300)
    return folder


@pytest.fixture(scope="module", params=["mlmodel.bundle.schema.json", "mlmodel.lenient.bundle.schema.json"])
def server(
    packages: Path, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[LanguageServer, str]]:
    """yaml-language-server with one of the bundles for files named MLmodel, and the name of the bundle."""
    program = packages / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
    folder = tmp_path_factory.mktemp("models")
    schema = {(BUNDLES / request.param).as_uri(): "MLmodel"}
    running = LanguageServer(["node", str(program), "--stdio"], schema, folder)
    yield running, request.param
    running.close()


def test_bundles_compile_in_strict_mode(packages: Path, tmp_path: Path) -> None:
    (tmp_path / "compile.mjs").write_text(COMPILE, encoding="utf-8")
    store = ROOT / "schemas" / "schemastore" / "src" / "schemas" / "json" / "mlmodel.json"
    asked = [
        *((str(path), DECLARED) for path in sorted(BUNDLES.iterdir())),
        (str(store), ["markdownDescription"]),
    ]
    done = subprocess.run(
        ["node", str(tmp_path / "compile.mjs"), str(packages)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    answers = json.loads(done.stdout)
    assert len(answers) == len(asked)
    assert {file: wrong for file, wrong in answers.items() if wrong} == {}


@pytest.mark.parametrize(("change", "code"), [("", 0), ("flavors: {}\n", 1)])
def test_ajv_cli_takes_the_schemas_as_files(change: str, code: int, packages: Path, tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text(change or MODEL, encoding="utf-8")
    schema = ROOT / "schemas"
    done = subprocess.run(
        [
            str(packages / "node_modules" / ".bin" / "ajv"), "validate", "--strict=false", "-s", str(schema / "mlmodel.schema.json"),
            *("-r", str(schema / "flavors" / "*.schema.json")),
            *("-r", str(schema / "{input-example-info,resources,auth-policy}.schema.json")),
            *("-d", str(tmp_path / "model.yaml")),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == code, done.stderr


def test_a_model_without_faults_has_no_diagnostics(server: tuple[LanguageServer, str]) -> None:
    running, _ = server
    assert running.diagnostics(running.open("good/MLmodel", MODEL)) == []


def test_diagnostics(server: tuple[LanguageServer, str]) -> None:
    running, bundle = server
    text = MODEL.replace("cloudpickle\n", "joblib\n").replace(
        "mlflow_version: 2.15.0", "mlflow_version: 2.15"
    )
    text = text.replace(
        """'[{"type": "double", "name": "a", "required": true}""", """'[{"type": "float64", "name": "a"}"""
    )
    text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("utc_time"))
    lines = text.splitlines()
    found = {
        one["range"]["start"]["line"]: one["message"]
        for one in running.diagnostics(running.open("bad/MLmodel", text))
    }
    places = {"serialization_format": "Valid values", "inputs": "Expected a JSON array of objects"}
    if bundle == "mlmodel.bundle.schema.json":
        places |= {"flavors:": "utc_time_created", "mlflow_version": "Expected one of string, null"}
    for word, message in places.items():
        line = next(number for number, one in enumerate(lines) if word in one)
        assert message in found.pop(line)
    assert found == {}


@pytest.mark.parametrize(
    ("key", "words", "rule"),
    [
        ("loader_module", ["Import path of the module"], "MLM202"),
        ("mlflow_version", ["The release of MLflow", "Since MLflow 1.26.1."], "MLM119"),
        ("signature", ["What the model takes and returns"], "MLM302"),
        ("serialization_format", ["How the file was written", "`cloudpickle`", "`skops`"], None),
        ("type: dataframe", ["What the author passed", "`ndarray`"], None),
    ],
)
def test_hover(key: str, words: list[str], rule: str | None, server: tuple[LanguageServer, str]) -> None:
    running, _ = server
    uri = running.open(f"hover-{key.partition(':')[0]}/MLmodel", MODEL)
    line, text = next((number, one) for number, one in enumerate(MODEL.splitlines()) if key in one)
    shown = running.hover(uri, line, len(text) - len(text.lstrip()) + 1)
    assert [word for word in words if word not in shown] == []
    assert ("Allowed Values" in shown) is (rule is None)
    assert rule is None or f"[{rule}]({rules.catalogue()[rule].url})" in shown


def test_completion_of_flavors_offers_those_that_mlflow_has(server: tuple[LanguageServer, str]) -> None:
    running, _ = server
    offered = set(running.completions(running.open("flavors/MLmodel", "flavors:\n  \n"), 1, 2))
    retired = {
        flavor
        for flavor in schemas.flavor_names()
        if schemas.schema(f"flavors/{flavor}.schema.json")["x-flavor"]["removed-in"]
    }
    assert retired == {"diviner", "fastai", "gluon", "mleap", "promptflow"}
    assert schemas.flavor_names() - offered == retired


def test_completion_of_keys_and_values(server: tuple[LanguageServer, str]) -> None:
    running, _ = server
    text = "flavors:\n  sklearn:\n    \n  python_function:\n    loader_module: mlflow.sklearn\n    \n"
    uri = running.open("keys/MLmodel", text)
    assert {"pickled_model", "sklearn_version", "serialization_format"} <= set(running.completions(uri, 2, 4))
    keys = running.completions(uri, 5, 4)
    assert {"model_path", "env", "predict_fn"} <= set(keys)
    assert "loader_module" not in keys
    text = "flavors:\n  sklearn:\n    serialization_format: \n"
    uri = running.open("values/MLmodel", text)
    assert set(running.completions(uri, 2, 26)) >= {"pickle", "cloudpickle", "skops"}
