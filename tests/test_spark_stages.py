"""Classes of the stages of a Spark pipeline: whose they are decides what has to be there."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlmodel import validate
from tests.overlay import Fence, make_model

PIPELINE = '{"class": "org.apache.spark.ml.PipelineModel", "uid": "p", "timestamp": 1, "sparkVersion": "3.5.2", "paramMap": {"stageUids": ["s"]}}'
STAGE = '{{"class": "{}", "uid": "s", "timestamp": 1, "sparkVersion": "3.5.2", "paramMap": {{}}}}'
SPARK = (
    "set MLmodel /flavors {python_function: {loader_module: mlflow.spark, data: sparkml, python_version: 3.11.7,"
    " env: {conda: conda.yaml, virtualenv: python_env.yaml}}, spark: {pyspark_version: 3.5.2, model_data: sparkml, code: CODE}}"
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("org.apache.spark.ml.feature.VectorAssembler", set()),
        ("pyspark.ml.feature.VectorAssembler", set()),
        ("churn_features.selector.ColumnSelector", {"MLM405"}),
        ("selector.ColumnSelector", {"MLM405"}),
        ("json.decoder.JSONDecoder", set()),
        ("xgboost.spark.estimator.SparkXGBRegressorModel", {"MLM404"}),
        ("own.stages.Selector", set()),
        ("com.acme.Selector", {"MLM492"}),
        ("ml.dmlc.xgboost4j.scala.spark.XGBoostRegressionModel", {"MLM492"}),
        ("io.Selector", set()),
        ("not a class", set()),
    ],
)
def test_a_class(name: str, expected: set[str], tmp_path: Path) -> None:
    lines = [
        SPARK.replace("CODE", "code"),
        "write code/own/stages.py text:Selector = None",
        'replace requirements.txt "scikit-learn==1.9.1" "pyspark==3.5.2"',
        'replace conda.yaml "scikit-learn==1.9.1" "pyspark==3.5.2"',
        "rm model.pkl",
        f"write sparkml/metadata/part-00000 text:{PIPELINE}",
        f"write sparkml/stages/0_s/metadata/part-00000 text:{STAGE.format(name)}",
    ]
    model = make_model(tmp_path / "model", [Fence("setup", body="\n".join(lines))])
    found = {finding.rule for finding in validate(model).findings}
    assert found & {"MLM404", "MLM405", "MLM492"} == expected
