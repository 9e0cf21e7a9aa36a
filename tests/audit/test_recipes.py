"""The lines of the guide for Spark and Ray, run as they stand there."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.command import ROOT
from tests.environments import environment
from tests.overlay import fences, make_model

REQUIREMENTS = (
    "click>=8.1",
    "jsonschema-rs>=0.40",
    "packaging>=22",
    "pandas>=2.2,<3",
    "pathspec>=0.12",
    "pyarrow>=14",
    "pyspark==4.3.0",
    "PyYAML>=6.0.3",
    "ray==2.60.0",
)
AROUND = {
    "Spark": (
        (
            "import sys; from pyspark.sql import SparkSession\n"
            'spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()\n'
            'paths = spark.createDataFrame([(sys.argv[1],)] * 70, "path string")'
        ),
        "found = [json.loads(row.report) for row in results.collect()]",
    ),
    "Ray": (
        "import sys, ray; paths = [sys.argv[1]] * 70; ray.init(num_cpus=2, include_dashboard=False)",
        "found = reports",
    ),
}
COUNT = "print(len(found), sorted({each['verdict'] for each in found}))"


@pytest.mark.nightly
@pytest.mark.parametrize("name", AROUND)
def test_a_recipe(name: str, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    (recipe,) = (fence.body for fence in fences(page) if fence.body.startswith(f"# {name}:"))
    before, after = AROUND[name]
    python = environment("recipes", REQUIREMENTS)
    done = subprocess.run(
        [
            python,
            "-W",
            "ignore",
            "-c",
            f"{before}\n{recipe}\n{after}\n{COUNT}",
            str(make_model(tmp_path / "model")),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT / "validator"), "PYSPARK_PYTHON": python},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines()[-1] == "70 ['valid']"
