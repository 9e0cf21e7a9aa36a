"""Writes everything that is generated from rule pages, schemas and examples: one command after each change of them.

``python tools/regenerate.py`` writes, ``python tools/regenerate.py --check`` only compares and exits 1 where something
differs.  ``--slow`` adds what asks other programs: the known failures of the Node.js adapter (npm), and what MLflow releases
do with the suite (``conformance/RESULTS.md``; installs nine of them).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TOOLS = Path(__file__).resolve().parent
FAST = ("catalogue.py", "annexes.py", "bundles.py", "cases.py", "forms.py")
"""Generators that need nothing but a checkout, in order: the cases are named by the catalogue, and their forms are made of them."""
SLOW = ("known_failures.py", "results.py")


def main(arguments: list[str]) -> int:
    """Run the generators; the exit code is the worst of theirs."""
    unknown = set(arguments) - {"--check", "--slow"}
    if unknown:
        print(f"usage: regenerate.py [--check] [--slow]; not {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    options = [argument for argument in arguments if argument == "--check"]
    worst = 0
    for tool in (*FAST, *(SLOW if "--slow" in arguments else ())):
        code = subprocess.run([sys.executable, str(TOOLS / tool), *options], check=False).returncode
        print(
            f"{tool}: {'differs' if code and options else 'failed' if code else 'in order' if options else 'written'}"
        )
        worst = max(worst, code)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
