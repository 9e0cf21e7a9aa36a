"""Chapter 5, the environment as a package index sees it: whether the recorded set can be installed.

The one stage that goes online, and only on request.  ``uv`` answers the question, with the indexes, the cache
and the credentials of its own configuration.  Nothing of the model runs, and nothing that the model names is
contacted: source distributions are not built, and addresses, paths and indexes in the model are left out.
"""

from __future__ import annotations

import platform as platform_module
import re
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmodel.common import scratch
from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record
from mlmodel.common.texts import quoted
from mlmodel.environment import recorded
from mlmodel.environment.requirements import Form
from mlmodel.findings import Location
from mlmodel.resolution.uv import Answer, UnansweredError, ask, find_uv, too_long, write
from mlmodel.standard.rules import new_finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlmodel.checks import Check
    from mlmodel.environment.recorded import RequirementList
    from mlmodel.environment.requirements import Entry
    from mlmodel.findings import Finding
    from mlmodel.model.model import Model

PLATFORMS = {
    "linux": "x86_64-unknown-linux-gnu",
    "linux-arm64": "aarch64-unknown-linux-gnu",
    "macos": "aarch64-apple-darwin",
    "windows": "x86_64-pc-windows-msvc",
}
"""The platforms to ask for, and what uv calls them."""
TIMEOUT = 120.0
"""Seconds for all questions about one model."""
MAX_ROUNDS = 10
"""Requirements that are set aside, one after the other, to see whether the rest can be installed."""
_PYTHONS = tuple((3, minor) for minor in range(14, 5, -1))
"""Versions of Python to ask for, when there is no wheel for the recorded one."""


def this_platform() -> str | None:
    """The key of :data:`PLATFORMS` for this machine, None where there is none."""
    machine = platform_module.machine().lower()
    names = {
        ("linux", "x86_64"): "linux",
        ("linux", "aarch64"): "linux-arm64",
        ("darwin", "arm64"): "macos",
        ("win32", "amd64"): "windows",
    }
    return names.get((sys.platform, machine))


def checking(platform: str) -> Check:
    """The check for a platform.

    Raises:
        MissingToolError: uv is not installed.
    """
    found = find_uv()

    def resolves(model: Model) -> Iterator[Finding]:
        yield from check(model, Asker(found, platform, time.monotonic() + TIMEOUT))

    return resolves


def check(model: Model, ask: Asker) -> Iterator[Finding]:
    """MLM470-MLM476, MLM904: the recorded requirements can be installed for the recorded Python, from wheels."""
    if not recorded.of(model).listings:
        return
    listing = recorded.of(model).listings[0]
    python = recorded.of(model).python
    yield from left_out(listing, python)
    entries = [entry for entry in listing.entries if _is_askable(entry)]
    constraints = [entry for entry in listing.constraints if _is_askable(entry)]
    try:
        yield from _Resolution(ask, listing, constraints, python or sys.version_info[:2]).run(entries)
    except UnansweredError as error:
        yield new_finding(
            "MLM904", f"nobody knows whether the environment can be installed: {error}", Location()
        )


def _is_askable(entry: Entry) -> bool:
    return entry.form is Form.REQUIREMENT and entry.target is None


_WHY = {
    Form.URL: "it names an address, which is not visited",
    Form.PATH: "it names a file, which is not opened",
    Form.EDITABLE: "an editable installation would run code of the project",
    Form.OPTION: "indexes and options are those of uv's own configuration",
}


def left_out(listing: RequirementList, python: tuple[int, ...] | None) -> Iterator[Finding]:
    """MLM476: what is recorded and not asked for."""
    for entry in (*listing.entries, *listing.constraints):
        why = _WHY[Form.URL] if entry.form is Form.REQUIREMENT and entry.target else _WHY.get(entry.form)
        if why is not None:
            text = re.sub(r"//[^/@\s]*@", "//", entry.text)
            yield new_finding("MLM476", f"{quoted(text)} is not judged: {why}", entry.place)
    if python is None:
        version = ".".join(map(str, sys.version_info[:2]))
        message = f"no Python is recorded; the requirements are judged for this one, {version}"
        yield new_finding("MLM476", message, listing.start)


# -- asking ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asker:
    """Runs ``uv pip compile`` in a directory of its own."""

    uv: str
    platform: str
    deadline: float
    """When ``time.monotonic`` says that it took too long."""

    def __call__(
        self,
        lines: Sequence[str],
        constraints: Sequence[str],
        python: tuple[int, ...],
        *,
        alone: bool = False,
        any_platform: bool = False,
    ) -> Answer:
        """Whether requirements can be installed together; ``alone`` leaves out what they depend on.

        Raises:
            UnansweredError: the index could not be asked.
        """
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise UnansweredError(too_long(TIMEOUT))
        with scratch.folder() as folder:
            write(folder, "requirements.in", lines)
            write(folder, "constraints.in", constraints)
            command = [
                *("pip", "compile", "requirements.in", "--constraint", "constraints.in"),
                *("--only-binary", ":all:", "--no-header", "--no-annotate"),
                *("--python", sys.executable, "--python-version", ".".join(map(str, python))),
                *(("--universal",) if any_platform else ("--python-platform", PLATFORMS[self.platform])),
                *(("--no-deps",) if alone else ()),
            ]
            return ask(self.uv, command, folder, remaining)


def line(entry: Entry) -> str:
    """A requirement as uv is given it: by name only, options such as hashes left out."""
    extras = f"[{','.join(entry.extras)}]" if entry.extras else ""
    marker = f" ; {entry.marker}" if entry.marker else ""
    return f"{entry.name}{extras}{entry.specifier}{marker}"


# -- reading the answer ---------------------------------------------------------------------------


class Term(Record):
    """A distribution with versions, as uv names them in an explanation: ``numpy>=1.22,<2``."""

    name: str
    versions: str

    def __str__(self) -> str:
        return self.name + self.versions


class Reason(Record):
    """Why a set has no solution."""

    kind: str
    """``version``, ``python``, ``wheel``, ``source`` or ``conflict``."""
    subject: Term
    detail: str = ""


_NAME = r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?"
_SPEC = r"(?:(?:===?|~=|!=|[<>]=?)[\w.!+*]+(?:,(?:~=|!=|[<>]=?)[\w.!+*]+)*)?"
_TERM = rf"(?P<term>{_NAME}{_SPEC})"
_REASONS = (
    ("python", rf"does not satisfy Python(?P<detail>\S+) and {_TERM} depends on Python"),
    ("source", rf"(?:all versions of )?{_TERM} ha(?:s|ve) no usable wheels"),
    ("source", rf"\ball of: {_TERM} .*?have no usable wheels"),
    ("wheel", rf"(?:all versions of )?{_TERM} ha(?:s|ve) no wheels with a matching (?P<detail>[\w ]+) tag"),
    ("version", rf"there (?:is|are) no versions? of {_TERM}"),
    ("version", rf"{_TERM} was not found in"),
    ("version", rf"{_TERM} was yanked"),
    ("version", rf"only (?P<detail>\S+) (?:is|are) available and you require {_TERM}"),
)
_PATTERNS = tuple((kind, re.compile(pattern)) for kind, pattern in _REASONS)
_YANKED = lazy_pattern(rf"warning: `{_TERM}` is yanked(?: \(reason: \"(?P<reason>.*)\"\))?")
_WHEELS = lazy_pattern(r"Wheels are available for .*: (.*)|we only found wheels for .*: (.*)")


def explanation(text: str) -> str:
    """The sentences of uv's explanation on one line, without its hints and without markers and extras."""
    _, _, after = text.partition("No solution found")
    after = after.partition("hint:")[0].partition("\n")[2]
    after = re.sub(r"[\u2500-\u25ff]|^\s*cause:", " ", after, flags=re.MULTILINE)  # the tree it is drawn as
    after = re.sub(r"\{[^{}]*\}|\[[^\[\]]*\]", "", after)
    return re.sub(r"\s+", " ", after).strip()


def term(text: str) -> Term:
    """A term of an explanation."""
    match = re.match(_NAME, text)
    name = match.group() if match else text
    return Term(name, text[len(name) :])


def reasons(sentences: str) -> list[Reason]:
    """Everything that an explanation gives as a reason of its own, not as a consequence."""
    found = []
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(sentences):
            detail = match.groupdict().get("detail") or ""
            found.append(Reason(kind, term(match["term"].rstrip(",.")), detail))
    return found


def mentioned(sentences: str, entries: Sequence[Entry]) -> list[Entry]:
    """The requirements that an explanation is about, in the order in which it comes to them, the last one last."""
    order: dict[int, int] = {}
    for place, word in enumerate(re.findall(rf"(?<![\w.-]){_NAME}{_SPEC}", sentences)):
        found = term(word)
        same = [index for index, entry in enumerate(entries) if entry.name == found.name]
        exact = [index for index in same if _same(entries[index], found)]
        for index in exact or same[:1]:
            if exact or not found.versions or index not in order:
                order[index] = place
    return [entries[index] for index in sorted(order, key=order.__getitem__)]


def _same(entry: Entry, found: Term) -> bool:
    clauses = set(found.versions.split(",")) - {""}
    return {operator + version for operator, version in entry.clauses} == clauses


class _Resolution:
    """Asks for a set of requirements; sets aside what cannot be installed, and asks for the rest."""

    def __init__(
        self, ask: Asker, listing: RequirementList, constraints: Sequence[Entry], python: tuple[int, ...]
    ) -> None:
        self._ask = ask
        self._listing = listing
        self._constraints = constraints
        self._python = python
        self._version = ".".join(map(str, python))

    def run(self, entries: Sequence[Entry]) -> Iterator[Finding]:
        remaining, constraints = list(entries), list(self._constraints)
        for _ in range(MAX_ROUNDS):
            if not remaining:
                return
            answer = self._ask([*map(line, remaining)], [*map(line, constraints)], self._python)
            if answer.solved:
                yield from self._yanked(answer.text, remaining)
                return
            guilty, finding = self._judge(answer.text, [*remaining, *constraints])
            yield finding
            if guilty is None:
                return
            remaining = [entry for entry in remaining if entry is not guilty]
            constraints = [entry for entry in constraints if entry is not guilty]

    def _yanked(self, text: str, entries: Sequence[Entry]) -> Iterator[Finding]:
        for match in _YANKED.finditer(text):
            found = term(match["term"])
            entry = next((entry for entry in entries if entry.name == found.name), None)
            reason = f": {match['reason']}" if match["reason"] else ""
            place = entry.place if entry is not None else self._listing.start
            yield new_finding("MLM473", f"{found} was withdrawn by its authors{reason}"[:300], place)

    def _judge(self, text: str, entries: Sequence[Entry]) -> tuple[Entry | None, Finding]:
        """The requirement to set aside, and what there is to say."""
        sentences = explanation(text)
        known = reasons(sentences)
        for reason in known:
            for entry in entries:
                if entry.name == reason.subject.name and _same(entry, reason.subject):
                    return entry, self._finding(reason, entry, text)
        about = mentioned(sentences, entries)
        if not about:
            message = f"the requirements exclude each other: {sentences}"[:300]
            return None, new_finding("MLM475", message, self._listing.start)
        last = about[-1]
        if known and len(about) == 1:
            reason = known[0]
            if reason.subject.name == last.name and reason.subject.versions:  # uv names those that it tried
                reason = reason._replace(subject=Term(reason.subject.name, last.specifier))
            return last, self._finding(reason, last, text)
        return last, new_finding("MLM475", _conflict(sentences, last, about), last.place)

    def _finding(self, reason: Reason, entry: Entry, text: str) -> Finding:
        """What is wrong with a requirement, or with one that only it brings."""
        subject = reason.subject
        needs = "" if entry.name == subject.name else f"{line(entry)} needs {subject}: "
        match = _WHEELS.search(text)
        tags = (match[1] or match[2]).replace("`", "").strip() if match else None
        hint = f"its wheels are for {tags}" if tags else None
        if reason.kind == "source":
            return self._no_wheel(subject, needs, entry)
        if reason.kind == "python":
            return new_finding(
                "MLM474", f"{needs}{subject} wants Python {reason.detail}, not {self._version}", entry.place
            )
        if reason.kind == "wheel":
            what = f"Python {self._version}" if reason.detail.startswith("Python") and tags else self._target
            return new_finding("MLM471", f"{needs}{subject} has no wheel for {what}", entry.place, hint)
        if reason.detail:
            return new_finding(
                "MLM470", f"{needs}the index has no {subject}, only {reason.detail}", entry.place
            )
        return new_finding("MLM470", f"{needs}the index has no {subject}", entry.place)

    @property
    def _target(self) -> str:
        return f"Python {self._version} on {self._ask.platform}"

    def _no_wheel(self, subject: Term, needs: str, entry: Entry) -> Finding:
        """There are sources: whether the Python is wrong, or there are wheels for another one, or none at all."""
        anywhere = self._ask([str(subject)], (), self._python, alone=True, any_platform=True)
        for reason in () if anywhere.solved else reasons(explanation(anywhere.text)):
            if reason.kind == "python":
                return self._finding(reason._replace(subject=subject), entry, "")
        near = sorted(_PYTHONS, key=lambda python: abs(python[1] - self._python[1]))
        for python in near:
            if python != self._python[:2] and self._ask([str(subject)], (), python, alone=True).solved:
                there = f"it has one for Python {python[0]}.{python[1]}"
                return new_finding(
                    "MLM471", f"{needs}{subject} has no wheel for {self._target}; {there}", entry.place
                )
        message = (
            f"{needs}{subject} has no wheel: installing it builds it, which takes compilers and runs its code"
        )
        return new_finding("MLM472", message, entry.place)


def _conflict(sentences: str, last: Entry, about: Sequence[Entry]) -> str:
    """The requirements that exclude each other, and the dependency that makes them."""
    others = [line(entry) for entry in about if entry is not last]
    if not others:
        return f"{line(last)} cannot be installed: {sentences}"[:300]
    message = f"{line(last)} and {', '.join(others)} exclude each other"
    needs = re.search(rf"{_TERM} depends on (?P<needed>{_NAME}{_SPEC})", sentences)
    return f"{message}: {needs['term']} needs {needs['needed'].rstrip(',')}" if needs else message
