"""What restoring an object of each class of a library runs; for ``tools/behavior.py``, which starts it with the
interpreter whose libraries are asked.

``PYTHON behavior_probe.py FAMILIES TOP...`` imports every module below these top-level modules, in this throw-away process,
and prints one line of JSON a top-level module: its version, its classes by the module that defines them, its ufuncs, those of
its functions whose names match the expression FAMILIES, and the implementations of the methods that restoring or dropping an object runs.  It needs nothing but the standard library,
Python 3.8 or later.
"""

import ast
import collections
import contextlib
import copyreg
import enum
import hashlib
import importlib
import importlib.util
import inspect
import io
import json
import os
import re
import sys
import textwrap
import types
import warnings

SKIP = re.compile(
    r"(^|\.)(tests?|testing|_testing|conftest|setup|__main__|f2py|distutils|benchmarks?|examples?|_pyinstaller|cli|server|demo|"
    r"gui|dashboard|idle|webapp|sphinxext|docs?|vendor\w*|_vendor\w*)(\.|$)"
)
HOOKS = ("__setstate__", "__new__", "__del__")
OWNERS = (
    object,
    type,
    int,
    float,
    complex,
    str,
    bytes,
    bytearray,
    tuple,
    list,
    dict,
    set,
    frozenset,
    BaseException,
)
QUIET = frozenset(
    "isinstance issubclass len super dict list tuple set frozenset str int float bool range zip enumerate hasattr type id"
    " sorted reversed min max sum abs any all repr object ValueError TypeError AttributeError NotImplementedError"
    " RuntimeError KeyError DeprecationWarning UserWarning FutureWarning OrderedDict defaultdict".split()
)
OF_STATES = frozenset(
    "pop get items keys values update copy setdefault append extend format join startswith endswith split".split()
)


def modules(top):
    """The names of the modules below a top-level one, by file."""
    spec = importlib.util.find_spec(top)
    if spec is None:
        return
    yield top
    for root in spec.submodule_search_locations or ():
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(name for name in folders if name.isidentifier() and name != "__pycache__")
            for name in sorted(names):
                stem = name.split(".")[0]
                if not name.endswith((".py", ".so", ".pyd")) or not stem.isidentifier():
                    continue
                parts = [top] + [part for part in os.path.relpath(folder, root).split(os.sep) if part != "."]
                if stem != "__init__":
                    parts.append(stem)
                yield ".".join(parts)


def owner_of(cls, name):
    """The class in the order of resolution that defines a method, other than Python's own types."""
    for base in cls.__mro__:
        if name in vars(base):
            return None if base in OWNERS else base
    return None


def raw(base, name):
    value = vars(base)[name]
    return getattr(value, "__func__", value)


class Analysis:
    """What the syntax tree of a method says that it does, together with the methods of the object that it calls."""

    def __init__(self, cls):
        self.cls = cls
        self.names = set()
        """Methods that are called on the object, which its state could shadow."""
        self.acts = []
        """Calls that are not known to be harmless."""
        self._seen = set()

    def of(self, function, definer, depth=0):
        """Look at one function."""
        code = getattr(function, "__code__", None)
        if code is None or depth > 6:
            self.acts.append("native" if code is None else "deep")
            return
        if code in self._seen:
            return
        self._seen.add(code)
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
        except (OSError, TypeError, SyntaxError, IndentationError):
            self.acts.append("native")
            return
        given = code.co_varnames[: code.co_argcount]
        me = given[0] if given else None
        for node in ast.walk(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                module = getattr(node, "module", None) or node.names[0].name
                if not (module or "").startswith(("warnings", "numpy", "scipy", "copy", "collections")):
                    self.acts.append("import " + str(module))
            elif isinstance(node, ast.Call):
                self._call(node, function, definer, me, depth)

    def _call(self, node, function, definer, me, depth):
        target = node.func
        if isinstance(target, ast.Name):
            self._name(target.id, function)
        elif isinstance(target, ast.Attribute):
            value, name = target.value, target.attr
            if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "super":
                self._next(definer, name, depth)
            elif isinstance(value, ast.Name) and value.id == me:
                self._own(name, depth)
            elif name in OF_STATES or (isinstance(value, ast.Attribute) and value.attr == "__dict__"):
                pass
            elif isinstance(value, ast.Name) and value.id in ("warnings", "np", "numpy", "copy", "math"):
                if name in (
                    "load",
                    "save",
                    "savetxt",
                    "fromfile",
                    "memmap",
                    "vectorize",
                    "frompyfunc",
                    "deepcopy",
                    "copy",
                ):
                    self.acts.append(value.id + "." + name)
            elif name in (
                "__setattr__",
                "__setstate__",
                "__init__",
                "__new__",
                "__getattribute__",
            ) and isinstance(value, ast.Name):
                if value.id == "object":
                    return
                found = function.__globals__.get(value.id)
                if isinstance(found, type):
                    base = owner_of(found, name)
                    if base is not None:
                        self.of(raw(base, name), base, depth + 1)
                else:
                    self.acts.append(ast_text(target))
            else:
                self.acts.append(ast_text(target))
        else:
            self.acts.append(ast_text(target))

    def _name(self, name, function):
        if name in QUIET:
            return
        found = function.__globals__.get(name)
        if isinstance(found, type) and issubclass(found, BaseException):
            return
        self.acts.append(name)

    def _own(self, name, depth):
        self.names.add(name)
        base = owner_of(self.cls, name)
        if base is None:
            return
        found = raw(base, name)
        if isinstance(found, property):
            found = found.fget
        self.of(found, base, depth + 1)

    def _next(self, definer, name, depth):
        after = self.cls.__mro__[self.cls.__mro__.index(definer) + 1 :] if definer in self.cls.__mro__ else ()
        for base in after:
            if name in vars(base):
                if base not in OWNERS:
                    self.of(raw(base, name), base, depth + 1)
                return


def ast_text(node):
    with contextlib.suppress(Exception):
        return ast.unparse(node)[:60]
    return "?"


def body(function):
    """A digest of the syntax tree, docstrings left out; None where there is no source."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError, IndentationError):
        return None
    for node in ast.walk(tree):
        inside = getattr(node, "body", None)
        if (
            isinstance(inside, list)
            and inside
            and isinstance(inside[0], ast.Expr)
            and isinstance(getattr(inside[0], "value", None), ast.Constant)
            and isinstance(inside[0].value.value, str)
        ):
            inside[0].value.value = ""
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:12]


def described(cls):
    """The entry of a class: its marks, and the implementations of its hooks."""
    marks, hooks = "", {}
    if issubclass(cls, enum.Enum):
        return "e", hooks
    is_python = isinstance(vars(cls).get("__module__"), str) and bool(cls.__flags__ & (1 << 9))
    for name in HOOKS:
        base = owner_of(cls, name)
        if base is None:
            continue
        found = raw(base, name)
        where = base.__module__ + "." + base.__qualname__ + "." + name
        if base.__module__.split(".")[0] in (
            "builtins",
            "typing",
            "abc",
            "collections",
            "enum",
            "datetime",
            "_io",
            "io",
            "functools",
        ):
            continue
        if name == "__new__":
            if getattr(found, "__code__", None) is None:
                if not is_python:
                    continue
                marks += "n"  # a compiled base makes it
                continue
            if (
                issubclass(cls, tuple)
                and hasattr(cls, "_fields")
                and found.__code__.co_filename.startswith("<")
            ):
                marks += "t"
                continue
            marks += "!"
            continue
        if getattr(found, "__name__", "") == "__setstate_cython__":
            hooks[where] = ("cython", [], [], None)
            continue
        if getattr(found, "__code__", None) is None:
            hooks[where] = ("native", [], [], None)
            continue
        if getattr(found, "__module__", "") == "dataclasses":
            hooks[where] = ("plain", [], [], None)  # of slots: it sets the fields, in turn
            continue
        analysis = Analysis(cls)
        analysis.of(found, base)
        kind = (
            "native"
            if analysis.acts == ["native"] and body(found) is None
            else "acts"
            if analysis.acts
            else "names"
            if analysis.names
            else "plain"
        )
        hooks[where] = (kind, sorted(analysis.names), sorted(set(analysis.acts)), body(found))
    for name in ("__reduce__", "__reduce_ex__"):
        base = owner_of(cls, name)
        if base is not None:
            found = vars(base)[name]
            if getattr(found, "__name__", "") != "__reduce_cython__" and not is_python:
                marks += "*"
                break
            if is_python and getattr(found, "__name__", "") != "__reduce_cython__":
                marks += "r"
                break
    if "r" not in marks and (issubclass(cls, BaseException) or cls in copyreg.dispatch_table):
        marks += "r"
    if issubclass(cls, (list, dict, set, collections.deque)):
        marks += "c"
    if (
        issubclass(cls, (int, float, str, bytes, complex, frozenset, tuple))
        and "t" not in marks
        and "!" not in marks
    ):
        marks += "t"
    if any(vars(base).get("__slots__") for base in cls.__mro__ if base not in OWNERS):
        marks += "s"
    if reaches(cls):
        marks += "i"
    if (
        type(cls).__new__ is not type.__new__
        and getattr(type(cls).__new__, "__code__", None) is not None
        and issubclass(cls, type)
    ):
        marks += "m"
    return marks, hooks


WORDS = frozenset(
    "open exec eval system popen Popen check_call check_output run_command connect listen urlopen urlretrieve mkdir makedirs"
    " rmtree unlink import_module __import__ memmap savez savetxt loads fromfile mkstemp mkdtemp NamedTemporaryFile"
    " TemporaryDirectory Thread Process ThreadPoolExecutor CDLL create_connection socket sympify parse_expr".split()
)


def reaches(cls):
    """Whether making an object by calling the class opens, runs, imports or connects, as far as the methods it calls tell."""
    seen, todo = set(), []
    for name in ("__init__", "__new__", "__post_init__"):
        for base in cls.__mro__:
            if base not in OWNERS and name in vars(base):
                todo.append((raw(base, name), 0))
                if "super" not in getattr(getattr(raw(base, name), "__code__", None), "co_names", ()):
                    break
    while todo:
        function, depth = todo.pop()
        code = getattr(function, "__code__", None)
        if code is None or code in seen or depth > 3:
            continue
        seen.add(code)
        if WORDS.intersection(code.co_names):
            return True
        for name in code.co_names:
            base = owner_of(cls, name)
            if base is not None:
                value = raw(base, name)
                todo.append((getattr(value, "fget", None) or value, depth + 1))
            else:
                found = getattr(function, "__globals__", {}).get(name)
                if (
                    isinstance(found, types.FunctionType)
                    and (found.__module__ or "").split(".")[0] == cls.__module__.split(".")[0]
                ):
                    todo.append((found, depth + 1))
    return False


def resolves(module, cls):
    found = sys.modules.get(module)
    for part in cls.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is cls


def is_function(value, name, home):
    """Whether it is a function that a module defines under this name."""
    return (
        callable(value)
        and not isinstance(value, type)
        and getattr(value, "__module__", None) == home
        and getattr(value, "__qualname__", getattr(value, "__name__", None)) == name
    )


def ask(top, families):
    """Everything about one top-level module."""
    failed = []
    names = [name for name in modules(top) if not SKIP.search(name)]
    for name in names:
        if name.endswith("__main__"):
            continue
        try:
            importlib.import_module(name)
        except BaseException as error:  # whatever a module raises
            failed.append(name + ": " + type(error).__name__)
    classes, ufuncs, hooks, functions = {}, {}, {}, {}
    numpy = sys.modules.get("numpy")
    ufunc = getattr(numpy, "ufunc", None)
    seen = set()
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] != top or not isinstance(module, types.ModuleType) or SKIP.search(name):
            continue
        for key, value in list(vars(module).items()):
            if families.fullmatch(name + "." + key) and is_function(value, key, name):
                functions.setdefault(name, set()).add(key)
            if ufunc is not None and isinstance(value, ufunc):
                ufuncs.setdefault(name, set()).add(value.__name__)
            elif isinstance(value, type) and value not in seen:
                seen.add(value)
                stack = [value]
                while stack:
                    cls = stack.pop()
                    home = getattr(cls, "__module__", None)
                    if not isinstance(home, str) or home.split(".")[0] != top:
                        continue
                    if isinstance(vars(cls).get("__qualname__"), str) and "<" in cls.__qualname__:
                        continue
                    for inner in list(vars(cls).values()):
                        if isinstance(inner, type) and inner not in seen:
                            seen.add(inner)
                            stack.append(inner)
                    try:
                        fine = resolves(home, cls)
                    except BaseException:
                        fine = False
                    if not fine:
                        continue
                    try:
                        entry = described(cls)
                    except BaseException as error:
                        failed.append(home + "." + cls.__qualname__ + ": " + repr(error)[:80])
                        continue
                    hooks.update(entry[1])
                    classes.setdefault(home, {})[cls.__qualname__] = (entry[0], sorted(entry[1]))
    version = getattr(sys.modules.get(top), "__version__", None)
    return {
        "top": top,
        "version": str(version) if version is not None else None,
        "classes": classes,
        "hooks": hooks,
        "ufuncs": {name: sorted(found) for name, found in ufuncs.items()},
        "failed": failed,
        "functions": {name: sorted(found) for name, found in functions.items()},
    }


def main():
    """Ask about every module that is named."""
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(5000)
    families = re.compile(sys.argv[1])
    for top in sys.argv[2:]:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            try:
                found = ask(top, families) if importlib.util.find_spec(top) else None
            except BaseException as error:
                found = {"top": top, "error": repr(error)[:200]}
        if found is not None:
            print(json.dumps(found), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
