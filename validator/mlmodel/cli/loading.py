"""The options of ``mlmodel validate`` that are about loading, and what they ask for."""

from __future__ import annotations

import os
import re
import sys
import time
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmodel.runtime.load_options import LoadOptions

    _Int = click.ParamType[int]
    _Text = click.ParamType[str]
else:
    _Int = _Text = click.ParamType  # not generic before click 8.3

MODES = ("current", "recreate")


class LoadCommand(click.Command):
    """A command whose option ``--load`` may stand alone, before a path too."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Write out what a bare ``--load`` means."""
        for index, word in enumerate(args):
            if word == "--":
                break
            if word == "--load" and (index + 1 == len(args) or args[index + 1] not in MODES):
                args = [*args[:index], "--load=recreate", *args[index + 1 :]]
        return super().parse_args(ctx, args)


class Size(_Int):
    """A number of bytes: ``800M``, ``4G``."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number."""
        match = re.fullmatch(r"(\d+)\s*([kmgt]?)(?:i?b)?", str(value).strip().lower())
        if match is None:
            self.fail(f"{value!r} is no size such as 800M or 4G", param, ctx)
        return int(match[1]) << {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}[match[2]]


class Day(_Text):
    """``today``, or a day."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """``today`` or YYYY-MM-DD."""
        from datetime import date

        try:
            return "today" if value == "today" else date.fromisoformat(str(value)).isoformat()
        except ValueError:
            self.fail(f"{value!r} is neither 'today' nor a day such as 2026-01-31", param, ctx)


_OPTIONS = (
    click.option(
        "--load",
        type=click.Choice(MODES),
        metavar="[=current|recreate]",
        help="Load the model and predict with it, confined, in the recorded environment made anew (needs "
        "mlmodel[load]) or in one that is there. This runs its code.",
    ),
    click.option(
        "--python", metavar="PATH", help="With --load=current: this interpreter.  [default: the running one]"
    ),
    click.option(
        "--as-of",
        type=Day(),
        metavar="DATE|today",
        help="With --load=recreate: releases until then.  [default: the day the model was saved]",
    ),
    click.option("--offline", is_flag=True, help="With --load=recreate: install from uv's cache only."),
    click.option(
        "--timeout", type=click.FloatRange(min=1), metavar="SECONDS", help="With --load.  [default: 120]"
    ),
    click.option(
        "--memory", type=Size(), metavar="SIZE", help="With --load: as 4G.  [default: by the model's size]"
    ),
    click.option(
        "--env",
        "variables",
        multiple=True,
        metavar="NAME[=VALUE]",
        help="With --load: an environment variable that the model gets; without a value, as it is set here.",
    ),
    click.option("--trust", is_flag=True, help="Load a model although its objects run code (MLM6)."),
    click.option(
        "--allow-weak-sandbox",
        is_flag=True,
        help="Load a model where this system cannot keep it from files or from the network.",
    ),
)


def load_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that are about loading."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def requested_load(context: click.Context, given: dict[str, Any]) -> LoadOptions | None:
    """What the options ask for, None where nothing is to be loaded.

    Raises:
        UsageError: they do not go together, or uv is missing.
    """
    mode = given.pop("load")
    recreate = mode == "recreate"
    for name, value in given.items():
        if value and mode is None:
            raise click.UsageError(f"{_option(name)} goes with --load", context)
        if value and name == "python" and recreate:
            raise click.UsageError("--python goes with --load=current", context)
        if value and name in ("as_of", "offline") and not recreate:
            raise click.UsageError(f"{_option(name)} goes with --load=recreate", context)
    if mode is None:
        return None
    from mlmodel.resolution import uv
    from mlmodel.runtime.load_options import TIMEOUT, LoadOptions

    if recreate:
        try:
            uv.find_uv("--load=recreate")
        except uv.MissingToolError as error:
            raise click.UsageError(str(error), context) from None
    given["timeout"] = given["timeout"] or TIMEOUT
    given["variables"] = tuple(_variable(text, context) for text in given["variables"])
    return LoadOptions(recreate=recreate, progress=Progress() if sys.stderr.isatty() else None, **given)


def _option(name: str) -> str:
    return "--env" if name == "variables" else "--" + name.replace("_", "-")


def _variable(text: str, context: click.Context) -> tuple[str, str]:
    """An environment variable, as it was written or as it is set here."""
    name, separator, value = text.partition("=")
    if not name:
        raise click.UsageError(f"--env wants NAME or NAME=VALUE, not {text!r}", context)
    if separator:
        return name, value
    if name not in os.environ:
        raise click.UsageError(
            f"--env {name}: it is not set here; --env {name}=VALUE gives it a value", context
        )
    return name, os.environ[name]


class Progress:
    """What happens now, on one line of the terminal that is written over, with the seconds since it began."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def __call__(self, text: str) -> None:
        """Show it; an empty text takes the line away."""
        from mlmodel.common.texts import printable

        line = f"{printable(text)[:70]} ({time.monotonic() - self._started:.0f} s)" if text else ""
        sys.stderr.write(f"\r\x1b[2K{line}")
        sys.stderr.flush()
