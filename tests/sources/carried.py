"""What a store carries of a model, and what is found in it there."""

from __future__ import annotations

from pathlib import Path

from mlmodel import Report

# What a store does not carry: modes of files, links, empty folders, and what is around the folder.
NOT_CARRIED = {"MLM013"}


def said(report: Report) -> list[tuple[str, str, str]]:
    return [
        (finding.rule, finding.location.label, finding.message)
        for finding in report.findings
        if finding.rule not in NOT_CARRIED
    ]


def is_carried(model: Path) -> bool:
    """Whether a store can hold a folder: no links, no special files, no empty folders, an MLmodel file of its own."""
    found = list(model.rglob("*"))
    return (model / "MLmodel").is_file() and all(
        not path.is_symlink() and (path.is_file() or (path.is_dir() and any(path.iterdir())))
        for path in found
    )
