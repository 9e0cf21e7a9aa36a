"""What reading a pickle costs, beside ``pickletools.genops`` on the same file in the same run.

``python benchmarks/bench_pickles.py [--megabytes N]``

Files are made in a temporary directory: one dense with opcodes (rows of a table as dictionaries), one of numbers, one
with calls (dates), one of large arrays (bytes outside of frames), and the first as the bytes of protocol 2.  Each is read
by a process of its own: seconds of CPU in the reader, and the peak memory of the process, the interpreter included (Linux).
"""

from __future__ import annotations

import argparse
import datetime
import json
import pickle
import random
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "validator"

OURS = """
from mlmodel.sources.directory import ModelDirectory
from mlmodel.pickles import scan
def read(folder):
    return sum(len(found.stream.globals) for found in scan(ModelDirectory(folder), "model.pkl"))
"""
GENOPS = """
import pickletools
def read(folder):
    with open(folder + "/model.pkl", "rb") as file:
        return sum(1 for _ in pickletools.genops(file.read()))
"""
MEASURE = """
import json, resource, sys, time
start = time.process_time()
count = read(sys.argv[1])
seconds = time.process_time() - start
use = resource.getrusage(resource.RUSAGE_SELF)
with open("/proc/self/status") as status:  # ru_maxrss would count the process that started this one, too
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(json.dumps([count, seconds, use.ru_utime + use.ru_stime, peak / 1024]))
"""


def rows(count: int) -> list[dict[str, object]]:
    """A table with columns of several types."""
    return [
        {
            "name": f"user{number}",
            "age": number % 100,
            "score": number / 2,
            "tags": ["a", f"c{number % 500}"],
            "at": (number, 1),
        }
        for number in range(count)
    ]


def make(path: Path, kind: str, megabytes: int) -> None:
    """Write one file."""
    source = random.Random(1)
    units = megabytes * 1000
    with path.open("wb") as file:
        if kind == "dense":
            pickle.dump(rows(units * 18), file, 4)
        elif kind == "protocol 2":
            pickle.dump(rows(units * 11), file, 2)
        elif kind == "numbers":
            pickle.dump(
                [source.choice((number, number / 3, number % 256)) for number in range(units * 180)], file, 4
            )
        elif kind == "calls":
            pickle.dump([datetime.timedelta(number) for number in range(units * 60)], file, 4)
        else:
            pickle.dump([source.randbytes(units * 500) for _ in range(20)], file, 4)


def measure(code: str, folder: str) -> tuple[int, float, float, float]:
    """The fastest of three runs: what was counted, seconds in the reader and in the process, peak MiB."""
    script = f"import sys; sys.path.insert(0, {str(PACKAGE)!r})\n{code}\n{MEASURE}"
    runs = []
    for _ in range(3):
        result = subprocess.run(
            [sys.executable, "-c", script, folder], check=True, capture_output=True, text=True
        )
        count, seconds, total, peak = json.loads(result.stdout)
        runs.append((int(count), float(seconds), float(total), float(peak)))
    return min(runs, key=lambda run: run[1])


def main() -> None:
    """Run the measurements."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--megabytes",
        type=int,
        default=20,
        metavar="N",
        help="of the dense file; the arrays take ten times as much",
    )
    options = parser.parse_args()
    print(
        "                       ours: reader  process    peak | genops: reader  process    peak | genops / ours"
    )
    for kind in ("dense", "protocol 2", "numbers", "calls", "arrays"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.pkl")
            make(path, kind, options.megabytes)
            size = path.stat().st_size / 1e6
            _, ours, our_total, our_peak = measure(OURS, folder)
            count, theirs, their_total, their_peak = measure(GENOPS, folder)
        print(
            f"{kind:10} {size:6.1f} MB    {ours:8.3f} s {our_total:6.3f} s {our_peak:4.0f} MB |"
            f"     {theirs:8.3f} s {their_total:6.3f} s {their_peak:4.0f} MB |"
            f" {theirs / ours:8.1f} x   {count:,} opcodes"
        )


if __name__ == "__main__":
    main()
