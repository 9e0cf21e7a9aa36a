"""Model directories in archives: judged as their folders are, and hostile archives end in a finding."""

from __future__ import annotations

import io
import os
import pickle
import shutil
import stat
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from mlmodel import Options, Report, Severity, Verdict, describe, validate
from mlmodel.conformance import suite
from mlmodel.sources import archives
from mlmodel.sources.ranges import BLOCK, RangedBytes
from tests.command import mlmodel_validate
from tests.overlay import make_model

CASES = [case for case in suite.cases() if "validate" in case.expect and Path(case.model).is_dir()]
# What an archive does not carry, or carries another way: modes, what is around the folder.
NOT_CARRIED = {"MLM001", "MLM013"}
TAR = {"tar": "w", "tar.gz": "w:gz", "tar.bz2": "w:bz2", "tar.xz": "w:xz"}


def packed(model: str | Path, target: Path, form: str, top: str = "model") -> Path:
    """An archive of a folder, at ``target`` with the ending of the form."""
    path = target.with_name(f"{target.name}.{form}")
    if form == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(Path(model).rglob("*")):
                archive.write(file, f"{top}/{file.relative_to(model).as_posix()}")
    else:
        with tarfile.open(path, TAR[form]) as archive:  # type: ignore[call-overload]
            archive.add(model, top)
    return path


def said(report: Report) -> list[tuple[str, str, str]]:
    return [
        (finding.rule, finding.location.label, finding.message)
        for finding in report.findings
        if finding.rule not in NOT_CARRIED
    ]


@pytest.mark.parametrize("form", ["zip", *TAR])
def test_the_suite_is_judged_the_same(form: str, tmp_path: Path) -> None:
    """Every tenth case, another tenth for each form."""
    start = ["zip", *TAR].index(form)
    chosen = CASES[start::25]
    assert len(chosen) > 20
    for number, case in enumerate(chosen):
        model = Path(case.model)
        if any(path.is_symlink() for path in model.rglob("*")):
            continue
        expected = validate(model)
        if not (model / "MLmodel").is_file():
            continue
        report = validate(packed(model, tmp_path / str(number), form))
        assert (said(report), report.verdict) == (said(expected), expected.verdict), case.id


def test_a_command_takes_it(tmp_path: Path) -> None:
    archive = packed(make_model(tmp_path / "model"), tmp_path / "packed", "tar.gz")
    result = mlmodel_validate(archive)
    assert result.returncode == 0
    assert result.stdout == "1 model, valid\n"


def test_it_is_described(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    assert describe(packed(model, tmp_path / "packed", "zip")) == describe(model)


def tar_with(path: Path, *members: tuple[str, bytes | None, bytes, str]) -> Path:
    """A tar of a valid model and further members: name, content, type, link."""
    model = make_model(path.parent / "base")
    with tarfile.open(path, "w") as archive:
        archive.add(model, "model")
        for name, content, type_, link in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size = type_, link, len(content or b"")
            archive.addfile(info, io.BytesIO(content or b""))
    return path


def rules(report: Report) -> set[str]:
    return {finding.rule for finding in report.findings if finding.severity is Severity.ERROR}


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "model/../../evil", "model/MLmodel/below"])
def test_members_that_lead_out(name: str, tmp_path: Path) -> None:
    report = validate(tar_with(tmp_path / "m.tar", (name, b"x", tarfile.REGTYPE, "")))
    assert rules(report) == {"MLM035"}


def test_members_below_a_link(tmp_path: Path) -> None:
    report = validate(
        tar_with(
            tmp_path / "m.tar",
            ("model/link", None, tarfile.SYMTYPE, "/srv"),
            ("model/link/evil", b"x", tarfile.REGTYPE, ""),
        )
    )
    assert "MLM035" in rules(report)


@pytest.mark.parametrize("form", ["tar", "zip"])
def test_members_that_are_there_twice(form: str, tmp_path: Path) -> None:
    if form == "tar":
        path = tar_with(tmp_path / "m.tar", ("model/model.pkl", b"cos\nsystem\n.", tarfile.REGTYPE, ""))
    else:
        path = packed(make_model(tmp_path / "model"), tmp_path / "m", "zip")
        with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("model/model.pkl", b"cos\nsystem\n.")
    assert "MLM036" in rules(validate(path))


def test_folders_twice_are_no_matter(tmp_path: Path) -> None:
    assert rules(validate(tar_with(tmp_path / "m.tar", ("model", None, tarfile.DIRTYPE, "")))) == set()


@pytest.mark.parametrize("link", ["../../outside", "/etc/passwd", "model.pkl"])
@pytest.mark.parametrize("form", ["tar", "zip"])
def test_links(link: str, form: str, tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    (model / "model.pkl").rename(model / "real.pkl")
    (model / "model.pkl").symlink_to({"model.pkl": "real.pkl"}.get(link, link))
    path = tmp_path / f"m.{form}"
    if form == "tar":
        with tarfile.open(path, "w") as archive:
            archive.add(model, "model")
    else:
        with zipfile.ZipFile(path, "w") as archive:
            for file in model.rglob("*"):
                info = zipfile.ZipInfo(f"model/{file.name}")
                if file.is_symlink():
                    info.external_attr = (stat.S_IFLNK | 0o777) << 16
                    archive.writestr(info, os.readlink(file))
                else:
                    archive.writestr(info, file.read_bytes())
    assert rules(validate(path)) == (set() if link == "model.pkl" else {"MLM005"})


def test_no_model_and_several(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "file").write_text("x")
    assert rules(validate(packed(tmp_path / "none", tmp_path / "none", "tar"))) == {"MLM001"}
    for name in ("one", "two"):
        make_model(tmp_path / "both" / name)
    report = validate(packed(tmp_path / "both", tmp_path / "both", "zip"))
    assert rules(report) == {"MLM037"}
    assert "model/one, model/two" in report.findings[0].message
    shutil.copytree(tmp_path / "both" / "two", tmp_path / "both" / "one" / "inner")
    shutil.rmtree(tmp_path / "both" / "two")
    assert validate(packed(tmp_path / "both", tmp_path / "nested", "zip")).verdict is Verdict.VALID


@pytest.mark.parametrize("cut", [10, 1000, -600, -30])
@pytest.mark.parametrize("form", ["zip", *TAR])
def test_what_is_cut_is_unjudged(form: str, cut: int, tmp_path: Path) -> None:
    path = packed(make_model(tmp_path / "model"), tmp_path / "m", form)
    content = path.read_bytes()
    path.write_bytes(content[:cut])
    report = validate(path)
    if form == "tar" and cut in (-600, -30):  # only the blocks of zeros at the end are missing
        assert report.verdict is Verdict.VALID
    else:
        assert report.verdict is not Verdict.VALID
        assert rules(report) <= {"MLM902", "MLM001", "MLM007"}


def test_a_bomb_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is looked at is unpacked, and no more than the bound."""
    monkeypatch.setattr(archives, "MAX_UNPACKED", 50_000_000)
    monkeypatch.setattr(archives, "MAX_MEMBER", 20_000_000)
    model = make_model(tmp_path / "model")
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in model.iterdir():
            if file.name != "model.pkl":
                archive.write(file, f"model/{file.name}")
        archive.writestr("model/model.pkl", pickle.dumps(bytes(40_000_000)))
        for number in range(5):
            archive.writestr(f"model/{number}.pkl", pickle.dumps(bytes(15_000_000)))
    tracemalloc.start()
    report = validate(path, Options(max_findings=50))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert report.verdict is not Verdict.VALID
    assert any("unpack" in finding.message for finding in report.findings)
    assert peak < 80_000_000


def test_a_tar_that_claims_a_terabyte(tmp_path: Path) -> None:
    path = tar_with(tmp_path / "m.tar")
    with path.open("r+b") as file, tarfile.open(path) as archive:
        info = next(member for member in archive if member.name.endswith("model.pkl"))
        info.size = 1 << 40
        file.seek(info.offset)
        file.write(info.tobuf(tarfile.GNU_FORMAT))
    report = validate(path)
    assert report.verdict is not Verdict.VALID


def test_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(make_model(tmp_path / "model"), tmp_path / "m", "tar.gz")
    opened: list[str] = []
    real: Callable[..., object] = open

    def watched(file: object, mode: str = "r", *more: object, **options: object) -> object:
        opened.append(mode)
        return real(file, mode, *more, **options)

    monkeypatch.setattr("builtins.open", watched)
    validate(path)
    assert not [mode for mode in opened if set(mode) & set("wax+")]


def test_ranges_are_bytes() -> None:
    content = os.urandom(3 * BLOCK + 17)
    fetched: list[tuple[int, int]] = []

    def fetch(start: int, size: int) -> bytes:
        fetched.append((start, size))
        return content[start : start + size]

    data = RangedBytes(len(content), fetch)
    assert (data[0], data[-1], data[BLOCK]) == (content[0], content[-1], content[BLOCK])
    assert data[BLOCK - 5 : BLOCK + 5] == content[BLOCK - 5 : BLOCK + 5]
    assert data[5:5] == b""
    assert sum(size for _, size in fetched) <= 3 * BLOCK
    for wanted in (content[BLOCK - 3 : BLOCK + 3], content[-4:], content[:1], b"no such bytes"):
        for start, end in ((0, None), (7, None), (0, BLOCK + 2), (2 * BLOCK, None)):
            assert data.find(wanted, start, end) == content.find(wanted, start, end)
            assert data.rfind(wanted, start, end) == content.rfind(wanted, start, end)
    with pytest.raises(IndexError):
        data[len(content)]
