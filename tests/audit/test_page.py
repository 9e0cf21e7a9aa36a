"""The page of an audit: what it counts, and what a browser makes of it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.in_process import here, mlmodel

__all__ = ["here"]

FINDING = {
    "rule": "MLM007",
    "name": "referenced-file-missing",
    "severity": "error",
    "message": "<script>alert(1)</script> is not there",
    "file": "MLmodel",
    "line": 3,
    "column": 1,
    "pointer": None,
    "offset": None,
    "hint": None,
}


def row(number: int, *, bad: bool, **more: Any) -> dict[str, Any]:
    return {
        "id": f"models:/fraud/{number}",
        "owner": "ann",
        "created": "2026-01-02T03:04:05Z",
        "verdict": "invalid" if bad else "valid",
        "errors": int(bad),
        "warnings": 0,
        "infos": 0,
        "mlflow_version": "2.15.0",
        "python": "3.11.7",
        "flavors": ["sklearn"],
        "source": "/models/fraud",
        "findings": [FINDING] if bad else [],
        **more,
    }


def write(rows: list[dict[str, Any]], path: str = "results.jsonl") -> None:
    Path(path).write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="ascii")


def page(*results: str) -> str:
    done = mlmodel("report", *(results or ("results.jsonl",)), "-o", "page.html")
    assert (done.status, done.stdout) == (0, "page.html\n"), done.stderr
    return Path("page.html").read_text(encoding="ascii")


def test_what_is_counted(here: Path) -> None:
    write([row(1, bad=True), row(2, bad=True, owner="bob"), row(3, bad=False, owner=None)])
    text = page()
    assert "<h1>3 models audited</h1>" in text
    assert re.search(r"<b>1</b> valid</li>.*<b>2</b> invalid</li>.*<b>0</b> not judged</li>", text)
    assert re.search(r"MLM007</a> [\w-]+</th><td>.*?</td><td>2</td><td>2</td><td>2</td>", text)
    assert 'aria-label="By release of MLflow: 2.15.0: 1 valid, 2 invalid"' in text
    assert 'aria-label="By Python: 3.11: 1 valid, 2 invalid"' in text
    assert 'aria-label="By month in which they were made: 2026-01: 1 valid, 2 invalid"' in text
    assert "<script>alert" not in text
    assert not re.search(r'(?:src|href)="(?!https://|#)', text)


def test_the_worst_are_listed(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlmodel.audit.page.LISTED", 3)
    write([row(number, bad=number % 5 == 4) for number in range(10)])
    text = page()
    assert re.findall(r"<code>models:/fraud/(\d)</code>", text) == ["4", "9", "0"]
    assert "... and 7 more" in text


def test_many_months_are_years(here: Path) -> None:
    write([row(n, bad=False, created=f"{2020 + n // 12}-{n % 12 + 1:02}-01T00:00:00Z") for n in range(30)])
    assert "By year in which they were made: 2020: 12 valid; 2021: 12 valid; 2022: 6 valid" in page()


def test_several_results_and_one_in_the_making(here: Path) -> None:
    write([row(1, bad=False)])
    write([row(2, bad=False)], "more.jsonl.partial")
    with open("more.jsonl.partial", "a", encoding="ascii") as file:
        file.write('{"id": "half')
    assert "<h1>2 models audited</h1>" in page("results.jsonl", "more.jsonl.partial")


def test_what_is_no_result(here: Path) -> None:
    Path("other.jsonl").write_text('{"a": 1}\n')
    done = mlmodel("report", "other.jsonl")
    assert done.status == 2
    assert "other.jsonl:1: no row of an audit" in done.stderr
    assert not Path("report.html").exists()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no browser")
@pytest.mark.parametrize("width", [360, 1100])
def test_in_a_browser(here: Path, width: int) -> None:
    write([row(number, bad=number < 2, owner="x" * 60) for number in range(20)])
    text = page()
    probe = (
        "<script>search.value = 'fraud/1 mlm007'; search.dispatchEvent(new Event('input'));"
        "document.title = [document.documentElement.scrollWidth <= innerWidth, told.textContent,"
        "models.filter(model => !model.hidden).length, document.querySelectorAll('svg rect').length].join('|');"
        "</script></body>"
    )
    Path("page.html").write_text(text.replace("</body>", probe), encoding="ascii")
    command = [
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--window-size={width},900",
        "--dump-dom",
    ]
    address = Path("page.html").absolute().as_uri()
    done = subprocess.run([*command, address], check=True, capture_output=True, encoding="utf-8", timeout=120)
    found = re.search(r"<title>(.*?)</title>", done.stdout)
    assert found is not None
    fits, told, shown, bars = found[1].split("|")
    assert (fits, told, shown) == ("true", "1 of 20 models shown", "1")
    assert int(bars) >= 8
