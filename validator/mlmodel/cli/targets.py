"""``mlmodel targets``."""

from __future__ import annotations

import click


@click.command("targets")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(format_: str) -> None:
    """List the readers and serving products that --target knows, with the day on which their sources were read."""
    from mlmodel.standard.targets import every

    found = every()
    if format_ == "json":
        import json

        rows = [
            {
                "name": target.name,
                "title": target.profile.title,
                "description": target.profile.description,
                "versions": list(target.profile.versions),
                "mlflow": target.needed("mlflow"),
                "python": target.needed("python"),
                "read": target.profile.read,
                "includes": [name for name, _ in target.profile.includes],
                "sources": [source._asdict() for source in target.profile.sources.values()],
            }
            for target in found
        ]
        click.echo(json.dumps(rows, indent=2))
        return
    for target in found:
        brings = [
            f"{label} {wanted}"
            for label, need in (("MLflow", "mlflow"), ("Python", "python"))
            if (wanted := target.needed(need))
        ]
        click.echo(
            f"{target.name:<19} {target.version:<11} {target.profile.read}  {target.profile.title}"
            + (f" ({', '.join(brings)})" if brings else "")
        )
