"""Holds what the judgement calls clean against what restoring it does.  Runs with the interpreter of an environment that has the
libraries: ``behavior_oracle.py PACKAGE COUNT SEED [all]``, PACKAGE being the folder of the package ``mlmodel``.

Objects are made at random of classes that are accepted, with states and arguments as an attacker would choose them: the names that the
methods of the class use, and values of all kinds.  Each is judged; what nothing is said of is restored and dropped, in a child process under an
audit hook, which takes note of whatever runs, opens, imports, deletes or connects.  Functions and classes that an object may hold are
held by a ``partial`` with arguments of an attacker, and that is called, as a model does when it predicts.  One line of JSON says what
came of it.  With ``all`` nothing is judged: how often something happens then is what the generator is worth.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import pickle
import random
import resource
import signal
import struct
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy

sys.path.insert(0, sys.argv[1])

from mlmodel.pickles import allowlist, behavior, judgement, reading
from mlmodel.pickles.scan_options import ScanOptions

warnings.simplefilter("ignore")
LIBRARIES = "sklearn scipy numpy pandas statsmodels lightgbm joblib imblearn category_encoders pmdarima patsy skops fsspec jinja2 sympy".split()
ALWAYS = (
    "subprocess.Popen os.system os.exec os.posix_spawn os.spawn os.fork os.remove os.rename os.rmdir os.mkdir os.truncate os.chmod os.symlink os.putenv"
    " shutil.rmtree shutil.move shutil.copyfile socket.connect socket.bind socket.sendto ctypes.dlopen ctypes.call_function urllib.Request ftplib.connect"
    " pty.spawn webbrowser.open tempfile.mkstemp tempfile.mkdtemp sqlite3.connect"
).split()
CANARY = "canary"
LIBRARY = os.path.dirname(os.path.dirname(numpy.__file__)) + os.sep
JUDGES_NOTHING = sys.argv[4:] == ["all"]
CALLS = 20
"""Calls of each function and class that may be held."""
TEXTS = (
    'open("canary","w")', '__import__("canary")', "canary", "canary.module", "/tmp/canary", "y ~ canary(x)", "y ~ x + canary", "a ~ [canary][0](b)",
    "def _parse_args(self, canary, loc=0, scale=1):\n    return (canary,), loc, scale\n", "1.0", "np.float64", "os", "norm", "f8", "utf-8", "",
)  # fmt: skip
FUNCTIONS = (
    ("numpy", "log1p"),
    ("operator", "add"),
    ("builtins", "len"),
    ("numpy", "mean"),
    ("sklearn.metrics._regression", "r2_score"),
    ("builtins", "dict"),
)


def text(value: str) -> bytes:
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def name(module: str, attribute: str) -> bytes:
    return text(module) + text(attribute) + b"\x93"


def stripped(value: Any) -> bytes:
    """A pickle of protocol 4, without its frame, its memo and its end."""
    import pickletools

    body = pickletools.optimize(pickle.dumps(value, 4))
    at = 11 if body[2:3] == b"\x95" else 2
    return body[at:-1] if b"\x94" not in body else b"N"


class Maker:
    """Makes values at random."""

    def __init__(self, seed: int, names: list[str], classes: list[tuple[str, str]]) -> None:
        self.random = random.Random(seed)
        self.names = names
        self.classes = classes

    def value(self, depth: int = 0) -> bytes:
        choice = self.random.random()
        if choice < 0.25:
            return text(self.random.choice(TEXTS))
        if choice < 0.4:
            return self.random.choice(
                (
                    b"N",
                    b"K\1",
                    b"K\0",
                    b"J\xff\xff\xff\xff",
                    b"\x88",
                    b"G" + struct.pack(">d", 0.5),
                    b"]",
                    b")",
                    b"}",
                    b"C\3abc",
                )
            )
        if choice < 0.55:
            return name(*self.random.choice(FUNCTIONS))
        if depth > 2:
            return b"N"
        if choice < 0.65:
            return b"](" + b"".join(self.value(depth + 1) for _ in range(2)) + b"e"
        if choice < 0.72:
            return b"(" + b"".join(self.value(depth + 1) for _ in range(self.random.randrange(4))) + b"t"
        if choice < 0.8:
            return self.state(depth + 1)
        if choice < 0.88:
            return name("types", "SimpleNamespace") + b")R" + self.state(depth + 1) + b"b"
        if choice < 0.92:
            return (
                name("functools", "partial")
                + b"("
                + name(*self.random.choice(FUNCTIONS))
                + self.value(depth + 1)
                + b"tR"
            )
        if choice < 0.95:
            return name("builtins", "getattr") + text("x") + text("upper") + b"\x86R"
        return name(*self.random.choice(self.classes)) + b")\x81" + self.state(depth + 1) + b"b"

    def state(self, depth: int = 0) -> bytes:
        keys = [self.random.choice(self.names) for _ in range(self.random.randrange(1, 5))]
        return b"}(" + b"".join(text(key) + self.value(depth + 1) for key in keys) + b"u"

    def object(self, module: str, attribute: str) -> bytes:
        choice = self.random.random()
        made = name(module, attribute)
        made += (b"(" + self.value() + b"t" if choice < 0.12 else b")") + b"\x81"
        state = self.state() if self.random.random() < 0.7 else self.value()
        if self.random.random() < 0.08:
            state = b"N" + self.state() + b"\x86"
        made += state + b"b"
        if self.random.random() < 0.1:
            made += self.state() + b"b"
        if self.random.random() < 0.1:
            made = b"}" + made + b"Ns"
        return b"\x80\4" + made + b"."

    def held(self, module: str, attribute: str) -> bytes:
        """A function or a class in a ``partial`` with arguments."""
        function = name(module, attribute)
        given = b"(" + b"".join(self.value() for _ in range(self.random.randrange(3))) + b"t"
        keywords = b"}" if self.random.random() < 0.7 else self.state(1)
        made = name("functools", "partial") + function + b"\x85R(" + function + given + keywords + b"Ntb"
        return b"\x80\4" + made + b"."

    def passed(self) -> tuple[Any, ...]:
        """What a model would call it with."""
        table = numpy.arange(6.0).reshape(3, 2)
        return self.random.choice(((), (table,), (table, table[:, 0]), ("canary",), (table, "canary"), ({},)))


def is_clean(data: bytes) -> bool:
    if JUDGES_NOTHING:
        return True
    stream = reading.read(data, 0, len(data), ScanOptions(judgement.is_watched, calls=False))
    return not any(True for _ in judgement.judge(stream))


def words(cls: type) -> set[str]:
    """The names that the methods of a class use."""
    found: set[str] = set()
    for base in cls.__mro__:
        for member in vars(base).values():
            function = getattr(member, "__func__", member)
            code = getattr(getattr(function, "fget", function), "__code__", None)
            if code is not None:
                found.update(code.co_names)
                found.update(
                    constant
                    for constant in code.co_consts
                    if isinstance(constant, str) and constant.isidentifier()
                )
    return {word for word in found if len(word) < 40}


def is_loaded(path: str) -> bool:
    """Whether a native library is in the process already."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        return path in maps.read()


EXPLAINED = frozenset({("numpy.matrix", "compile")})
"""A matrix that is given a text parses it as a literal (``ast.literal_eval``), and runs nothing."""


class Watch:
    """Takes note of what happens while something is restored."""

    def __init__(self) -> None:
        self.on = False
        self.events: list[str] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event == "ctypes.dlopen" and is_loaded(str(arguments[0])):
            return  # threadpoolctl asks the libraries that are there for their threads
        if event in ALWAYS or event.startswith(("winreg.", "socket.get")):
            self.events.append(f"{event} {arguments!r}"[:200])
        elif event == "open":
            path, mode, flags = arguments
            writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if writes or (
                CANARY in str(path) and LIBRARY not in str(path)
            ):  # time zones are looked up by name
                self.events.append(f"open {path!r} {mode!r}"[:200])
        elif event == "import" and CANARY in str(arguments[0]):
            if str(arguments[0]).startswith("encodings."):
                return  # the name of an encoding: codecs looks for it in that package only
            self.events.append(f"import {arguments[0]}")
        elif event == "compile":
            source = arguments[0]
            if isinstance(source, (str, bytes)) and CANARY in str(source):
                self.events.append(f"compile {source!r}"[:200])
        elif event == "exec":
            code = arguments[0]
            if CANARY in repr((getattr(code, "co_names", ()), getattr(code, "co_consts", ()))):
                self.events.append(f"exec {code!r}"[:200])


def tried(
    watch: Watch, module: str, attribute: str, count: int, seed: int, classes: list[tuple[str, str]]
) -> dict[str, Any]:
    """Objects of one class."""
    found: Any = importlib.import_module(module)
    for part in attribute.split("."):
        found = getattr(found, part)
    known = behavior.of(module, attribute)
    hook_names = {method for hook in (known.hooks if known is not None else ()) for method in hook.methods}
    names = sorted(words(found) | hook_names | ALWAYS_KEYS)
    maker = Maker(seed, names, classes)
    return run(watch, f"{module}.{attribute}", count, lambda: maker.object(module, attribute), None)


def called(watch: Watch, module: str, attribute: str, count: int, seed: int) -> dict[str, Any]:
    """Calls of one function or class."""
    found: Any = importlib.import_module(module)
    for part in attribute.split("."):
        found = getattr(found, part)
    code = getattr(found, "__code__", None)
    names = sorted({*(code.co_varnames[: code.co_argcount] if code is not None else ()), "x"})
    maker = Maker(seed, names, [("sklearn.linear_model._base", "LinearRegression")])
    return run(watch, f"{module}.{attribute}", count, lambda: maker.held(module, attribute), maker.passed)


def run(
    watch: Watch,
    full: str,
    count: int,
    make: Callable[[], bytes],
    passed: Callable[[], tuple[Any, ...]] | None,
) -> dict[str, Any]:
    """Judge objects, restore those that are clean, call them where they are to be called, and drop them."""
    result: dict[str, Any] = {"objects": 0, "clean": 0, "events": []}
    sink = io.StringIO()
    for _ in range(count):
        data = make()
        result["objects"] += 1
        if not is_clean(data):
            if passed is not None:
                break  # for its name, most often
            continue
        result["clean"] += 1
        watch.events.clear()
        given = passed() if passed is not None else ()
        with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink):
            watch.on = True
            made = None
            try:
                made = pickle.loads(data)
                if passed is not None:
                    made(*given)
            except BaseException:
                pass
            del made
            watch.on = False
        if any((full, event.partition(" ")[0]) not in EXPLAINED for event in watch.events):
            result["events"].append([full, watch.events[:3], data.hex()[:2000]])
            if len(result["events"]) > 3:
                break
    return result


ALWAYS_KEYS = {
    "pop",
    "keys",
    "items",
    "close",
    "__setstate__",
    "__class__",
    "formula",
    "_parse_arg_template",
    "handle",
}


def chunk(
    work: list[tuple[int, str, str, str]], each: int, seed: int, classes: list[tuple[str, str]], out: int
) -> None:
    """In a child: objects of some classes, a line of JSON each."""
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    watch = Watch()
    sys.addaudithook(watch)
    with os.fdopen(out, "w") as pipe:
        for number, module, attribute, kind in work:
            signal.alarm(120)
            try:
                if kind == "object":
                    result = tried(watch, module, attribute, each, seed + number, classes)
                else:
                    result = called(watch, module, attribute, CALLS, seed + number)
            except Exception as error:
                result = {"objects": 0, "clean": 0, "events": [], "error": repr(error)[:200]}
            watch.on = False
            pipe.write(json.dumps([number, result]) + "\n")
            pipe.flush()
    os._exit(0)


def references(classes: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Functions, classes and their methods that an object may name: all of the modules that have classes, and of the review."""
    found = dict.fromkeys(full.rpartition(".")[::2] for full in allowlist._reviewed()["functions"])
    found.update(dict.fromkeys(classes))
    for module in dict.fromkeys(module for module, _ in classes):
        for attribute, value in list(vars(sys.modules[module]).items()):
            if callable(value) and getattr(value, "__module__", module) == module:
                found[module, attribute] = None
            if isinstance(value, type) and value.__module__ == module:
                found.update(dict.fromkeys((module, f"{attribute}.{method}") for method in vars(value)))
    for module, attribute in found:
        if (
            module in sys.modules
            and "test" not in module
            and is_clean(b"\x80\4" + name(module, attribute) + b"\x85.")
        ):
            yield module, attribute


def main() -> None:
    """Every accepted class, in children that go on with the next where one is killed."""
    count, seed = int(sys.argv[2]), int(sys.argv[3])
    os.chdir(tempfile.mkdtemp())
    classes = []
    for top in LIBRARIES:
        try:
            importlib.import_module(top)
        except ImportError:
            continue
        for module, line in behavior._library(top).get("classes", {}).items():
            if "test" in module:
                continue
            try:
                with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                    loaded = importlib.import_module(module)
            except BaseException:
                continue
            for entry in line.split():
                attribute = entry.partition(":")[0]
                if hasattr(loaded, attribute.partition(".")[0]):
                    classes.append((module, attribute))
    random.Random(seed).shuffle(classes)
    each = max(1, -(-count // len(classes)))
    total: dict[str, Any] = {
        "classes": len(classes),
        "objects": 0,
        "clean": 0,
        "killed": [],
        "errors": [],
        "events": [],
    }
    work = [(number, module, attribute, "object") for number, (module, attribute) in enumerate(classes)]
    work += [
        (len(work) + number, module, attribute, "call")
        for number, (module, attribute) in enumerate(references(classes))
    ]
    gc.collect()
    gc.freeze()
    while work:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            null = os.open(os.devnull, os.O_RDWR)
            os.dup2(null, 1)
            os.dup2(null, 2)
            try:
                chunk(work, each, seed, classes, writer)
            finally:
                os._exit(1)
        os.close(writer)
        last = -1
        with os.fdopen(reader) as pipe:
            for line in pipe:
                last, result = json.loads(line)
                total["objects"] += result["objects"]
                total["clean"] += result["clean"]
                total["events"] += result["events"]
                total["errors"] += [result["error"]] if "error" in result else []
        os.waitpid(child, 0)
        rest = [item for item in work if item[0] > last]
        if rest:
            total["killed"].append(".".join(rest[0][1:3]))
        work = rest[1:]
    print(json.dumps(total))


if __name__ == "__main__":
    main()
