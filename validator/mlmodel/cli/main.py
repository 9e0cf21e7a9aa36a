"""``mlmodel``: the group of commands, each imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from mlmodel.cli.errors import checked_output
from mlmodel.common.version import __version__

COMMANDS = {
    "validate": "Validate model directories without running anything in them.",
    "explain": "Show the page of a rule: what it checks, why it matters, how to fix it.",
    "compat": "Show which readers and serving products take a model directory as it is.",
    "targets": "List the readers and serving products that are known.",
    "write": "Make a model directory of a bare pickle, joblib or skops file.",
    "describe": "Show what a model directory says, in the form that all readers share.",
    "inspect": "Show what serialized objects hold, without loading them.",
    "scan": "Judge single files that may be serialized objects, without loading them.",
    "audit": "Judge every model of a registry, an experiment or a folder, a row each.",
    "report": "Make one page of what an audit wrote.",
    "gate": "Audit and tag the model versions that a registry's webhooks tell of.",
    "conformance": "Test an implementation of the standard with the cases of the suite.",
    "cache": "List, check and clear what is kept: environments of --load, verdicts of --cache.",
    "fix": "Repair what has one right answer, and show it as a diff.",
    "completion": "Print what makes a shell complete commands, options and rules.",
}
"""The commands in the order of the help text.  Each is ``command`` in the module of its name; the line of help
stands here so that listing them imports none."""


class _LazyGroup(click.Group):
    """Commands that are imported by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"mlmodel.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        word = args[0] if args else ""
        if not word or word in COMMANDS or word.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        import os

        from mlmodel.cli.errors import printable
        from mlmodel.common.spelling import nearest

        near = nearest(word, COMMANDS, 0.5)
        hint = f"did you mean {near}?" if near else f"commands are {', '.join(COMMANDS)}"
        if os.path.exists(word):
            hint = f"did you mean mlmodel validate {word}?"
        raise click.UsageError(printable(f"no such command {word!r}; {hint}"), ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        with checked_output():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        with checked_output():
            return super().invoke(ctx)


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mlmodel")
def main() -> None:
    """Work with MLflow model directories: the standard, its validator."""
