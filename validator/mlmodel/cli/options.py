"""What models are judged by: options and configuration -> :class:`mlmodel.Options`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from mlmodel.cli import config
from mlmodel.cli.errors import WrongUseError
from mlmodel.cli.selectors import RuleSelectors, as_rules
from mlmodel.common.records import Record
from mlmodel.findings import Severity
from mlmodel.standard import rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmodel.validation import Options


class Given(Record):
    """What the command line says; it comes last, and wins over the configuration."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    trust_module: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    max_findings: int | None = None


jobs = click.option(
    "-j", "--jobs", type=click.IntRange(min=0), help="Worker processes; 0 for one a core.  [default: 1]"
)
"""How many processes judge."""
cluster = click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Judge on this Dask cluster (needs mlmodel[cluster], there too); paths lead to the same files there.",
)
"""The machines that judge."""

_OPTIONS = (
    click.option(
        "--select",
        multiple=True,
        type=RuleSelectors(),
        metavar="RULES",
        help="Report only these rules: ids, prefixes or names, comma-separated.",
    ),
    click.option(
        "--ignore", multiple=True, type=RuleSelectors(), metavar="RULES", help="Do not report these rules."
    ),
    click.option(
        "--severity",
        multiple=True,
        metavar="RULE=LEVEL",
        help="Report a rule as error, warning, info or off.",
    ),
    click.option(
        "--trust-module",
        multiple=True,
        metavar="NAMES",
        help="Accept objects of these modules or classes of yours as data, comma-separated.",
    ),
    click.option(
        "--target",
        "targets",
        multiple=True,
        metavar="NAME[==VERSION]",
        help="Ask, too, what this reader or serving product needs; repeatable (see mlmodel targets).",
    ),
    click.option(
        "--max-findings", type=click.IntRange(min=1), help="Findings kept of one model.  [default: 1000]"
    ),
    click.option(
        "--config",
        "config_file",
        type=click.Path(exists=True, dir_okay=False),
        help="Read this file, not the nearest pyproject.toml or mlmodel.toml.",
    ),
    click.option("--no-config", is_flag=True, help="Read no configuration file."),
)


def judging_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say what models are judged by: the fields of :class:`Given`, ``config_file`` and
    ``no_config``."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def settings(config_file: str | None, no_config: bool) -> config.Config:
    """The configuration: the file that is named, or the nearest.

    Raises:
        ConfigError: it cannot be used.
    """
    if no_config:
        return config.Config()
    path = config_file or config.find(os.curdir)
    if not path:
        return config.Config()
    found = config.load(path)._replace(found=True)
    if not config_file and os.path.exists(os.path.join(os.path.dirname(path), "MLmodel")):
        return found._replace(trust=())  # of the model itself, whose author is nobody to trust it
    return found


def options(configured: config.Config, given: Given) -> Options:
    """What to report, by the configuration and the command line.

    Raises:
        WrongUseError: a severity, a target or a trusted name is none.
        UnknownRuleError: a rule is none.
    """
    from mlmodel.validation import Options

    selected = as_rules(given.select) or configured.select
    ignored = rules.matching_any([*configured.ignore, *as_rules(given.ignore)])
    words: dict[str, str] = {}
    for selector, word in [*configured.severity.items(), *map(_assignment, given.severity)]:
        words.update(dict.fromkeys(rules.matching(selector), word))
    named = (config.check_trusted(name) for name in as_rules(given.trust_module))
    return Options(
        select=rules.matching_any(selected) if selected else None,
        ignore=ignored | {rule for rule, word in words.items() if word == "off"},
        severity={rule: Severity[word.upper()] for rule, word in words.items() if word != "off"},
        per_path_ignores=tuple(
            (glob, rules.matching_any(selectors)) for glob, selectors in configured.per_path_ignores.items()
        ),
        max_findings=given.max_findings or configured.max_findings or 1000,
        targets=_checked_targets(given.targets or configured.targets),
        trust=frozenset([*configured.trust, *named]),
    )


def _checked_targets(words: tuple[str, ...]) -> tuple[str, ...]:
    if words:
        from mlmodel.standard.targets import parse

        try:
            for word in words:
                parse(word)
        except ValueError as error:  # a TargetError
            raise WrongUseError(str(error)) from None
    return words


def _assignment(text: str) -> tuple[str, str]:
    selector, separator, word = text.partition("=")
    if not separator:
        raise config.ConfigError(f"--severity wants RULE=LEVEL, not {text!r}")
    config.check_severity(word)
    return selector, word
