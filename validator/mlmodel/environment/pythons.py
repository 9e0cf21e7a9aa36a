"""Versions of Python: as the files of a model record them, and until when they are maintained."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmodel.common.caching import bounded_cache
from mlmodel.common.records import Record
from mlmodel.standard.data import table

if TYPE_CHECKING:
    from datetime import date

    from mlmodel.environment.requirements import Origin
    from mlmodel.findings import Location

_VERSION = r"(\d+)\.(\d+)(?:\.(\d+))?(?:(?:a|b|rc)\d+)?\+?"
_SPECIFIER = r"(?:(?:===?|~=|!=|[<>]=?)\s*)?\d+(?:\.\d+)*(?:\.\*)?(?:\s*,\s*(?:==|~=|!=|[<>]=?)\s*\d+(?:\.\d+)*(?:\.\*)?)*"


class Recorded(Record):
    """The Python that one file records."""

    text: str
    origin: Origin

    @property
    def file(self) -> str:
        """The file."""
        return self.origin.file

    @property
    def place(self) -> Location:
        """Where it stands."""
        return self.origin.place(1, 1)

    @property
    def numbers(self) -> tuple[int, ...] | None:
        """``(3, 11, 7)``, or ``(3, 11)`` where no more is recorded; None where no single version is."""
        return parse(self.text)

    @property
    def is_range(self) -> bool:
        """Whether it gives a range, or a major version alone, where one version is wanted."""
        return self.numbers is None and re.fullmatch(_SPECIFIER, self.text.strip()) is not None


@bounded_cache(1024)
def parse(text: str) -> tuple[int, ...] | None:
    """The numbers of one Python version, None for anything else."""
    match = re.fullmatch(_VERSION, text.strip())
    return tuple(int(part) for part in match.groups() if part and len(part) < 6) if match else None


def agree(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether two versions are the same at the precision that both have."""
    return all(a == b for a, b in zip(one, other, strict=False))


@bounded_cache(256)
def end_of_life(numbers: tuple[int, ...]) -> date | None:
    """The day after which a Python has had no more security fixes; None for one that is not known yet."""
    from datetime import date

    days = table("python-eol.json")["end_of_life"]
    minor = ".".join(str(number) for number in numbers[:2])
    if minor in days:
        return date.fromisoformat(days[minor]["day"])
    return date(2020, 1, 1) if numbers < (3,) else None


def last_days() -> list[date]:
    """The days after which some Python has had no more security fixes: what :func:`end_of_life` gives."""
    from datetime import date

    days = table("python-eol.json")["end_of_life"]
    return [date(2020, 1, 1), *(date.fromisoformat(each["day"]) for each in days.values())]
