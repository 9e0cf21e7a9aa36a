"""Secrets in URLs."""

from __future__ import annotations

import pytest

from mlmodel.environment.credentials import credential, masked


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("https://me:secret@example.org/x", "a password"),
        ("--index-url https://:secret@example.org", "a password"),
        ("x @ git+https://me:p@ss@example.org/x.git", "a password"),
        ("https://ghp_0123456789@example.org", "a token"),
        ("https://example.org https://me:secret@example.org", "a password"),
        ("https://me@example.org/x", None),
        ("git+ssh://git@example.org/x.git", None),
        ("https://me:${TOKEN}@example.org", None),
        ("https://${TOKEN}@example.org", None),
        ("https://me:<token>@example.org", None),
        ("https://me:****@example.org", None),
        ("https://example.org/x@v1:2", None),
        ("six @ https://example.org/x", None),
        ("me:secret@example.org", None),
    ],
)
def test_kinds(text: str, kind: str | None) -> None:
    assert credential(text) == kind
    assert ("***" in masked(text)) is (kind is not None or "***" in text)
    assert "secret" not in masked(text) or kind is None
    assert "p@ss" not in masked(text)
