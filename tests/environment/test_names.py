"""Requirements that name no distribution, that no index has, or that pip and uv read differently."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from mlmodel import Finding, Severity, validate
from mlmodel.environment import markers, wheels
from mlmodel.environment.misnamed import misnamed
from mlmodel.sources.directory import ModelDirectory
from mlmodel.writer import dependencies
from tests.overlay import Fence, make_model

BASE = (
    "mlflow==2.15.0\ncloudpickle==3.1.2\nnumpy==1.26.4\npandas==2.3.3\nscikit-learn==1.9.1\nscipy==1.17.1\n"
)


def with_line(target: Path, *lines: str, python: str | None = None) -> list[Finding]:
    """What is found about a model whose two lists have further lines."""
    model = make_model(target / "model")
    more = "".join(f"{line}\n" for line in lines)
    (model / "requirements.txt").write_text(BASE + more, encoding="utf-8")
    conda = (model / "conda.yaml").read_text(encoding="utf-8")
    items = "".join(f"  - {json.dumps(line)}\n" for line in lines)
    (model / "conda.yaml").write_text(
        conda.replace("name: mlflow-env", f"{items}name: mlflow-env"), encoding="utf-8"
    )
    if python:
        for name in ("MLmodel", "conda.yaml", "python_env.yaml"):
            text = (model / name).read_text(encoding="utf-8").replace("3.11.7", python)
            (model / name).write_text(text, encoding="utf-8")
    return [finding for finding in validate(model).findings if finding.severity > Severity.INFO]


def rules(target: Path, *lines: str, python: str | None = None) -> list[str]:
    return [finding.rule for finding in with_line(target, *lines, python=python)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pickle==4.0", "MLM465"),
        ("json", "MLM465"),
        ("os; python_version > '3.8'", "MLM465"),
        ("cv2==4.10.0", "MLM466"),
        ("PIL==10.0.0", "MLM466"),
        ("yaml==6.0", "MLM466"),
        ("pkg-resources==0.0.0", "MLM466"),
        ("python==3.8", "MLM466"),
        ("cudatoolkit==11.3", "MLM466"),
        ("libgcc_ng==11.2.0", "MLM466"),
        ("concurrent.futures", "MLM465"),
        ("os.path", "MLM465"),
        ("sklearn==0.0", "MLM467"),
        ("dotenv==0.9.9", "MLM467"),
        ("dataclasses==0.6", "MLM467"),
        ("asyncio==3.4.3", "MLM467"),
        ("typing==3.7.4", "MLM467"),
    ],
)
def test_a_name_of_a_module(line: str, expected: str, tmp_path: Path) -> None:
    """Once for both lists, and no second finding that advises to pin it."""
    assert rules(tmp_path, line) == [expected]


@pytest.mark.parametrize(
    "line",
    [
        "configparser==7.2.0",
        "json5==0.12.0",
        "opencv-python-headless==4.10.0.84",
        "pyyaml==6.0.2",
        "typing_extensions==4.12.2",
        "pathlib2==2.3.7",
    ],
)
def test_a_distribution_with_a_like_name(line: str, tmp_path: Path) -> None:
    assert rules(tmp_path, line) == []


def test_a_backport_is_none_for_the_python_it_was_made_for() -> None:
    assert misnamed("dataclasses", (3, 6)) is None
    assert misnamed("dataclasses", (3, 7)) is not None


def test_an_index_of_its_own_may_have_anything(tmp_path: Path) -> None:
    found = rules(tmp_path, "json==1.0", "--extra-index-url https://example.org/simple")
    assert "MLM465" not in found
    assert "MLM467" in found


def test_hints_say_what_to_write(tmp_path: Path) -> None:
    (finding,) = with_line(tmp_path, "PIL==10.0.0")
    assert finding.hint == "write pillow, with its own version"


@pytest.mark.parametrize("line", ["acme==1.0.dev3", "mlflow-extra==2.0.0.dev0"])
def test_a_development_release(line: str, tmp_path: Path) -> None:
    assert rules(tmp_path, line) == ["MLM468"]


def test_what_is_published_daily_is_no_development_release(tmp_path: Path) -> None:
    assert rules(tmp_path, "tf-nightly==2.22.0.dev20261101") == []


@pytest.mark.parametrize(
    "line",
    [
        "acme==1.2 --extra-index-url https://example.org/simple",
        "acme==1.2 --find-links wheels",
        "six==1.16.0;",
        "six==1.16.0 ;",
    ],
)
def test_what_uv_refuses(line: str, tmp_path: Path) -> None:
    assert set(rules(tmp_path, line)) == {"MLM469"}


@pytest.mark.parametrize("line", ['six==1.16.0 ; python_version > "3"', "six==1.16.0  # a comment;"])
def test_what_uv_reads(line: str, tmp_path: Path) -> None:
    assert "MLM469" not in rules(tmp_path, line)


# -- markers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("marker", "python", "expected"),
    [
        (None, (3, 11), True),
        ('python_version < "3.9"', (3, 11), False),
        ('python_version < "3.9"', (3, 8, 1), True),
        ('python_full_version < "3.11.4"', (3, 11), None),
        ('python_full_version < "3.11.4"', (3, 11, 7), False),
        ('sys_platform == "win32"', (3, 11), None),
        ('sys_platform == "win32" and python_version < "3.9"', (3, 11), False),
        ('extra == "test"', (3, 11), False),
        ("no marker", (3, 11), None),
        ('python_version < "3.9"', None, None),
    ],
)
def test_markers(marker: str | None, python: tuple[int, ...] | None, expected: bool | None) -> None:
    assert markers.holds(marker, python) is expected


def test_a_line_that_its_marker_excludes_says_nothing(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    text = BASE.replace(
        "numpy==1.26.4", 'numpy==1.21.6; python_version < "3.8"\nnumpy==1.26.4; python_version >= "3.8"'
    )
    (model / "requirements.txt").write_text(text, encoding="utf-8")
    assert [finding.rule for finding in validate(model).findings if finding.severity > Severity.INFO] == []


# -- wheels -------------------------------------------------------------------------------------------


def wheel(metadata: str, name: str = "acme-1.0.dist-info/METADATA") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("acme/__init__.py", "")
        archive.writestr(name, metadata)
    return content.getvalue()


GOOD = wheel(
    "Metadata-Version: 2.1\nName: Acme\nVersion: 1.0\nRequires-Python: >=3.8\n\nRequires-Python: <3\n"
)


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("acme-1.0-py3-none-any.whl", GOOD, None),
        ("acme-1.0-cp38-abi3-manylinux_2_17_x86_64.whl", GOOD, None),
        ("acme-1.0-py38-none-any.whl", GOOD, None),
        ("acme-1.0-cp39-cp39-manylinux_2_17_x86_64.whl", GOOD, "its name says that it is for cp39"),
        ("acme-1.0-py2-none-any.whl", GOOD, "for py2"),
        ("acme-1.0-py2.py3-none-any.whl", GOOD, None),
        ("acme.whl", GOOD, "no wheel has such a name"),
        ("other-1.0-py3-none-any.whl", GOOD, "it holds 'Acme'"),
        (
            "acme-1.0-py3-none-any.whl",
            wheel("Name: acme\nRequires-Python: >=3.12\n"),
            "it wants Python '>=3.12'",
        ),
        ("acme-1.0-py3-none-any.whl", wheel("Name: acme\nRequires-Python: ~=3.9\n"), None),
        ("acme-1.0-py3-none-any.whl", b"PK no archive", None),
        ("acme-1.0-py3-none-any.whl", GOOD[:-30], None),
    ],
)
def test_a_wheel(file: str, content: bytes, says: str | None, tmp_path: Path) -> None:
    model = make_model(
        tmp_path / "model",
        [Fence("setup", body=f'replace requirements.txt "scipy==1.17.1" "scipy==1.17.1\\nwheels/{file}"')],
    )
    (model / "wheels").mkdir()
    (model / "wheels" / file).write_bytes(content)
    found = [finding for finding in validate(model).findings if finding.rule == "MLM495"]
    assert [says in finding.message for finding in found] == [True] if says else found == []


def test_the_list_of_files_of_a_wheel_is_bounded(tmp_path: Path) -> None:
    content = bytearray(GOOD)
    at = content.rindex(b"PK\5\6")
    content[at + 10 : at + 12] = (65535).to_bytes(2, "little")
    (tmp_path / "acme-1.0-py3-none-any.whl").write_bytes(bytes(content))
    assert wheels.metadata(ModelDirectory(str(tmp_path)), "acme-1.0-py3-none-any.whl") is None


# -- what names are refused, and which versions are advised ------------------------------------------------


@pytest.mark.parametrize("line", ["json", "pickle==4.0", "sklearn==0.0", "cv2"])
def test_the_writer_refuses_names_of_modules(line: str) -> None:
    with pytest.raises(dependencies.MisnamedError):
        dependencies.refuse_names_of_modules(["mlflow==3.17.2", line])


def test_the_writer_takes_what_can_be_installed() -> None:
    dependencies.refuse_names_of_modules(
        [
            "scikit-learn==1.9.1",
            "json5",
            "acme @ https://example.org/acme-1.0-py3-none-any.whl",
            "-c constraints.txt",
        ]
    )


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        (["set MLmodel /flavors/hftransformersv2 {code: null}"], "MLM207"),
        (["unset MLmodel /flavors/sklearn", "set MLmodel /flavors/sklearnx {code: null}"], "MLM208"),
        (
            [
                "unset MLmodel /flavors/sklearn",
                "set MLmodel /flavors/sklearnx {code: null}",
                "set MLmodel /flavors/python_function/loader_module acme.sklearnx",
            ],
            "MLM207",
        ),
    ],
)
def test_a_flavor_of_another_product_is_no_slip(lines: list[str], rule: str, tmp_path: Path) -> None:
    model = make_model(tmp_path / "model", [Fence("setup", body="\n".join(lines))])
    found = {finding.rule for finding in validate(model).findings}
    assert found & {"MLM207", "MLM208"} == {rule}


@pytest.mark.parametrize(
    ("release", "expected"), [("3.18.0", []), ("3.19.1", []), ("3.17.2", [Severity.WARNING])]
)
def test_a_null_datetime(release: str, expected: list[Severity], tmp_path: Path) -> None:
    params = '[{"name": "since", "default": null, "shape": null, "type": "datetime"}]'
    lines = [f"set MLmodel /signature/params '{params}'", f"set MLmodel /mlflow_version {release}"]
    model = make_model(tmp_path / "model", [Fence("setup", body="\n".join(lines))])
    found = [finding.severity for finding in validate(model).findings if finding.rule in ("MLM323", "MLM335")]
    assert found == expected
    lines[0] = lines[0].replace('"default": null, "shape": null', '"default": [null], "shape": [-1]')
    model = make_model(tmp_path / "list", [Fence("setup", body="\n".join(lines))])
    found = [finding.severity for finding in validate(model).findings if finding.rule in ("MLM323", "MLM335")]
    assert found == [Severity.WARNING]  # no release writes it


@pytest.mark.parametrize(
    "module", ["datasets_modules.metrics.accuracy", "transformers_modules.acme.modeling"]
)
def test_what_no_distribution_can_hold(module: str, tmp_path: Path) -> None:
    """Also where a listed distribution is unknown."""
    model = make_model(
        tmp_path / "model",
        [Fence("setup", body='replace requirements.txt "scipy==1.17.1" "scipy==1.17.1\\nacme-unknown==1.0"')],
    )
    (model / "model.pkl").write_bytes(b"\x80\x02c" + module.encode() + b"\nThing\n.")
    found = {finding.rule for finding in validate(model).findings}
    assert "MLM405" in found


def test_the_flavors_own_library_is_advised_in_its_version(tmp_path: Path) -> None:
    lines = [
        'replace requirements.txt "scikit-learn==1.9.1\\n" "-c constraints.txt\\n"',
        'replace conda.yaml "  - scikit-learn==1.9.1\\n" "  - -c constraints.txt\\n"',
        "write constraints.txt text:six<2\\n",
    ]
    model = make_model(tmp_path / "model", [Fence("setup", body="\n".join(lines))])
    (finding,) = [finding for finding in validate(model).findings if finding.rule in ("MLM404", "MLM464")]
    assert "scikit-learn==1.9.1" in (finding.hint or "")
