"""Environments with a release of MLflow and the libraries of neural networks of its time, for the tests beside it."""

from __future__ import annotations

from tests.environments import environment

# Newer libraries than a release knows mostly work with it; these are the ones that it was made with, where they do not.
_LIBRARIES = {
    "2.15.0": (
        "setuptools<81", "onnx==1.16.2", "onnxruntime==1.19.2", "keras==3.5.0", "spacy==3.7.5", "transformers==4.44.2",
        "sentence-transformers==3.0.1", "huggingface_hub<0.25",
    ),
    "2.22.5": (
        "onnx==1.18.0", "onnxruntime==1.22.0", "keras==3.10.0", "spacy==3.8.7", "transformers==4.51.3",
        "sentence-transformers==4.1.0",
    ),
    "3.17.2": (
        "onnx==1.23.2", "onnxruntime==1.32.0", "keras==3.15.1", "spacy==3.8.18", "transformers==5.24.0",
        "sentence-transformers==6.2.0",
    ),
}  # fmt: skip
TORCH = "torch==2.13.0"


def neural(release: str) -> str:
    """The path of a Python with a release of MLflow, torch and the rest."""
    return environment(f"neural-{release}", (f"mlflow=={release}", TORCH, *_LIBRARIES[release]))
