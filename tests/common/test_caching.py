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
    "model._parse_yaml_once",
}
"""By their own limit of the argument's length, or with arguments that only our own data gives."""
