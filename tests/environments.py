"""Virtual environments that tests run scripts in, each made once and kept: MLflow releases, model libraries.

``MLMODEL_TEST_VENVS`` names the directory that keeps them (``<directory>/<name>``); without it they are
made in the user's cache.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from mlmodel.standard.releases import covered

NEWEST = covered().newest
RELEASES = ("1.30.1", "2.15.0", NEWEST)

# What each needs beside itself to work today: MLflow 1.30 runs only with libraries of its time.
PINS = {
    "1.30.1": ("setuptools<70", "numpy<2", "pandas<2", "scikit-learn<1.4", "sqlalchemy<2"),
    "2.0.1": ("setuptools<70", "numpy<2", "pandas<2", "scikit-learn<1.4", "sqlalchemy<2"),
    "2.6.0": ("setuptools<70", "numpy<2", "scikit-learn<1.4"),
    "2.9.2": ("setuptools<70", "numpy<2", "scikit-learn<1.4"),
    "2.12.2": ("setuptools<70", "numpy<2"),
    "2.15.0": ("setuptools<70",),
}


def _root() -> Path:
    configured = os.environ.get("MLMODEL_TEST_VENVS")
    if configured:
        return Path(configured)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mlmodel-tests"


def cache_folder(name: str) -> Path:
    """A folder beside the environments, kept with them."""
    return _root() / f"cache-{name}"


@cache
def interpreter(release: str) -> str:
    """The path of a Python that imports this release of MLflow; installs it when it is not there."""
    return release_with(release, release)


def release_with(name: str, release: str, *requirements: str) -> str:
    """The path of a Python that has this release of MLflow and these requirements.

    A release that cannot be installed from its own requirements goes over those of another release.
    """
    base = covered().wheels.get(release, release)
    over = (f"mlflow=={release}",) if base != release else ()
    return environment(name, (f"mlflow=={base}", *PINS.get(release, ()), *requirements), over=over)


def environment(
    name: str, requirements: Sequence[str], base: str = sys.executable, over: Sequence[str] = ()
) -> str:
    """The path of a Python that has these requirements; installs them when they are not there.

    Args:
        name: what to call the environment; with other requirements or another Python it is another one.
        requirements: what is installed, pinned.
        base: the Python that it is made with.
        over: what is installed last, without its dependencies.
    """
    # The Python behind the links: all environments that are made with it share what is made here.
    python = os.path.realpath(base)
    digest = hashlib.sha256("\n".join([python, *requirements, *over]).encode()).hexdigest()[:8]
    folder = _root() / f"{name}-{digest}"
    made = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not made.exists():
        # Made beside, and moved when complete: a stopped installation leaves nothing that looks usable.
        fresh = folder.with_name(f"{folder.name}.{os.getpid()}")
        subprocess.run([base, "-m", "venv", str(fresh)], check=True)
        # By uv, whose cache environments share their files with: many of them together need little more than one.
        uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--compile-bytecode"]
        uv += ["--python", str(fresh / made.relative_to(folder))]
        for directory in os.environ.get("PIP_FIND_LINKS", "").split():  # uv reads no settings of pip's
            uv += ["--find-links", directory]
        for what in (requirements, ["--no-deps", *over]) if over else (requirements,):
            done = subprocess.run([*uv, *what], check=False, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr[-3000:]
        try:
            fresh.rename(folder)
        except OSError:
            if not made.exists():  # else another process was faster
                raise
    return str(made)


def run(python: str, script: Path, *arguments: str) -> str:
    """The standard output of a script that an environment's interpreter runs."""
    variables = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    result = subprocess.run(
        [python, "-W", "ignore", str(script), *arguments],
        check=False,
        capture_output=True,
        text=True,
        env=variables,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stdout
