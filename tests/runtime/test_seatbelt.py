"""The macOS layer, as far as it can be shown without a Mac: its text, its call, and that nothing is believed.

What the rules mean is decided here by a small reader of profiles, in which the last rule that matches decides.
``test_exploits_macos.py`` asks the system itself.
"""

from __future__ import annotations

import ctypes
import fcntl
import fnmatch
import os
import sys
import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmodel.runtime.confinement import policy, promises, seatbelt, supervisor
from mlmodel.runtime.confinement.watching import UnconfinedError
from tests.runtime.test_confinement import confined, told

PID = 4711


class Text(str):
    """A string of a profile; what has no quotation marks is a plain one."""

    __slots__ = ()


Form: TypeAlias = "str | Text | list[Form]"


def read(text: str) -> list[Form]:
    """The expressions of a text of Scheme."""
    stack: list[list[Form]] = [[]]
    place = 0
    while place < len(text):
        character = text[place]
        place += 1
        if character == "(":
            stack.append([])
        elif character == ")":
            inner = stack.pop()
            stack[-1].append(inner)
        elif character == '"':
            found = ""
            while text[place] != '"':
                place += text[place] == "\\"
                found += text[place]
                place += 1
            place += 1
            stack[-1].append(Text(found))
        elif not character.isspace():
            start = place - 1
            while place < len(text) and text[place] not in '()" \n':
                place += 1
            stack[-1].append(text[start:place])
    (forms,) = stack
    return forms


class Asked(NamedTuple):
    """What the kernel asks about."""

    operation: str
    path: str = ""
    own: bool = False
    name: str = ""


def holds(filter_: Form, asked: Asked) -> bool:
    assert isinstance(filter_, list)
    kind, value = filter_
    assert isinstance(value, str)
    answers: dict[str, Callable[[], bool]] = {
        "literal": lambda: asked.path == value,
        "subpath": lambda: asked.path == value or asked.path.startswith(value + "/"),
        "target": lambda: value == "self" and asked.own,
        "sysctl-name": lambda: asked.name == value,
        "sysctl-name-prefix": lambda: asked.name.startswith(value),
        "ipc-posix-name": lambda: asked.name == value,
    }
    assert isinstance(kind, str)
    return answers[kind]()


def allowed(forms: list[Form], asked: Asked) -> bool:
    """Whether a profile allows something."""
    answer = True
    for form in forms:
        assert isinstance(form, list)
        action, *rest = form
        if action == "if":  # every operation is defined
            assert isinstance(form[2], list)
            action, *rest = form[2]
        if action not in ("allow", "deny"):
            continue
        names = [each for each in rest if isinstance(each, str)]
        filters = [each for each in rest if not isinstance(each, str)]
        if any(name == "default" or fnmatch.fnmatchcase(asked.operation, name) for name in names) and (
            not filters or any(holds(filter_, asked) for filter_ in filters)
        ):
            answer = action == "allow"
    return answer


needs_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="done with what Linux has")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(seatbelt, "LOADER", "/not/here")
    for name in ("model/artifacts", "scratch", "home/.ssh", "python/bin", "python/lib"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("model/MLmodel", "probe.py", "beside.py", "python/bin/python3", "home/.ssh/id"):
        (tmp_path / name).touch()
    return Path(os.path.realpath(tmp_path))


def rules(place: Path, **others: list[str]) -> dict[str, Any]:
    return {
        "read": [str(place / "model"), str(place / "probe.py"), str(place / "python"), "/not/here"],
        "write": [str(place / "scratch")],
        "devices": ["/dev/null", "/dev/not-here"],
        "execute": [str(place / "python" / "bin" / "python3")],
        **others,
    }


def test_everything_is_closed_first(place: Path) -> None:
    forms = read(seatbelt.profile(rules(place), PID))
    assert forms[:2] == [["version", "1"], ["deny", "default"]]
    assert all(isinstance(form, list) and form[0] in ("version", "deny", "allow", "if") for form in forms)


def test_every_path_is_of_the_policy(place: Path) -> None:
    paths: list[str] = []

    def collect(form: Form) -> None:
        if isinstance(form, list):
            if form[:1] in (["literal"], ["subpath"]):
                paths.append(" ".join(str(each) for each in form))
            for each in form:
                collect(each)

    collect(list(read(seatbelt.profile(rules(place), PID))))
    assert set(paths) == {
        "literal /",
        f"subpath {place}/model",
        f"literal {place}/probe.py",
        f"subpath {place}/python",
        f"literal {place}/python/bin/python3",
        f"subpath {place}/scratch",
        "literal /dev/null",
    }


OPERATIONS = {
    "its model": (("file-read-data", "model/MLmodel"), True),
    "its model's folders": (("file-read-data", "model/artifacts"), True),
    "to write to its model": (("file-write-data", "model/MLmodel"), False),
    "the probe": (("file-read-data", "probe.py"), True),
    "beside the probe": (("file-read-data", "beside.py"), False),
    "a name that begins like its model's": (("file-read-data", "model2"), False),
    "a library as code": (("file-map-executable", "python/lib/one.so"), True),
    "to write to a library": (("file-write-create", "python/lib/one.so"), False),
    "its scratch folder": (("file-write-create", "scratch/x"), True),
    "what is in it": (("file-read-data", "scratch/x"), True),
    "modes in it": (("file-write-mode", "scratch/x"), True),
    "keys": (("file-read-data", "home/.ssh/id"), False),
    "extended attributes of keys": (("file-read-xattr", "home/.ssh/id"), False),
    "modes of keys": (("file-write-mode", "home/.ssh/id"), False),
    "a second name": (("file-link", "python/lib/one.so"), False),
    "a second name of its own": (("file-link", "scratch/x"), False),
    "a node of a device": (("file-mknod", "scratch/x"), False),
    "its interpreter": (("process-exec", "python/bin/python3"), True),
    "another program": (("process-exec", "python/bin/pip"), False),
    "a program of its own": (("process-exec", "scratch/x"), False),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_files(place: Path, name: str) -> None:
    (operation, path), answer = OPERATIONS[name]
    forms = read(seatbelt.profile(rules(place), PID))
    assert allowed(forms, Asked(operation, str(place / path))) is answer


OTHERS = {
    "/ itself": (Asked("file-read-data", "/"), True),
    "nothing": (Asked("file-write-data", "/dev/null"), True),
    "to make a device": (Asked("file-write-create", "/dev/null"), False),
    "a disk": (Asked("file-read-data", "/dev/disk0"), False),
    "connections": (Asked("network-outbound", "/var/run/docker.sock"), False),
    "its own socket": (Asked("network-outbound", "scratch/socket"), False),
    "ports": (Asked("network-bind"), False),
    "visitors": (Asked("network-inbound"), False),
    "services": (Asked("mach-lookup", name="com.apple.coreservices.launchservicesd"), False),
    "another process": (Asked("process-fork"), False),
    "signals to itself": (Asked("signal", own=True), True),
    "signals to others": (Asked("signal"), False),
    "about itself": (Asked("process-info-pidinfo", own=True), True),
    "about others": (Asked("process-info-pidinfo"), False),
    "how many processors there are": (Asked("sysctl-read", name="hw.ncpu"), True),
    "itself in the list of processes": (Asked("sysctl-read", name=f"kern.proc.pid.{PID}"), True),
    "the list of processes": (Asked("sysctl-read", name="kern.proc.all"), False),
    "environments of others": (Asked("sysctl-read", name="kern.procargs2.1"), False),
    "settings of the kernel": (Asked("sysctl-write", name="kern.maxproc"), False),
    "OpenMP's memory": (Asked("ipc-posix-shm-write-create", name=f"/__KMP_REGISTERED_LIB_{PID}"), True),
    "that of others": (Asked("ipc-posix-shm-read-data", name="/__KMP_REGISTERED_LIB_1"), False),
    "other memory": (Asked("ipc-posix-shm-read-data", name="apple.shm.notification_center"), False),
    "semaphores": (Asked("ipc-posix-sem-create", name="/x"), False),
    "devices' drivers": (Asked("iokit-open"), False),
    "preferences": (Asked("user-preference-read"), False),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_file_of_its_own(place: Path, name: str) -> None:
    asked, answer = OTHERS[name]
    assert allowed(read(seatbelt.profile(rules(place), PID)), asked) is answer


def test_no_rule_is_about_everything_by_mistake(place: Path) -> None:
    """A rule that has lost all its filters would be one about every path."""
    text = seatbelt.profile({"read": [], "write": [], "devices": [], "execute": []}, PID)
    forms = read(text)
    for operation in ("file-read-data", "file-write-data", "file-ioctl", "process-exec"):
        assert not allowed(forms, Asked(operation, str(place / "model" / "MLmodel")))


def test_apples_own_rules_come_before_ours(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loader = place / "dyld-support.sb"
    loader.touch()
    monkeypatch.setattr(seatbelt, "LOADER", str(loader))
    forms = read(seatbelt.profile(rules(place), PID))
    assert forms[2] == ["import", Text("dyld-support.sb")]
    opened: list[Form] = [
        ["allow", "network*"],
        ["allow", "mach-lookup"],
        ["allow", "process*"],
        ["allow", "file*"],
    ]
    for operation in (
        "network-outbound", "network-bind", "mach-lookup", "process-fork", "process-exec", "process-info-pidinfo",
        "file-write-data", "file-link", "signal",
    ):  # fmt: skip
        asked = Asked(operation, "/elsewhere")
        assert allowed(opened, asked) or operation == "signal"
        assert not allowed([*forms[:2], *opened, *forms[3:]], asked), operation


def test_links_are_followed(place: Path) -> None:
    (place / "link").symlink_to("model")
    (place / "python3").symlink_to("python/bin/python3")
    linked = rules(place, read=[str(place / "link")], execute=[str(place / "python3")])
    text = seatbelt.profile(linked, PID)
    assert allowed(read(text), Asked("file-read-data", str(place / "model" / "MLmodel")))
    assert allowed(read(text), Asked("process-exec", str(place / "python" / "bin" / "python3")))
    assert str(place / "link") not in text


@needs_linux
def test_letters_are_those_of_the_disk(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """macOS finds a file whatever the case of its letters, and Seatbelt knows only one."""

    def get_path(descriptor: int, command: int, argument: bytes) -> bytes:
        assert (command, len(argument)) == (50, 1024)
        return os.fsencode(os.readlink(f"/proc/self/fd/{descriptor}").upper()).ljust(1024, b"\0")

    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(fcntl, "fcntl", get_path)
    assert seatbelt.canonical(str(place / "model")) == str(place / "model").upper()
    assert seatbelt.canonical("/not/here") == "/not/here"
    (place / "MODEL").mkdir()
    monkeypatch.setattr(seatbelt, "canonical", lambda path: path.replace("/model", "/MODEL"))
    both = [f'(subpath "{place}/model")', f'(subpath "{place}/MODEL")']
    assert seatbelt._filters([str(place / "model")]) == both
    monkeypatch.undo()
    assert seatbelt.canonical(str(place / "model")) == str(place / "model")


@given(st.text(st.characters(exclude_characters="\0")))
def test_quoting(text: str) -> None:
    assert read(f"(literal {seatbelt.quoted(text)})") == [["literal", Text(text)]]


@needs_linux
@given(
    st.text(st.characters(exclude_characters="\0/", exclude_categories=["Cs"]), min_size=1, max_size=60)
    | st.sampled_from(['") (allow default) ("', "\\", '\\"', "a\\\\", "(", "'", ";", "#|", "\n", "${HOME}"])
)
def test_no_name_of_a_folder_adds_a_rule(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(os.path.realpath(folder), "x" + name)
        os.mkdir(path)
        text = seatbelt.profile({"read": [path], "write": [path], "devices": [], "execute": []}, PID)
    forms = read(text)
    assert len(forms) == len(
        read(seatbelt.profile({"read": [], "write": ["/"], "devices": [], "execute": []}, PID))
    )
    assert forms[-1] == ["allow", "file-read*", "file-write*", ["subpath", Text(path)]]


def test_a_null_character_ends_no_profile() -> None:
    with pytest.raises(ValueError, match="null"):
        seatbelt.quoted("a\0b")


# -- the call -------------------------------------------------------------------------------------------

_INIT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_uint64, ctypes.POINTER(ctypes.c_void_p))
_FREE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class System:
    """A libSystem that notes how it is called, through the calling convention of C."""

    def __init__(self, status: int, message: bytes | None = None) -> None:
        self.called: list[tuple[bytes, int]] = []
        self.freed: list[int] = []
        self._status = status
        self._message = None if message is None else ctypes.create_string_buffer(message)
        self.sandbox_init = _INIT(self._init)
        self.sandbox_free_error = _FREE(self.freed.append)

    @property
    def address(self) -> int:
        assert self._message is not None
        return ctypes.addressof(self._message)

    def _init(self, text: bytes, flags: int, error: Any) -> int:
        self.called.append((text, flags))
        if self._message is not None:
            error[0] = self.address
        return self._status


def test_a_profile_is_put_into_force() -> None:
    system = System(0)
    assert seatbelt.apply(system, "(version 1) ; \udcff é") is None
    assert system.called == [(b"(version 1) ; \xff \xc3\xa9", 0)]
    assert system.freed == []


def test_why_a_profile_is_not_in_force() -> None:
    system = System(-1, b"unbound variable: file-red*\n")
    assert seatbelt.apply(system, "(version 1)") == "unbound variable: file-red*"
    assert system.freed == [system.address]
    assert seatbelt.apply(System(-1), "(version 1)") == "sandbox_init failed without a reason"
    assert seatbelt.apply(None, "(version 1)") == "this system has no sandbox_init"


def test_the_library_is_the_first_with_the_function(monkeypatch: pytest.MonkeyPatch) -> None:
    has, has_not = SimpleNamespace(sandbox_init=None), SimpleNamespace()
    libraries = {"/one": has_not, "/two": has}
    monkeypatch.setattr(seatbelt, "LIBRARIES", ("/nowhere", "/one", "/two"))

    def load(path: str) -> SimpleNamespace:
        if path not in libraries:
            raise OSError(path)
        return libraries[path]

    monkeypatch.setattr(ctypes, "CDLL", load)
    assert seatbelt.library() is has
    del libraries["/two"]
    assert seatbelt.library() is None


# -- the launcher, told that it is on macOS -----------------------------------------------------------------

NOTHING = "None"
ACCEPTS = "types.SimpleNamespace(sandbox_init=Function(0), sandbox_free_error=Function(None))"
SOCKETS = "types.SimpleNamespace(sandbox_init=Function(0, sockets), sandbox_free_error=Function(None))"
KEEPS = "types.SimpleNamespace(sandbox_init=Function(0, linux), sandbox_free_error=Function(None))"
"""Libraries: none, one that accepts everything and does nothing, one that leaves sockets with which nothing can be
done, and one behind which Linux confines."""


def as_on_macos(folder: Path, monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    """Let the parent start a launcher that takes itself for one on macOS."""
    script = folder / "stub_on_macos.py"
    script.write_text(
        textwrap.dedent(f"""\
            import json, os, socket, sys, types
            sys.path.insert(0, {os.path.dirname(supervisor.LAUNCHER)!r})
            import seatbelt, launcher
            from start import Start
            class Function:
                def __init__(self, answer, work=None):
                    self.answer, self.work = answer, work
                def __call__(self, *arguments):
                    if self.work is not None:
                        self.work()
                    return self.answer
            def linux():
                sys.platform = "linux"
                with open(sys.argv[1]) as file:
                    rules = json.load(file)
                start = Start(rules["command"], rules["environment"])
                Start.go, go = lambda _: go(start), Start.go
                launcher.confine(dict(rules, without=[]), start)
                sys.platform = "darwin"
            def sockets():
                class Refusing(socket.socket):
                    def connect(self, *_):
                        raise PermissionError(1, "")
                    bind = sendto = connect
                socket.socket = Refusing
            sys.platform = "darwin"
            seatbelt.library = lambda: {library}
            launcher.main()
            """)
    )
    monkeypatch.setattr(supervisor, "LAUNCHER", str(script))
    monkeypatch.setattr(supervisor, "PROTECTED", promises.protected(promises.MACOS))


@needs_linux
@pytest.mark.parametrize("library", [NOTHING, ACCEPTS], ids=["none", "one that does nothing"])
def test_nothing_starts_where_seatbelt_does_not_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    as_on_macos(tmp_path, monkeypatch, library)
    with pytest.raises(UnconfinedError, match="files and network and processes would stay open") as caught:
        confined(tmp_path, "open('ran', 'w')")
    assert caught.value.missing == ("files", "network", "processes")
    assert os.listdir(tmp_path / "scratch") == []


@needs_linux
def test_what_seatbelt_says_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_on_macos(tmp_path, monkeypatch, NOTHING)
    outcome = confined(tmp_path, "tell('ran')", weak=True)
    assert told(outcome) == ["ran"]
    assert outcome.layers == ("limits",)
    assert b"seatbelt: this system has no sandbox_init" in outcome.output


@needs_linux
def test_a_layer_that_is_left_out_is_not_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_on_macos(tmp_path, monkeypatch, ACCEPTS)
    assert confined(tmp_path, "tell('ran')", weak=True).layers == ("limits", "seatbelt")
    assert confined(tmp_path, "tell('ran')", weak=True, without=("seatbelt",)).layers == ("limits",)


@needs_linux
def test_a_socket_may_be_had_where_it_is_of_no_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_on_macos(tmp_path, monkeypatch, SOCKETS)
    outcome = confined(tmp_path, "tell('ran')", weak=True)
    assert told(outcome) == ["ran"]
    assert "network" in outcome.enforced
    assert outcome.open == ("files", "processes")


@needs_linux
def test_what_is_refused_is_proven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the layers of Linux in its place, every attempt of the launcher is refused."""
    as_on_macos(tmp_path, monkeypatch, KEEPS)
    outcome = confined(tmp_path, "tell(os.listdir('.'))")
    assert told(outcome) == ["[]"]
    assert outcome.layers == ("limits", "seatbelt")
    assert outcome.open == ()
    assert {"files", "network", "processes"} <= set(outcome.enforced)


# -- what of macOS may be reached -----------------------------------------------------------------------


def test_a_framework_becomes_another_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    version = tmp_path / "[x]" / "Python.framework" / "Versions" / "3.12"
    program = version / "Resources" / "Python.app" / "Contents" / "MacOS" / "Python"
    for path in (version / "bin" / "python3.12", program):
        path.parent.mkdir(parents=True)
        path.touch()
    environment = tmp_path / "environment"
    (environment / "bin").mkdir(parents=True)
    (environment / "pyvenv.cfg").write_text(f"home = {version}/bin\n")
    (environment / "bin" / "python").symlink_to(version / "bin" / "python3.12")
    monkeypatch.setattr(policy, "SYSTEM", policy.MACOS)
    found = policy.rules(str(environment / "bin" / "python"), ["/model"], "/scratch")
    real = os.path.realpath(version)
    assert found["execute"] == [
        f"{real}/bin/python3.12",
        f"{real}/Resources/Python.app/Contents/MacOS/Python",
    ]
    assert {str(environment), real, "/model", "/System/Library"} <= set(found["read"])
    assert found["devices"] == ["/dev/null", "/dev/zero"]
    assert found["write"] == ["/scratch"]


def test_the_variables_of_macos_are_others(monkeypatch: pytest.MonkeyPatch) -> None:
    linux = policy.variables("/scratch")
    monkeypatch.setattr(policy, "SYSTEM", policy.MACOS)
    assert policy.variables("/scratch") == {**linux, "LANG": "en_US.UTF-8", "LOGNAME": "nobody"}


def test_homebrews_folder_is_not_all_an_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "SYSTEM", policy.MACOS)
    found = policy.installation("/usr/local/bin/python-that-is-not-here")
    assert found == ["/usr/local/bin", "/usr/local/lib", "/usr/local/lib64"]
    monkeypatch.setattr(policy, "SYSTEM", policy.LINUX)
    assert policy.installation("/usr/local/bin/python-that-is-not-here") == ["/usr/local"]


def test_the_lists_name_no_folder_of_users() -> None:
    """Nor ``/System`` as a whole: ``/System/Volumes/Data`` is the disk of the users, under another name."""
    for path in policy.MACOS.read:
        assert os.path.normpath(path) == path
        assert path.startswith("/")
        for private in (
            "/Users/x/.ssh/id",
            "/System/Volumes/Data/Users/x",
            "/private/var/folders/x",
            "/opt/homebrew/var",
        ):
            assert not (private + "/").startswith(path + "/"), path
