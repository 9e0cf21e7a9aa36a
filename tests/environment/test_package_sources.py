"""Where packages come from: what is reached without proof, moves the source, or is built on installation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mlmodel import validate
from mlmodel.environment import well_known
from tests.overlay import make_model

RULES = ("MLM48", "MLM452")


def conda(tmp_path: Path, **changes: Any) -> set[str]:
    """The rules that fire for a conda.yaml with other keys; ``package`` is one more dependency."""
    target = make_model(tmp_path / "model")
    data = yaml.safe_load((target / "conda.yaml").read_text())
    package = changes.pop("package", None)
    if package is not None:
        data["dependencies"].insert(0, package)
    (target / "conda.yaml").write_text(yaml.safe_dump(data | changes))
    return {finding.rule for finding in validate(target).findings if finding.rule.startswith(RULES)}


def lines(tmp_path: Path, *more: str, files: dict[str, str] | None = None) -> set[str]:
    target = make_model(tmp_path / "model")
    path = target / "requirements.txt"
    path.write_text("\n".join([path.read_text().rstrip(), *more, ""]))
    for name, content in (files or {}).items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(content)
    return {finding.rule for finding in validate(target).findings if finding.rule.startswith(RULES)}


@pytest.mark.parametrize(
    ("channel", "rule"),
    [
        ("http://conda.anaconda.org/conda-forge", "MLM480"),
        ("HTTP://repo.example.org/x", "MLM480"),
        ("ftp://example.org/x", "MLM480"),
        ("file:///opt/channel", "MLM480"),
        ("file://server/share", "MLM480"),
        ("/opt/channel", "MLM480"),
        ("./channel", "MLM480"),
        ("../channel", "MLM480"),
        ("~/channel", "MLM480"),
        ("C:\\channel", "MLM480"),
        ("https://conda.example.org/x", "MLM481"),
        ("https://user:secret@example.org/x", "MLM481"),
        ("https://anaconda.org.example.org/x", "MLM481"),
        ("https://conda.anaconda.org@example.org/x", "MLM481"),
        ("conda-forge", None),
        ("defaults", None),
        ("nodefaults", None),
        ("pytorch/label/cu118", None),
        ("https://conda.anaconda.org/conda-forge", None),
        ("https://repo.anaconda.com/pkgs/main", None),
    ],
)
def test_channels(channel: str, rule: str | None, tmp_path: Path) -> None:
    assert conda(tmp_path, channels=[channel]) == ({rule} if rule else set())


@pytest.mark.parametrize(
    ("package", "rule"),
    [
        ("http://example.org::six", "MLM480"),
        ("file:///tmp/six-1.0-py_0.conda", "MLM480"),
        ("/opt/six-1.0-py_0.tar.bz2", "MLM480"),
        ("https://example.org/six-1.0-py_0.conda", "MLM481"),
        ("https://conda.anaconda.org/conda-forge/noarch/six-1.0-py_0.conda", None),
        ("conda-forge::six=1.17.0", None),
    ],
)
def test_packages(package: str, rule: str | None, tmp_path: Path) -> None:
    assert conda(tmp_path, package=package) & {"MLM480", "MLM481"} == ({rule} if rule else set())


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("LD_PRELOAD", "MLM482"),
        ("ld_preload", "MLM482"),
        ("LD_AUDIT", "MLM482"),
        ("DYLD_INSERT_LIBRARIES", "MLM482"),
        ("PYTHONSTARTUP", "MLM482"),
        ("PYTHONHOME", "MLM482"),
        ("BASH_ENV", "MLM482"),
        ("GIT_SSH_COMMAND", "MLM482"),
        ("PERL5OPT", "MLM482"),
        ("PIP_INDEX_URL", "MLM482"),
        ("PIP_EXTRA_INDEX_URL", "MLM482"),
        ("PIP_CONFIG_FILE", "MLM482"),
        ("PIP_TRUSTED_HOST", "MLM482"),
        ("UV_INDEX_URL", "MLM482"),
        ("UV_DEFAULT_INDEX", "MLM482"),
        ("CONDA_CHANNELS", "MLM482"),
        ("GIT_CONFIG_COUNT", "MLM482"),
        ("GCONV_PATH", "MLM482"),
        ("OPENSSL_CONF", "MLM482"),
        ("PYTEST_ADDOPTS", "MLM482"),
        ("NUMBA_CACHE_DIR", "MLM482"),
        ("PYTHONPATH", "MLM487"),
        ("HOME", "MLM487"),
        ("MPLBACKEND", "MLM487"),
        ("LD_LIBRARY_PATH", "MLM487"),
        ("HTTPS_PROXY", "MLM487"),
        ("OMP_NUM_THREADS", None),
        ("PIP_NO_CACHE_DIR", None),
        ("CUDA_VISIBLE_DEVICES", None),
        ("TOKENIZERS_PARALLELISM", None),
        ("PIPELINE", None),
    ],
)
def test_variables(name: str, rule: str | None, tmp_path: Path) -> None:
    assert conda(tmp_path, variables={name: "x"}) == ({rule} if rule else set())


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("-r https://example.org/r.txt", "MLM483"),
        ("-c http://example.org/c.txt", "MLM483"),
        ("--requirement=https://example.org/r.txt", "MLM483"),
        ("--constraint ftp://example.org/c.txt", "MLM483"),
        ("--no-binary :all:", "MLM484"),
        ("--no-binary=numpy", "MLM484"),
        ("--pre", "MLM484"),
        ("six==1.17.0 --global-option=x", "MLM484"),
        ("six==1.17.0 --config-settings a=b", "MLM484"),
        ("--no-binary :none:", None),
        ("https://example.org/x-1.0-py3-none-any.whl", None),
        ("x @ https://example.org/x-1.0-py3-none-any.whl", None),
        ("git+https://example.org/x", None),
        ("git+ssh://git@example.org/x", None),
        ("http://example.org/x-1.0-py3-none-any.whl", "MLM452"),
        ("x @ http://example.org/x-1.0-py3-none-any.whl", "MLM452"),
        ("x @ HTTP://example.org/x-1.0-py3-none-any.whl", "MLM452"),
        ("git+http://example.org/x", "MLM452"),
        ("git+git://example.org/x", "MLM452"),
        ("-e git+http://example.org/x#egg=x", "MLM452"),
        ("x @ ftp://example.org/x-1.0-py3-none-any.whl", "MLM452"),
        (f"x @ http://example.org/x-1.0-py3-none-any.whl#sha256={'a' * 64}", None),
        ("--only-binary :all:", None),
        ("--prefer-binary", None),
        ("-r more.txt", None),
        ("./helper", "MLM485"),
        ("-e ./helper", "MLM485"),
        ("helper @ file:./helper", "MLM485"),
        ("./helper-1.0.tar.gz", "MLM485"),
        ("helper-1.0.zip", "MLM485"),
        ("./helper-1.0-py3-none-any.whl", None),
    ],
)
def test_requirements(line: str, rule: str | None, tmp_path: Path) -> None:
    files = {
        "more.txt": "six==1.17.0\n",
        "helper/pyproject.toml": "",
        "helper-1.0.tar.gz": "x",
        "helper-1.0.zip": "x",
        "helper-1.0-py3-none-any.whl": "x",
    }
    assert lines(tmp_path, line, files=files) == ({rule} if rule else set())


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("reqeusts", "requests"),
        ("requets", "requests"),
        ("requestss", "requests"),
        ("panda", "pandas"),
        ("pandaz", "pandas"),
        ("numpi", "numpy"),
        ("numppy", "numpy"),
        ("tensorfl0w", "tensorflow"),
        ("tensorflwo", "tensorflow"),
        ("sckit-learn", "scikit-learn"),
        ("scikit-learm", "scikit-learn"),
        ("mlfow", "mlflow"),
        ("mlflwo", "mlflow"),
        ("pyyam1", "pyyaml"),
        ("clouddpickle", "cloudpickle"),
        ("requests", None),
        ("ngboost", None),
        ("scapy", None),
        ("torchx", None),
        ("tensorflow-gpu", None),
        ("six", None),
        ("tqmd", None),
        ("my-own-library", None),
        ("pandas-gbq", None),
    ],
)
def test_names(name: str, meant: str | None, tmp_path: Path) -> None:
    assert well_known.one_edit_away(name) == meant
    assert lines(tmp_path, f"{name}==1.0") == ({"MLM486"} if meant else set())
    del tmp_path


def test_known_distributions_are_near_to_none() -> None:
    from mlmodel.standard.data import table

    assert [name for name in table("modules.json")["distributions"] if well_known.one_edit_away(name)] == []


def test_a_build_dependency_is_near_a_known_name(tmp_path: Path) -> None:
    target = make_model(tmp_path / "model")
    data = yaml.safe_load((target / "python_env.yaml").read_text())
    (target / "python_env.yaml").write_text(
        yaml.safe_dump(data | {"build_dependencies": [*data["build_dependencies"], "reqeusts==2.32.0"]})
    )
    assert "MLM486" in {finding.rule for finding in validate(target).findings}
