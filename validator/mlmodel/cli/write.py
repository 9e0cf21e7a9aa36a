"""``mlmodel write``."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import click

from mlmodel.cli.errors import printable

if TYPE_CHECKING:
    from mlmodel.inference import Signature

EPILOG = """Exit status: 0 written; 1 refused, and nothing was written; 2 wrong usage."""


@click.command("write", epilog=EPILOG)
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--out", required=True, type=click.Path(), metavar="DIR", help="The directory to make.")
@click.option(
    "--example",
    type=click.Path(exists=True, dir_okay=False),
    help="Input (.csv, .json, .parquet, .npy, .npz): the input example, and the inputs of the signature.",
)
@click.option(
    "--serialization", metavar="FORMAT", help="The form of the object: pickle, cloudpickle or skops."
)
@click.option(
    "--code-path", "code", multiple=True, type=click.Path(exists=True), help="A file or folder for code/."
)
@click.option("--lock", is_flag=True, help="Write requirements.lock with hashes (asks the package index).")
@click.option(
    "--predict", is_flag=True, help="Record the outputs of the signature by running the model once, confined."
)
def command(
    file: str,
    out: str,
    example: str | None,
    serialization: str | None,
    code: tuple[str, ...],
    *,
    lock: bool,
    predict: bool,
) -> None:
    """Make a model directory of a bare pickle, joblib or skops file.

    The file is read statically first, and refused if loading it would do anything but make known objects.
    """
    from mlmodel.writer import bare
    from mlmodel.writer.example import UnusableExampleError
    from mlmodel.writer.example_files import read_example
    from mlmodel.writer.package import WriteError, write_model

    try:
        given = read_example(example) if example is not None else None
        signature, reason = _inferred(given)
        report = write_model(
            bare.load(file),
            out,
            signature=signature,
            input_example=given,
            serialization=serialization,
            code_paths=code,
            lock=lock,
            predict=predict,
        )
    except (bare.RefusedError, UnusableExampleError, WriteError, OSError) as error:
        raise click.ClickException(printable(str(error))) from None
    click.echo(f"{printable(out)}: written, valid ({', '.join(report.flavors)})")
    if reason is not None:
        click.echo(printable(f"  {reason}"))
    for finding in report.findings:
        click.echo(printable(f"  {finding.rule} {finding.location.label}: {finding.message}"))


def _inferred(given: object) -> tuple[Signature | None, str | None]:
    """The signature of the example; or none and the reason, where it has no types, as in MLflow."""
    from mlmodel.inference import SignatureWarning, UntypedError, infer_signature

    if given is None:
        return None, None
    with warnings.catch_warnings():
        # The findings about the model say the same: MLM314, MLM328, MLM329.
        warnings.simplefilter("ignore", SignatureWarning)
        try:
            return infer_signature(given), None
        except UntypedError as error:
            return None, f"no signature is recorded: {error}"
