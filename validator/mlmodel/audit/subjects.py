"""What an audit looks at: a model, where its files are, and what is known of it beside them."""

from __future__ import annotations

from datetime import datetime, timezone

from mlmodel.common.records import Record


class WhereError(Exception):
    """An argument names nothing that can be audited: a usage error."""


class SourceError(Exception):
    """A registry or a store cannot be asked."""


class Wanted(Record):
    """Which of the models are looked at."""

    since: float | None = None
    """Those created, or in a folder changed, at this time or later: seconds since the epoch."""
    filter: str | None = None
    """Those that the client's search finds with this filter string."""
    exclude: tuple[str, ...] = ()
    """Folders that are not searched, as lines of a .gitignore."""


class Subject(Record):
    """One model of an audit."""

    id: str
    """What it is called there, and no other: ``models:/NAME/VERSION``, ``models:/m-ID``, ``runs:/RUN/PATH``, a path."""
    kind: str
    """``model_version``, ``logged_model``, ``run_model`` or ``directory``."""
    place: str
    """Where its files are, as :func:`mlmodel.validate` takes it."""
    source: str | None = None
    """Where they are by the word of the registry; None where that is the place."""
    name: str | None = None
    """Of the registered or logged model."""
    version: str | None = None
    owner: str | None = None
    """Who registered, logged or wrote it."""
    created: str | None = None
    """When, in ISO 8601, UTC."""
    run_id: str | None = None
    model_id: str | None = None
    experiment_id: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    """The tags of a model version."""


def moment(milliseconds: float | None) -> str | None:
    """Milliseconds since the epoch in ISO 8601, to the second."""
    if milliseconds is None:
        return None
    try:
        told = datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
    except (OverflowError, OSError, ValueError):
        return None
    return told.strftime("%Y-%m-%dT%H:%M:%SZ")


def recorded_moment(text: str | None) -> str | None:
    """``utc_time_created`` of an MLmodel file in ISO 8601, to the second; None for what is no time."""
    if text is None:
        return None
    try:
        told = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if told.tzinfo is not None:
        told = told.astimezone(timezone.utc)
    return told.strftime("%Y-%m-%dT%H:%M:%SZ")
