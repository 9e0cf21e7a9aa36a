"""Where reports go: formats, files, standard output."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING, TextIO

import click

from mlmodel.cli.errors import InternalError, printable
from mlmodel.common.records import Record
from mlmodel.reporters import FORMATS, Style, new_reporter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mlmodel.findings import Report

    _Base = click.ParamType["Output"]
else:
    _Base = click.ParamType  # not generic before click 8.3


class Output(Record):
    """One output of a run."""

    format: str
    file: str | None = None
    """Where it goes; None for standard output."""


class OutputType(_Base):
    """``FORMAT`` or ``FORMAT=FILE``."""

    name = "format"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Output:
        """An output; a usage error where there is no such format."""
        if isinstance(value, Output):
            return value
        format_, separator, file = str(value).partition("=")
        if format_ not in FORMATS:
            from mlmodel.common.spelling import nearest

            near = nearest(format_, FORMATS, 0.5)
            hint = f"; did you mean {near}?" if near else ""
            self.fail(f"{format_!r} is not one of {', '.join(FORMATS)}{hint}", param, ctx)
        if separator and not file:
            self.fail(f"{value!r} names no file", param, ctx)
        return Output(format_, file or None)

    def get_metavar(self, *_: object, **__: object) -> str:
        """The values, in the help."""
        return "FORMAT[=FILE]"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """The formats."""
        del ctx, param
        from click.shell_completion import CompletionItem

        return [CompletionItem(name) for name in FORMATS if name.startswith(incomplete)]


def chosen(given: Sequence[Output], output_file: str | None, context: click.Context) -> list[Output]:
    """The outputs of a run: text, where none is asked for; ``--output-file`` is that of the first without a file.

    Raises:
        click.UsageError: two are to go to the same place.
    """
    outputs = list(given) or [Output("text")]
    if output_file is not None:
        index = next((index for index, output in enumerate(outputs) if output.file is None), None)
        if index is None:
            raise click.UsageError(
                "every --format has a file of its own; --output-file is one too many", context
            )
        outputs[index] = outputs[index]._replace(file=output_file)
    places = [output.file and os.path.abspath(output.file) for output in outputs]
    if len(set(places)) < len(places):
        twice = next(output for output, place in zip(outputs, places, strict=True) if places.count(place) > 1)
        where = twice.file or "standard output"
        raise click.UsageError(printable(f"two formats go to {where}: write --format FORMAT=FILE"), context)
    return outputs


def write(
    reports: Iterable[Report], outputs: Sequence[Output], style: Style, before_writing: Callable[[], None]
) -> None:
    """Write the reports as they come, to every output.

    Args:
        reports: taken one by one.
        outputs: where they go; at most one to standard output.
        style: how they look; files get no color.
        before_writing: called before something is written to standard output.

    Raises:
        InternalError: a file cannot be written.
        OSError: standard output cannot be written.
    """
    if hasattr(sys.stdout, "reconfigure"):  # file names may hold bytes that are no text
        sys.stdout.reconfigure(errors="backslashreplace")
    streams = [_Stream(output, style, before_writing) for output in outputs]
    try:
        for report in reports:
            for stream in streams:
                stream.add(report)
        for stream in streams:
            stream.finish()
    finally:
        for stream in streams:
            stream.close()


class _Stream:
    """One output being written; the file is made when its first report is there, so that a wrong usage makes none."""

    def __init__(self, output: Output, style: Style, before_writing: Callable[[], None]) -> None:
        self._path = output.file
        self._reporter = new_reporter(
            output.format, style if self._path is None else style._replace(color=False)
        )
        self._file: TextIO | None = None
        self._before = before_writing

    def add(self, report: Report) -> None:
        self._begin()
        self._write(self._reporter.add(report))

    def finish(self) -> None:
        self._begin()
        self._write(self._reporter.end())
        if self._file is not None:
            self._guarded(self._file.flush)

    def close(self) -> None:
        if self._file is not None and self._file is not sys.stdout:
            self._guarded(self._file.close)

    def _begin(self) -> None:
        if self._file is not None:
            return
        if self._path is None:
            self._file = sys.stdout
        else:
            try:
                # Whatever the system's encoding, files are UTF-8.
                self._file = open(  # noqa: SIM115 - closed by close()
                    self._path, "w", encoding="utf-8", errors="backslashreplace", newline="\n"
                )
            except OSError as error:
                raise InternalError(printable(f"{self._path}: {error.strerror}")) from None
        self._write(self._reporter.begin())

    def _write(self, pieces: Iterable[str]) -> None:
        file = self._file
        assert file is not None
        for piece in pieces:
            if self._path is None:
                self._before()
                file.write(piece)
            else:
                self._guarded(partial(file.write, piece))

    def _guarded(self, action: Callable[[], object]) -> None:
        try:
            action()
        except OSError as error:
            if self._path is None:
                raise
            raise InternalError(printable(f"{self._path}: {error.strerror}")) from None
