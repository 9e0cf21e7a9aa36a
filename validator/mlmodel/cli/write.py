"""``mlmodel write``."""

from __future__ import annotations

import os
import warnings

import click

from mlmodel.cli.errors import printable

EPILOG = """Exit status: 0 written; 1 refused, and nothing was written; 2 wrong usage."""


@click.command("write", epilog=EPILOG)
@click.argument("file", type=click.Path(exists=True))
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
@click.option("--task", help="What a folder of Transformers is for, where its config.json does not tell.")
@click.option("--lock", is_flag=True, help="Write requirements.lock with hashes (asks the package index).")
@click.option(
    "--predict/--no-predict",
    default=None,
    help="Record the outputs of the signature by running the model once, confined. Without either the model is run on"
    " the example where MLflow is installed, and refused if it fails; --no-predict skips that.",
)
def command(
    file: str,
    out: str,
    example: str | None,
    serialization: str | None,
    code: tuple[str, ...],
    task: str | None,
    *,
    lock: bool,
    predict: bool | None,
) -> None:
    """Make a model directory of a bare file: a pickle, joblib or skops file, or one that XGBoost, LightGBM, CatBoost, ONNX,
    Keras or torch.export wrote, or a folder of Transformers or Sentence Transformers with safetensors.

    The format is told by the content.  The file is read statically first, and refused if loading it would do anything
    but make known objects.
    """
    from mlmodel.writer import load_object_file, native_files
    from mlmodel.writer.example import UnusableExampleError
    from mlmodel.writer.example_files import read_example
    from mlmodel.writer.package import WriteError, write_model
    from mlmodel.writer.signature_section import NoSignatureWarning

    try:
        given = read_example(example) if example is not None else None
        native = native_files.recognized(file)
        if native is None and os.path.isdir(file):
            raise click.ClickException(printable(f"{file} is no folder of a library that is known"))
        model = load_object_file.load(file) if native is None else native_files.load(file, native, task)
        # What else infer_signature warns of, the findings say, too.
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            report = write_model(
                model,
                out,
                input_example=given,
                serialization=serialization,
                code_paths=code,
                lock=lock,
                predict=bool(predict),
                check_example=predict is None,
            )
    except (load_object_file.RefusedError, UnusableExampleError, WriteError, OSError) as error:
        raise click.ClickException(printable(str(error))) from None
    click.echo(f"{printable(out)}: written, valid ({', '.join(report.flavors)})")
    for each in caught:
        if issubclass(each.category, NoSignatureWarning):
            click.echo(printable(f"  {each.message}"))
    for finding in report.findings:
        click.echo(printable(f"  {finding.rule} {finding.location.label}: {finding.message}"))
