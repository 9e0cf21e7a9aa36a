"""Attempts that are proofs: they fail where anything at all is allowed."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path
from typing import Any, Literal

import pytest

from mlmodel.runtime.confinement import denial_probes

NETWORK = ("tcp", "udp", "unix")


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    for name in ("scratch", "environment"):
        (tmp_path / name).mkdir()
    (tmp_path / "environment" / "pyvenv.cfg").touch()
    monkeypatch.chdir(tmp_path / "scratch")
    return {"forbidden": str(tmp_path / "environment"), "read": [], "execute": []}


def refuse(*_: object, **__: object) -> None:
    raise PermissionError(errno.EPERM, "Operation not permitted")


def fail(*_: object, **__: object) -> None:
    raise OSError(errno.EXDEV, "Cross-device link")


class Refusing(socket.socket):
    """A socket with which nothing can be done, as Seatbelt refuses it."""

    open_: frozenset[str] = frozenset()

    def _ask(self, operation: str, address: object) -> None:
        local = self.family == socket.AF_UNIX
        kind = "unix" if local else "tcp" if self.type == socket.SOCK_STREAM else "udp"
        version = "6" if self.family == socket.AF_INET6 else ""
        if f"{kind} {operation}{version}" not in self.open_:
            refuse(address)

    def connect(self, address: Any) -> None:
        self._ask("connect", address)

    def bind(self, address: Any) -> None:
        self._ask("bind", address)

    def sendto(self, *arguments: Any) -> int:
        self._ask("send", arguments)
        return 0


def test_nothing_is_refused_where_nothing_is_closed(rules: dict[str, Any]) -> None:
    """Nothing listens at the ports: that alone is no refusal."""
    listener = denial_probes.listen()
    assert listener is not None
    with listener:
        found = {
            name: denial_probes.refused(attempt) for name, attempt in denial_probes.of_macos(rules).items()
        }
    assert found == dict.fromkeys(("write environment", *NETWORK), False)
    assert os.listdir(rules["forbidden"]) == ["pyvenv.cfg"]
    assert "linked" not in os.listdir()


@pytest.mark.parametrize("name", NETWORK)
def test_sockets_with_which_nothing_can_be_done(
    rules: dict[str, Any], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(socket, "socket", Refusing)
    assert denial_probes.refused(denial_probes.of_macos(rules)[name])


@pytest.mark.parametrize(
    "opened",
    [
        "tcp connect",
        "tcp connect6",
        "tcp bind",
        "udp send",
        "udp send6",
        "udp bind",
        "unix connect",
        "unix bind",
    ],
)
def test_one_way_out_is_enough(rules: dict[str, Any], monkeypatch: pytest.MonkeyPatch, opened: str) -> None:
    monkeypatch.setattr(socket, "socket", Refusing)
    monkeypatch.setattr(Refusing, "open_", frozenset({opened}))
    attempts = denial_probes.of_macos(rules)
    assert [name for name in NETWORK if not denial_probes.refused(attempts[name])] == [
        opened.split(maxsplit=1)[0]
    ]


def test_a_folder_without_a_socket_proves_nothing(
    rules: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no socket to connect to, that it is not there is no refusal."""
    assert not denial_probes.refused(denial_probes.of_macos(rules)["unix"])
    Path(denial_probes.LISTENER).touch()
    assert denial_probes.listen() is None


@pytest.mark.parametrize(
    ("create", "link", "answer"),
    [("open", "link", True), ("open", None, False), (None, "link", False)],
    ids=["both", "a file can be linked", "a file can be made"],
)
def test_an_environment_is_changed_in_two_ways(
    rules: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    create: Literal["open"] | None,
    link: Literal["link"] | None,
    answer: bool,
) -> None:
    for name in (create, link):
        if name is not None:
            monkeypatch.setattr(os, name, refuse)
    assert denial_probes.refused(denial_probes.of_macos(rules)["write environment"]) is answer


def test_every_file_that_can_be_read_is_tried(rules: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    program = Path(rules["forbidden"]) / "python3"
    program.touch()
    tried: list[str] = []

    def link(path: str, name: str) -> None:
        tried.append(path)
        (fail if path.endswith("python3") else refuse)(name)

    monkeypatch.setattr(os, "link", link)
    monkeypatch.setattr(os, "open", refuse)
    more = {**rules, "execute": [str(program)], "read": [__file__, rules["forbidden"], "/not/here"]}
    assert denial_probes.refused(denial_probes.of_macos(more)["write environment"])
    assert tried == [str(program), __file__, os.path.join(rules["forbidden"], "pyvenv.cfg")]


def test_no_attempt_is_no_proof() -> None:
    assert not denial_probes.refused(denial_probes.every)


def test_another_disk_is_a_refusal_of_links_only() -> None:
    assert not denial_probes.refused(lambda: denial_probes.every(fail))
    assert denial_probes.refused(lambda: denial_probes.every(fail, more=frozenset({errno.EXDEV})))


def test_emptying_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("text")

    def only_read(path: str, flags: int) -> int:
        if flags & os.O_TRUNC:
            refuse()
        return opened(path, flags)

    opened = os.open
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", only_read)
        assert denial_probes.refused(lambda: denial_probes.truncate(str(file)))
        patch.setattr(os, "open", refuse)
        assert not denial_probes.refused(lambda: denial_probes.truncate(str(file)))
    assert file.read_text() == "text"
    assert not denial_probes.refused(lambda: denial_probes.truncate(str(file)))
    assert file.read_text() == ""
