"""``mlmodel completion``."""

from __future__ import annotations

import click

PROGRAMS = ("mlmodel", "mlmodel-validate")


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print what makes a shell complete commands, options and rules.

    bash: eval "$(mlmodel completion bash)" in ~/.bashrc; zsh: the same in ~/.zshrc; fish: mlmodel completion fish >
    ~/.config/fish/completions/mlmodel.fish
    """
    from click.shell_completion import get_completion_class

    from mlmodel.cli.main import main
    from mlmodel.cli.validate import command as validate

    made = get_completion_class(shell)
    if made is None:
        raise click.UsageError(f"click knows no completion for {shell}")
    for program, target in zip(PROGRAMS, (main, validate), strict=True):
        variable = f"_{program.replace('-', '_').upper()}_COMPLETE"
        completion = made(target, {}, program, variable)
        # Not completion.source(): it starts bash to ask for its version.
        click.echo(completion.source_template % completion.source_vars())
