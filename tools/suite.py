"""Builds a release of the conformance suite, for whoever has no Python: ``python tools/suite.py [FOLDER]``.

It writes into ``dist/conformance``, or the folder that is named:

- ``mlmodel-conformance-VERSION.zip``: the cases, ``index.json``, the runner ``run.mjs`` and the guide
- ``mlmodel-conformance-VERSION.tgz``: the same as a package that npm installs, with the command ``mlmodel-conformance``
- ``index.json``: one entry a case, with what is needed to choose among them
- ``SHA256SUMS``: the checksums of these three

The same tree gives the same bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "validator")]

from mlmodel import __version__  # noqa: E402
from mlmodel.conformance import ROLES, suite  # noqa: E402

SOURCE = ROOT / "conformance"
NAME = f"mlmodel-conformance-{__version__}"
SCHEMAS = ("case", "conformance-index", "conformance-report", "description", "protocol")
_EPOCH = (1980, 1, 1, 0, 0, 0)


def index(cases: list[suite.Case]) -> dict[str, Any]:
    """What ``schemas/conformance-index.schema.json`` defines: the cases, and what each expects in one word."""
    return {
        "index_version": 1,
        "suite": {"version": suite.SUITE_VERSION, "tool": __version__},
        "cases": [
            {
                "id": case.id,
                "title": case.title,
                "section": case.section,
                "rules": list(case.rules),
                "roles": [role for role, keys in ROLES.items() if any(key in case.expect for key in keys)],
                "verdict": case.expect.get("validate", {}).get("verdict"),
                "features": sorted(case.features),
                "since": case.since,
                "subject": case.subject,
                **({"base": case.base} if case.base else {}),
            }
            for case in cases
        ],
    }


def package() -> dict[str, Any]:
    """The ``package.json`` of the package for npm."""
    return {
        "name": "mlmodel-conformance",
        "version": __version__,
        "description": "Cases for readers, writers and validators of MLflow model directories, and a runner",
        "license": "Apache-2.0",
        "type": "module",
        "bin": {"mlmodel-conformance": "run.mjs"},
        "exports": {".": "./index.json", "./*": "./*"},
        "engines": {"node": ">=18"},
    }


def contents() -> dict[str, bytes]:
    """Every file of a release by its path, in order."""
    found = {
        f"cases/{path.relative_to(SOURCE / 'cases').as_posix()}": path.read_bytes()
        for path in (SOURCE / "cases").rglob("*")
        if path.is_file()
    }
    for name in ("README.md", "run.mjs"):
        found[name] = (SOURCE / name).read_bytes()
    for name in SCHEMAS:
        found[f"schemas/{name}.schema.json"] = (ROOT / "schemas" / f"{name}.schema.json").read_bytes()
    found["LICENSE"] = (ROOT / "LICENSE").read_bytes()
    found["index.json"] = _json(index(suite.cases(str(SOURCE))))
    found["package.json"] = _json(package())
    return dict(sorted(found.items()))


def _json(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def zipped(files: dict[str, bytes]) -> bytes:
    """The archive: one folder with its name."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(f"{NAME}/{name}", _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return stream.getvalue()


def packed(files: dict[str, bytes]) -> bytes:
    """The package for npm, which is a tar; made here, because ``npm pack`` leaves out names that cases have."""
    stream = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=stream, mode="wb", mtime=0, filename="") as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, content in files.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(content)
            entry.mode = 0o755 if name == "run.mjs" else 0o644
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def main(arguments: list[str]) -> int:
    """Write the files of a release."""
    target = Path(arguments[0]) if arguments else ROOT / "dist" / "conformance"
    target.mkdir(parents=True, exist_ok=True)
    files = contents()
    made = {f"{NAME}.tgz": packed(files), f"{NAME}.zip": zipped(files), "index.json": files["index.json"]}
    for name, content in made.items():
        (target / name).write_bytes(content)
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in made.items())
    (target / "SHA256SUMS").write_text(sums, encoding="ascii")
    for name, content in made.items():
        print(f"{name}: {len(content):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
