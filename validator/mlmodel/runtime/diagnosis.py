"""Chapter 7, load and predict: what the probe saw, as findings that say what to do next."""

from __future__ import annotations

import errno
import re
import signal
from typing import TYPE_CHECKING

from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record
from mlmodel.common.texts import quoted
from mlmodel.environment import distributions, recorded, versions
from mlmodel.findings import Location
from mlmodel.runtime import prediction_checks, remedies
from mlmodel.sources.directory import Kind
from mlmodel.standard.rules import new_finding
from mlmodel.standard.standard_library import is_standard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.environment.recorded import RequirementList
    from mlmodel.findings import Failure, Finding, Phase
    from mlmodel.model.model import Model
    from mlmodel.runtime.probe_report import Run


class ProcessExit(Record):
    """How the process of the probe ended."""

    status: int
    """Its exit status, negative for the signal that ended it."""
    limit: str | None = None
    """The limit that it was ended at, in words: ``120 seconds``; None where it was not."""


class ProbeCase(Record):
    """One model, what ran, and how it ended."""

    model: Model
    run: Run
    end: ProcessExit
    recreated: bool
    """Whether it ran in the recorded environment, made anew."""
    python: str | None = None
    """The version of the Python that ran."""


_OPTIONS = {"memory": "--memory", "second": "--timeout"}
"""What sets a limit, by a word of it."""
_LOADING = ("resolve", "load", "import")


def diagnose(case: ProbeCase) -> Iterator[Finding]:
    """MLM714, MLM720-MLM724, MLM730-MLM742: why it does not load or predict, and what else was seen."""
    ended = list(_ended(case))
    yield from ended
    said: set[str] = set()
    for phase in case.run.phases:
        if phase.failure is not None and not _is_repeated(phase, case.run):
            missing = _missing_module(phase.failure)
            for finding in _failed(case, phase, phase.failure):
                if not {finding.message, missing} & said:
                    said |= {finding.message, missing} if missing else {finding.message}
                    yield finding
    if not any(phase.name == "load" and phase.outcome == "passed" for phase in case.run.phases):
        yield from _missing_names(case, said)
    differing = [] if case.recreated else list(_differing(case))
    yield from differing
    yield from _warned(case, pins_differ=bool(differing))
    yield from prediction_checks.judge(case.model, case.run)


# -- how it ended -------------------------------------------------------------------------------------


def _ended(case: ProbeCase) -> Iterator[Finding]:
    if case.run.done:
        return
    last = case.run.last
    where = f"while {last.label}" if last is not None else "before it began"
    status, limit = case.end
    if limit is not None:
        message = f"stopped {where}: it reached the limit of {limit}"
        option = next((option for word, option in _OPTIONS.items() if word in limit), None)
        advice = f"{option} sets another limit" if option else "loading and predicting should not need that"
        yield new_finding("MLM741", message, Location(), advice)
    elif status < 0:
        name = _signal(-status)
        hint = _saved_with(case)
        if hint is None and not case.recreated:
            hint = "versions that do not fit each other do that: --load=recreate uses the recorded ones"
        if name == "SIGKILL":
            hint = "the system ends processes so when memory runs out; --memory limits it before"
        yield new_finding("MLM740", f"the process died of {name} {where}", Location(), hint)
    else:
        yield new_finding("MLM740", f"the process ended itself with status {status} {where}", Location())


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


# -- what failed --------------------------------------------------------------------------------------


def _is_repeated(phase: Phase, run: Run) -> bool:
    """Whether another phase fails for the same reason: loading as the import of a library, a request as the example."""
    if phase.name not in ("import", "serve"):
        return False
    of = "load" if phase.name == "import" else "predict"
    return any(
        other.failure is not None and other.name == of and other.failure[:3] == (phase.failure or ())[:3]
        for other in run.phases
    )


_RULES = {
    "import": "MLM721",
    "read": "MLM722",
    "resolve": "MLM722",
    "load": "MLM722",
    "example": "MLM737",
    "predict": "MLM730",
    "one-row": "MLM732",
    "serve": "MLM734",
    "output": "MLM736",
    "again": "MLM732",
}


def _failed(case: ProbeCase, phase: Phase, failure: Failure) -> Iterator[Finding]:
    if failure.type == "MemoryError" or "bad_alloc" in failure.message:
        message = f"memory ran out while {phase.label}: {failure.text}"
        yield new_finding("MLM741", message, Location(), "--memory sets another limit")
        return
    if "can't start new thread" in failure.message:
        message = f"stopped while {phase.label}: it may not have more threads"
        yield new_finding("MLM741", message, Location(), "loading and predicting should not need that many")
        return
    if failure.errno == errno.EFBIG:
        message = f"stopped while {phase.label}: it made a file larger than the limit of disk"
        yield new_finding("MLM741", message, Location(), "loading and predicting should not need that")
        return
    fault = _of_this_machine(failure)
    if fault is not None:
        yield new_finding("MLM905", f"{fault} while {phase.label}: {failure.text}"[:600], Location())
        return
    place, origin = _origin(case, failure)
    refused = _refused(failure)
    if refused is not None:
        what, hint = refused
        message = f"{what} while {phase.label}: {failure.text}"[:600]
        yield new_finding("MLM742", message, place, "; ".join(filter(None, (hint, origin))))
        return
    module = _missing_module(failure)
    if module is not None and phase.name != "example":  # what reads it need not be what the model needs
        yield _missing(case, phase, module)
        return
    rule = _RULES.get(phase.name, "MLM722")
    if phase.about == "mlflow.pyfunc" and phase.name == "import":
        rule = "MLM722"  # nothing serves it
    if phase.name in ("predict", "serve", "one-row", "again") and remedies.categories(failure):
        yield new_finding(
            "MLM744",
            f"{phase.label} fails, since JSON carries no categories: {failure.text}"[:600],
            place,
            "have a Python model turn the columns into categories before it predicts, or train on numbers",
        )
        return
    message = f"{phase.label} fails: {failure.text}"[:600]
    cause = (_saved_with(case) if rule == "MLM722" else None) or remedies.hint(
        case.model, failure, _all_installed(case)
    )
    yield new_finding(rule, message, place, cause or origin)


def _origin(case: ProbeCase, failure: Failure) -> tuple[Location, str | None]:
    """Where it was raised: the innermost line of the author's own code, and the line that raised it in the end."""
    own, raised = failure.origin, failure.raised
    if own is None and raised is None:
        return Location(), None
    place = Location()
    if own is not None and own.line and case.model.directory.look(own.file).kind is Kind.FILE:
        place = Location(own.file, own.line, source=own.source or None)
    frames = [frame for frame in (own, raised if raised != own else None) if frame is not None]
    parts = [
        f"{frame.file}:{frame.line} in {frame.function}: {frame.source}".rstrip(": ") for frame in frames
    ]
    return place, f"raised at {', through '.join(parts)}; --format json has the whole traceback"


def _all_installed(case: ProbeCase) -> dict[str, str]:
    """The versions that the probe found, by distribution."""
    phase = case.run.of("versions")
    found = phase.detail.get("installed") if phase is not None else None
    if not isinstance(found, dict):
        return {}
    return {name: version[:60] for name, version in found.items() if isinstance(version, str)}


_MACHINE = {
    errno.ENOSPC: "the disk of this machine is full",
    errno.EDQUOT: "the disk of this machine is full",
    errno.EIO: "a disk of this machine fails",
}


def _of_this_machine(failure: Failure) -> str | None:
    """What is wrong with this machine, None where that is not why it failed."""
    texts = [failure.message, *(text for _, text, _ in failure.causes)]
    for number, fault in _MACHINE.items():
        if failure.errno == number or any(f"[Errno {number}]" in text for text in texts):
            return fault
    if any("failed to map segment from shared object" in text for text in texts):
        return "the disk that the environment is on lets no library run (noexec)"
    return None


_REFUSED = {1: "was refused", 13: "was refused", 30: "was refused", 38: "was refused"}
"""EPERM, EACCES, EROFS, ENOSYS: what the confinement answers."""
_NETWORK = lazy_pattern(
    r"name resolution|Name or service not known|NameResolutionError|getaddrinfo|nodename nor servname"
    r"|Connection(?:Error|Refused)|Max retries exceeded|Network is unreachable|We couldn't connect|HTTPSConnectionPool"
)
_VARIABLE = lazy_pattern(
    r"\b(?P<before>[A-Z][A-Z0-9]*_[A-Z0-9_]+)\W+(?i:environment variables?)\b"
    r"|\b(?i:environment variables?)\W+(?:named |called )?[`'\"]?(?P<after>[A-Z][A-Z0-9]*_[A-Z0-9_]+)"
)
_GPU = lazy_pattern(
    r"No CUDA GPUs are available|no CUDA-capable device|Found no NVIDIA driver|CUDA driver version is insufficient"
    r"|on a CUDA device but torch\.cuda\.is_available\(\) is False|CUDA_ERROR_NO_DEVICE|No GPU (?:found|available)"
)
_SHIP = "a model that needs more than its own directory cannot be proven so; ship what it needs with it"


def _refused(failure: Failure) -> tuple[str, str] | None:
    """What the confinement refused and what would change that, None where that is not why it failed."""
    texts = [(failure.type, failure.message), *((kind, text) for kind, text, _ in failure.causes)]
    name = _variable(failure)
    if name is not None:
        shown = quoted(name)
        return (
            f"the model asked for the environment variable {shown}, which it does not get,",
            f"--env {name} passes it on" if name.isidentifier() else "--env passes it on",
        )
    if any(_GPU.search(text) for _, text in texts):
        return (
            "the model asked for a GPU, which it does not get,",
            "have it load where there is none: device='cpu', map_location='cpu'",
        )
    if any(_NETWORK.search(f"{kind}: {text}") for kind, text in texts):
        return "the model asked for the network, which it does not get,", _SHIP
    if failure.home:
        return (
            "the model asked for a file of the home folder, which is an empty one here,",
            "ship the file with the model, as an artifact",
        )
    if failure.errno in _REFUSED or any(
        kind == "PermissionError"
        or "[WinError 1816]" in text  # one process more than its job on Windows may have
        for kind, text in texts
    ):
        return "the model asked for something that it does not get,", _SHIP
    return None


def _variable(failure: Failure) -> str | None:
    """The environment variable that is not set, None where that is not why it failed."""
    raised = failure.raised
    texts = [(failure.type, failure.message), *((kind, text) for kind, text, _ in failure.causes)]
    if raised is not None and (raised.file, raised.function) == ("os.py", "__getitem__"):
        found = next((text for kind, text in reversed(texts) if kind == "KeyError"), None)
        if found is not None:
            return re.sub(r"^b(?=['\"])", "", found).strip("'\"")[:200]  # os keeps them as bytes
    for kind, text in texts:
        match = _VARIABLE.search(text)
        if match is not None and kind != "PermissionError":
            return match["before"] or match["after"]
    return None


def _missing_module(failure: Failure) -> str | None:
    """The module that could not be found, of this exception or of what it came from."""
    if failure.type == "ModuleNotFoundError" and failure.module:
        return failure.module
    return next((name for kind, _, name in failure.causes if kind == "ModuleNotFoundError" and name), None)


def _missing(case: ProbeCase, phase: Phase, module: str) -> Finding:
    """MLM720: a module is not there: which requirement brings it, and where it is to be written."""
    environment = recorded.of(case.model)
    listing = environment.listings[0] if environment.listings else None
    place = listing.start if listing is not None else Location()
    top = module.partition(".")[0]
    message = f"{phase.label} fails: there is no module {quoted(module)}"
    if top == "pkg_resources":
        env = environment.python_env
        file = env.file if env is not None else (listing.file if listing is not None else "requirements.txt")
        version = _installed(case, "setuptools")
        message += f", which setuptools {version} no longer has" if version and _new(version) else ""
        return new_finding("MLM720", message, place, f"add setuptools<82 to {file}")
    return new_finding("MLM720", message, place, _where(case, listing, module, top))


def _new(setuptools: str) -> bool:
    return setuptools.partition(".")[0].isdigit() and int(setuptools.partition(".")[0]) >= 82


def _where(case: ProbeCase, listing: RequirementList | None, module: str, top: str) -> str | None:
    names = distributions.providers(top)
    listed = sorted(names & recorded.of(case.model).names)
    file = listing.file if listing is not None else "requirements.txt"
    if listed:
        installed = _installed(case, listed[0])
        if installed is None:
            return f"{listed[0]} is listed and not installed: install it, or use --load=recreate"
        return f"{listed[0]} {installed} has no such module: pin the version that saved the model"
    if names:
        likely = top if top in names else min(names, key=lambda name: (len(name), name))
        others = sorted(names - {likely})
        more = f" (or another of those that bring {top}: {', '.join(others[:3])})" if others else ""
        return f"add {likely} to {file}{more}"
    if is_standard(top, None):
        return _saved_with(case) or f"{top} is not in every Python"
    return f"no distribution that is known has {module}: ship it with the model (code_paths), or add what brings it"


def _installed(case: ProbeCase, name: str) -> str | None:
    phase = case.run.of("versions")
    known = phase.detail.get("installed") if phase is not None else None
    found = known.get(name) if isinstance(known, dict) else None
    return found[:60] if isinstance(found, str) else None


def _missing_names(case: ProbeCase, said: set[str]) -> Iterator[Finding]:
    """MLM720, MLM724: of a model that does not load, what its objects name and nobody has."""
    phase = case.run.of("resolve")
    missing = phase.detail.get("missing") if phase is not None else None
    for item in (missing if isinstance(missing, list) else [])[:10]:
        error = item.get("error") if isinstance(item, dict) else None
        if phase is None or not isinstance(error, dict) or not isinstance(item.get("module"), str):
            continue
        module, name = item["module"][:200], str(item.get("name"))[:200]
        if error.get("type") == "ModuleNotFoundError" and isinstance(error.get("name"), str):
            finding = _missing(case, phase._replace(name="load", about="its library"), error["name"][:200])
            if not any(f"no module {quoted(error['name'][:200])}" in text for text in said):
                said.add(finding.message)
                yield finding
        elif error.get("type") == "AttributeError":
            found = sorted(distributions.providers(module.partition(".")[0]) & recorded.of(case.model).names)
            version = _installed(case, found[0]) if found else None
            of = f" of {found[0]} {version}" if version else ""
            hint = f"pin the version of {found[0]} that saved the model" if found else None
            yield new_finding(
                "MLM724", f"{module}{of} has no {name}, which the model is made of", Location(), hint
            )


def _saved_with(case: ProbeCase) -> str | None:
    """The Python that saved the model, where another minor version ran."""
    python = next((p for p in recorded.of(case.model).pythons if p.place.file == "MLmodel"), None)
    if python is None or python.numbers is None or case.python is None:
        return None
    ran = tuple(int(part) for part in case.python.split(".")[:2] if part.isdigit())
    if ran == python.numbers[:2]:
        return None
    return f"it was saved with Python {python.text}, and this is Python {case.python}"


# -- what else was seen -------------------------------------------------------------------------------


def _differing(case: ProbeCase) -> Iterator[Finding]:
    """MLM714: pins that an environment that is there does not keep."""
    environment = recorded.of(case.model)
    if not environment.listings:
        return
    listing = environment.listings[0]
    phase = case.run.of("versions")
    if phase is None or not isinstance(phase.detail.get("installed"), dict):
        return
    found = []
    for entry in listing.entries:
        if entry.name is None or entry.pin is None or entry.marker is not None:
            continue
        installed = _installed(case, entry.name)
        if installed is None:
            found.append(f"{entry.name} is not installed, {entry.pin} is recorded")
        elif not versions.same(installed, entry.pin):
            found.append(f"{entry.name} is {installed}, not {entry.pin}")
    if found:
        more = f"; and {len(found) - 8} more" if len(found) > 8 else ""
        message = f"this environment is not the recorded one: {'; '.join(found[:8])}{more}"
        yield new_finding("MLM714", message, listing.start, "--load=recreate makes the recorded one")


_VERSIONS = lazy_pattern(
    r"InconsistentVersion|from version \S+ when using version|mismatches between the model's dependencies"
    r"|(?:differs from|different from|does not match|older than|newer than) .*version|version .*differs from",
    re.DOTALL | re.IGNORECASE,
)
_UNPICKLED = lazy_pattern(
    r"Trying to unpickle (?:estimator )?\S+ from version (?P<saved>\S+) when using version (?P<used>\S+?)\.?\s"
)
_CLOUDPICKLE = lazy_pattern(
    r"used to save the model, `CloudPickle (?P<saved>[^`]+)`.*`CloudPickle (?P<used>[^`]+)`", re.DOTALL
)
_SAVED = (
    (_UNPICKLED, "scikit-learn", ", and warns that results may be wrong"),
    (_CLOUDPICKLE, "cloudpickle", ", and MLflow warns that it may not fit"),
)
"""Warnings that name two versions of a distribution."""


def _warned(case: ProbeCase, *, pins_differ: bool) -> Iterator[Finding]:
    """MLM723: what libraries say about versions when the model is loaded."""
    said: set[str] = set()
    for phase in case.run.phases:
        for warned in phase.warnings if phase.name in ("load", "predict") else ():
            if not _VERSIONS.search(f"{warned.category}: {warned.message}"):
                continue
            known = [(p.search(warned.message + " "), name, so) for p, name, so in _SAVED]
            both = next(((m["saved"], m["used"], name, so) for m, name, so in known if m), None)
            if both is not None:
                saved, used, name, so = both
                message = f"{name} {used} loads what {name} {saved} saved{so}"
                if message not in said:
                    said.add(message)
                    yield new_finding("MLM723", message, _line_of(case, name), f"pin {name}=={saved}")
            elif not (pins_differ and "mismatches between" in warned.message):
                text = re.sub(r"\s+", " ", warned.message)[:400]
                if text not in said:
                    said.add(text)
                    yield new_finding("MLM723", f"while {phase.label}: {text}", Location())


def _line_of(case: ProbeCase, name: str) -> Location:
    """The line that asks for a distribution, else the list that lacks it."""
    for listing in recorded.of(case.model).listings:
        for entry in listing.named(name):
            return entry.place
        return listing.start
    return Location()
