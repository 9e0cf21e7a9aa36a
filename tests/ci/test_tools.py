"""What other people's tools say of our outputs and recipes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.in_process import here, mlmodel
from tests.command import ROOT
from tests.overlay import apply, make_model

__all__ = ["here"]

RECIPES = ROOT / "docs" / "ci"


@pytest.fixture
def bad(here: Path) -> Path:
    """A model with errors in text and in a pickle, in a folder with a name that is not plain."""
    model = make_model(here / "models" / "a b#ü")
    apply(model, "write model.pkl base64:gASMAm9zjAZzeXN0ZW2TjAR0cnVlhVIu")
    apply(model, "set MLmodel /flavors/python_function/model_path ../model.pkl")
    return model


# -- npm -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def npm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("npm")
    packages = (
        "@microsoft/sarif-multitool@5",
        "axe-core@4",
        "jsdom@26",
        "html-validate@10",
        "puppeteer-core@24",
    )
    subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(folder), *packages],
        check=True,
        capture_output=True,
    )
    return folder / "node_modules"


@pytest.mark.node
def test_sarif_keeps_the_rules_of_microsoft_and_github(npm: Path, bad: Path) -> None:
    (bad.parents[1] / ".git").mkdir()
    Path("mlmodel.toml").write_text(
        '[[per-finding-ignores]]\nrules = ["MLM214"]\nreason = "known"\n', encoding="utf-8"
    )
    assert mlmodel("validate", "--format", "sarif=report.sarif", "-r", ".").status == 1
    subprocess.run(
        [_multitool(npm), "validate", "report.sarif", "--rule-kind", "Sarif;Ghas", "--output", "said.sarif"],
        check=True,
        capture_output=True,
        timeout=300,
    )
    (run,) = json.loads(Path("said.sarif").read_text(encoding="utf-8-sig"))["runs"]
    worse = [
        (item["ruleId"], item.get("message"))
        for item in run.get("results", ())
        if item.get("level", "warning") != "note"
    ]
    assert worse == []


def _multitool(npm: Path) -> str:
    found = [path for path in npm.glob("@microsoft/sarif-multitool-*/Sarif.Multitool") if path.is_file()]
    if not found:
        pytest.skip("the tool has no program for this system")
    return str(found[0])


AXE = """
const fs = require("fs"), [, page, browser] = process.argv;
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const said = (where, result) => result.violations.map(v => [where, v.id, v.impact, v.nodes[0].html.slice(0, 200)]);
async function inBrowser() {
  const opened = await require("puppeteer-core").launch({executablePath: browser, args: ["--no-sandbox"]});
  const found = [];
  for (const [scheme, width] of [["light", 1100], ["dark", 1100], ["light", 360]]) {
    const tab = await opened.newPage();
    await tab.setViewport({width, height: 900});
    await tab.emulateMediaFeatures([{name: "prefers-color-scheme", value: scheme}]);
    await tab.goto("file://" + page);
    await tab.evaluate(() => document.querySelectorAll("details").forEach(part => { part.open = true; }));
    await tab.addScriptTag({content: axe});
    found.push(...said(`${scheme} ${width}`, await tab.evaluate(() => window.axe.run())));
    const wide = await tab.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wide > 0) found.push([`${scheme} ${width}`, "wider than the window", "serious", `${wide} pixels`]);
  }
  await opened.close();
  return found;
}
async function inJsdom() {
  const {window} = new (require("jsdom").JSDOM)(fs.readFileSync(page, "utf8"), {runScripts: "outside-only"});
  window.eval(axe);
  return said("jsdom", await window.axe.run({rules: {"color-contrast": {enabled: false}}}));
}
(browser ? inBrowser() : inJsdom()).then(found => console.log(JSON.stringify(found)));
"""


@pytest.mark.node
def test_the_page_is_accessible_and_well_formed(npm: Path, bad: Path) -> None:
    make_model(bad.parent / "good")
    mlmodel("validate", "-v", "--format", "html=report.html", "-r", ".")
    page = Path("report.html").resolve()
    browser = shutil.which("chromium") or shutil.which("google-chrome") or ""
    done = subprocess.run(
        ["node", "-e", AXE, str(page), browser],
        check=True,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        env={**os.environ, "NODE_PATH": str(npm)},
    )
    assert json.loads(done.stdout) == []
    checked = subprocess.run(
        ["node", str(npm / "html-validate" / "bin" / "html-validate.mjs"), str(page)],
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert checked.returncode == 0, checked.stdout


# -- PyPI ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tools")
    packages = ("check-jsonschema>=0.30", "zizmor>=1.5", "junitparser>=3")
    subprocess.run([sys.executable, "-m", "uv", "venv", "--quiet", str(folder)], check=True)
    subprocess.run(
        [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(folder), *packages],
        check=True,
    )
    return folder / ("Scripts" if os.name == "nt" else "bin")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("vendor.github-actions", ROOT / "action.yml"),
        ("vendor.github-workflows", RECIPES / "github.yml"),
        ("vendor.github-workflows", RECIPES / "github-code-scanning.yml"),
        ("vendor.gitlab-ci", RECIPES / "gitlab-ci.yml"),
        ("vendor.azure-pipelines", RECIPES / "azure-pipelines.yml"),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else "",
)
def test_recipes_are_what_the_services_read(tools: Path, schema: str, path: Path) -> None:
    command = [
        str(tools / "check-jsonschema"),
        "--regex-variant",
        "nonunicode",
        "--builtin-schema",
        schema,
        str(path),
    ]
    done = subprocess.run(command, check=False, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_zizmor_finds_nothing_in_the_action(tools: Path) -> None:
    done = subprocess.run(
        [str(tools / "zizmor"), "--offline", "--persona", "regular", str(ROOT / "action.yml")],
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_a_parser_of_junit_reads_every_case(tools: Path, bad: Path) -> None:
    mlmodel("validate", "--format", "junit=junit.xml", "-r", ".")
    code = (
        "import json, junitparser\n"
        "suites = junitparser.JUnitXml.fromfile('junit.xml')\n"
        "print(json.dumps([[s.name, s.tests, s.failures, s.errors, len(list(s))] for s in suites]))"
    )
    done = subprocess.run(
        [str(tools / "python"), "-c", code], check=True, capture_output=True, encoding="utf-8"
    )
    found: list[Any] = json.loads(done.stdout)
    ((name, tests, failures, errors, cases),) = found
    assert name == "models/a b#ü"
    assert tests == cases == failures + 1
    assert errors == 0
