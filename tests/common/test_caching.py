"""What is kept of a model's texts stays small."""

from __future__ import annotations

from pathlib import Path

from mlmodel.common.caching import bounded_cache

ROOT = Path(__file__).resolve().parents[2]


def test_short_texts_are_computed_once_and_long_ones_each_time() -> None:
    calls: list[str] = []

    @bounded_cache(10, 5)
    def upper(text: str) -> str:
        calls.append(text)
        return text.upper()

    assert [upper("short"), upper("short"), upper("longer"), upper("longer")] == ["SHORT"] * 2 + [
        "LONGER"
    ] * 2
    assert calls == ["short", "longer", "longer"]


def test_nobody_keeps_texts_of_a_model_without_bound() -> None:
    """Caches without a bound have no arguments, or one that is no text of a model: these are all there are."""
    import ast

    found = set()
    for path in sorted((ROOT / "validator" / "mlmodel").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef) or not node.args.args:
                continue
            for decorator in node.decorator_list:
                name = ast.unparse(decorator).partition("(")[0]
                if name in ("cache", "lru_cache", "functools.cache", "functools.lru_cache"):
                    found.add(f"{path.stem}.{node.name}")
    assert found == UNBOUNDED


UNBOUNDED = {
    # Bounded by the size of the file, 8 kB.
    "model._parse_common",
    # Names of our own tables, schemas and patterns.
    "allowlist._family",
    "allowlist._hooks",
    "module_history._series",
    "module_history._table",
    "data.table",
    "pure._compiled",
    "schemas._annotation_places",
    "schemas._engine",
    "schemas.newer_keys",
    "schemas.schema",
    "schemas.value_eras",
    "file_formats._magic",
    "file_formats._plain",
    "data.tree",
    "targets.profile",
    # Releases that the schemas or the user name.
    "releases._release",
    # What the user names, or a profile of ours.
    "checking.checking",
    "targets.parse",
    # Names that the machine reads up to MAX_TEXT characters of.
    "behavior._by_name",
    "behavior._library",
    "behavior._module",
    "allowlist._known",
    "allowlist.rule_of",
}
