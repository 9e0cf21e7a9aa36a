"""Calls of MLflow's client: all pages of what it finds, and its errors as ours."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from mlmodel.audit.subjects import SourceError, WhereError
from mlmodel.sources.addresses import AddressError, scrubbed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def paged(page: Callable[[str | None], Any]) -> Iterator[Any]:
    """What a search finds, asked for a page after the other."""
    token = None
    while True:
        with faults():
            found = page(token)
        yield from found
        token = getattr(found, "token", None)
        if not token:
            return


@contextlib.contextmanager
def faults(about: str = "") -> Iterator[None]:
    """Errors of the client as one line without credentials.

    Raises:
        WhereError: there is nothing of that name, or the filter is none.
        SourceError: any other.
    """
    try:
        yield
    except (WhereError, SourceError, GeneratorExit):
        raise
    except AddressError as error:
        raise WhereError(str(error)) from None
    except Exception as error:  # noqa: BLE001 - stores, transports and plugins have no common error
        code = getattr(error, "error_code", "")
        text = scrubbed(error) or type(error).__name__
        line = f"{about}: {text}" if about else text
        if code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise WhereError(line) from None
        raise SourceError(line) from None
