"""The judgement of serialized objects beside picklescan, modelscan, fickling and modelaudit, on the same files in the same run.

``python benchmarks/bench_scanners.py --scanners PYTHON... [--libraries PYTHON] [--honest FOLDER]... [--samples FOLDER]
[--only detection|speed] [--tools TOOL...]``

PYTHON are interpreters: those that have the scanners, and one that has the libraries of
``tests/pickles/benign_libraries.py``, whose objects are the honest ones, beside those that ``tests/pickles/honest_objects.py`` wrote into
a FOLDER.  The hostile ones are those of ``tests/pickles/attacks``.

* detection: each tool through its own library, each file in a process of its own, two at a time; what it flags, and what it cannot
  read, within a minute.  None of them is let report to its maker.
* speed: each tool's command on a pickle that is dense with opcodes and on one of large arrays; CPU of the process, its start
  included, and its peak memory.  The first of three runs leaves byte code for the others, as an installer does.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import random
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "validator"), str(ROOT)]

from mlmodel import Severity, validate  # noqa: E402
from tests.pickles.attacks import every  # noqa: E402

# Runs with the scanners' interpreter: what each says of every file below a folder.
ASK = r"""
import contextlib, io, json, logging, multiprocessing, os, signal, sys
from pathlib import Path
logging.disable(logging.CRITICAL)
SECONDS = 60

def picklescan(path):
    from picklescan.scanner import scan_file_path
    result = scan_file_path(path)
    return "flagged" if result.issues_count or result.infected_files else "unread" if result.scan_err else "clean"

def modelscan(path):
    from modelscan.modelscan import ModelScan
    result = ModelScan().scan(path)
    if result["summary"]["total_issues"]:
        return "flagged"
    return "unread" if result["errors"] or result["summary"]["skipped"]["total_skipped"] else "clean"

def fickling(path):
    import fickling
    return "clean" if fickling.is_likely_safe(path) else "flagged"

def modelaudit(path):
    from modelaudit.core import scan_model_directory_or_file
    result = scan_model_directory_or_file(path)
    grave = [issue for issue in result.issues if getattr(issue.severity, "value", issue.severity) in ("critical", "warning")]
    return "flagged" if grave else "clean" if result.success else "unread"

tool = {"picklescan": picklescan, "modelscan": modelscan, "fickling": fickling, "modelaudit": modelaudit}[sys.argv[1]]

def answer(path):
    # In a process forked for this file alone, which the clock ends.
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        signal.alarm(SECONDS)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            try:
                word = tool(str(path))
            except BaseException:
                word = "unread"
        os.write(writer, word.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        word = pipe.read()
    os.waitpid(child, 0)
    return path.name, word or "unread"

with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    with contextlib.suppress(BaseException):
        tool(sys.argv[3])  # what it imports, it imports once
with multiprocessing.get_context("fork").Pool(2) as pool:
    print(json.dumps(dict(pool.imap_unordered(answer, sorted(Path(sys.argv[2]).iterdir())))))
"""
TOOLS = ("picklescan", "modelscan", "fickling", "modelaudit")


def ours(folder: Path) -> dict[str, str]:
    """What the validator says of every file, each as the object of a model."""
    answers = {}
    with tempfile.TemporaryDirectory() as scratch:
        model = Path(scratch, "model")
        shutil.copytree(ROOT / "tests" / "base", model)
        for path in sorted(folder.iterdir()):
            shutil.copyfile(path, model / "model.pkl")
            # MLM618 compares the file with the MLmodel file, which scanners do not read.
            found = [
                finding
                for finding in validate(model).findings
                if finding.rule.startswith("MLM6") and finding.rule != "MLM618"
            ]
            worst = max((finding.severity for finding in found), default=Severity.INFO)
            rules = {finding.rule for finding in found if finding.severity is worst}
            unread = worst is not Severity.INFO and rules <= {"MLM608", "MLM609"}
            answers[path.name] = "unread" if unread else "clean" if worst is Severity.INFO else "flagged"
    return answers


SILENT = {"PROMPTFOO_DISABLE_TELEMETRY": "1", "NO_ANALYTICS": "1", "DO_NOT_TRACK": "1"}
"""What has a scanner report nothing to its maker."""


def owner(pythons: list[str], tool: str) -> str:
    """The first of the interpreters whose environment has a tool."""
    return next(python for python in pythons if Path(python).with_name(tool).exists())


def theirs(python: str, tool: str, folder: Path) -> dict[str, str]:
    """What a scanner says of every file."""
    first = str(ROOT / "tests" / "base" / "model.pkl")
    result = subprocess.run(
        [python, "-W", "ignore", "-c", ASK, tool, str(folder), first],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | SILENT,
    )
    answers: dict[str, str] = json.loads(result.stdout.splitlines()[-1])
    return answers


def detection(
    scanners: list[str], libraries: str | None, folders: list[Path], samples: Path | None, tools: list[str]
) -> None:
    """Hostile files flagged, honest ones flagged, and files that were not read."""
    with tempfile.TemporaryDirectory() as scratch:
        hostile, honest = Path(scratch, "hostile"), Path(scratch, "honest")
        hostile.mkdir()
        honest.mkdir()
        for number, attack in enumerate(every()):
            (hostile / f"{number:04}{attack.suffix}").write_bytes(attack.content)
        for path in sorted(samples.rglob("*")) if samples is not None else ():
            if path.suffix in (".pkl", ".pt", ".joblib", ".tar", ".h5"):
                shutil.copyfile(path, hostile / f"handed-{path.name}")
        if libraries:
            script = str(ROOT / "tests" / "pickles" / "benign_libraries.py")
            subprocess.run([libraries, "-W", "ignore", script, str(honest)], check=True, capture_output=True)
        for number, folder in enumerate(folders):
            for path in sorted(folder.glob("*.pkl")):
                shutil.copyfile(path, honest / f"{number}-{path.name}")
        print(f"{'':12} hostile: flagged  unread   missed | honest: flagged  unread")
        for tool in ("mlmodel", *tools):
            row = []
            for folder in (hostile, honest):
                answers = ours(folder) if tool == "mlmodel" else theirs(owner(scanners, tool), tool, folder)
                counts = [
                    sum(answer == kind for answer in answers.values())
                    for kind in ("flagged", "unread", "clean")
                ]
                row.append([f"{count:4} {100 * count / max(1, len(answers)):3.0f} %" for count in counts])
            (flagged, unread, missed), (alarms, silent, _) = row
            print(
                f"{tool:12}    {flagged:>12} {unread:>8} {missed:>8} |   {alarms:>10} {silent:>8}", flush=True
            )


def big(path: Path, kind: str) -> None:
    """A pickle of 20 MB that is dense with opcodes, or of 200 MB in large arrays."""
    source = random.Random(1)
    with path.open("wb") as file:
        if kind == "dense":
            rows = [
                {"name": f"u{n}", "age": n % 100, "score": n / 2, "tags": ["a", f"c{n % 500}"]}
                for n in range(400_000)
            ]
            pickle.dump(rows, file, 4)
        else:
            pickle.dump([source.randbytes(10_000_000) for _ in range(20)], file, 4)


def measured(command: list[str], scratch: str) -> tuple[float, float]:
    """Seconds of CPU, user and system, and peak MiB, of the best of three runs that came to an answer."""
    code = (
        "import json, resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[2:], cwd=sys.argv[1], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "assert done.returncode in (0, 1), done.returncode\n"
        "use = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(json.dumps([use.ru_utime + use.ru_stime, use.ru_maxrss / 1024]))"
    )
    variables = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"} | SILENT
    runs = []
    for _ in range(3):
        result = subprocess.run(
            [sys.executable, "-I", "-c", code, scratch, *command],
            check=True,
            capture_output=True,
            text=True,
            env=variables,
        )
        runs.append(tuple(json.loads(result.stdout)))
    return min(runs)


COMMANDS = {
    "picklescan": ["-p"],
    "modelscan": ["-p"],
    "fickling": ["--check-safety"],
    "modelaudit": ["scan", "--no-cache"],
}


def speed(scanners: list[str], tools: list[str]) -> None:
    """The commands, on large files."""
    script = Path(sys.executable).parent / "mlmodel-validate"
    for kind in ("dense", "arrays"):
        with tempfile.TemporaryDirectory() as scratch:
            model = Path(scratch, "model")
            shutil.copytree(ROOT / "tests" / "base", model)
            file = model / "model.pkl"
            big(file, kind)
            size = file.stat().st_size / 1e6
            base, peak = measured([str(script.with_name("mlmodel-scan")), str(file)], scratch)
            print(f"{kind:7} {size:6.1f} MB  mlmodel-scan     {base:7.3f} s {peak:6.0f} MB")
            whole, peak = measured([str(script), "--no-config", str(model)], scratch)
            print(f"{'':18}  mlmodel-validate {whole:7.3f} s {peak:6.0f} MB, the directory as a whole")
            for tool in tools:
                command = [str(Path(owner(scanners, tool)).with_name(tool)), *COMMANDS[tool], str(file)]
                seconds, peak = measured(command, scratch)
                print(f"{'':18}  {tool:16} {seconds:7.3f} s {peak:6.0f} MB  {seconds / base:6.1f} x ours")


def main() -> None:
    """Run the measurements."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scanners", required=True, nargs="+", metavar="PYTHON")
    parser.add_argument("--libraries", metavar="PYTHON")
    parser.add_argument("--honest", type=Path, action="append", default=[], metavar="FOLDER")
    parser.add_argument("--samples", type=Path, metavar="FOLDER", help="more hostile files, below a folder")
    parser.add_argument("--only", choices=("detection", "speed"))
    parser.add_argument("--tools", choices=TOOLS, nargs="+", default=TOOLS, help="only these")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if options.only != "speed":
        detection(options.scanners, options.libraries, options.honest, options.samples, options.tools)
    if options.only != "detection":
        speed(options.scanners, options.tools)


if __name__ == "__main__":
    main()
