"""Texts that libraries evaluate when an object is restored: formulas of statsmodels, and the argument parsers of SciPy's distributions."""

from __future__ import annotations

import re

from mlmodel.common.patterns import lazy_pattern

_MOST = 30_000
"""Characters of a formula that are parsed."""
_SHOWN = 80
_FUNCTIONS = frozenset(
    "abs absolute arcsin arccos arctan arcsinh cbrt ceil clip cos cosh exp exp2 expm1 fabs floor isfinite isnan log log10"
    " log1p log2 maximum minimum mod multiply power reciprocal round sign sin sinh sqrt square tan tanh where".split()
)
"""Functions of NumPy that only compute, as they may stand behind ``np.``."""
_TERMS = frozenset(
    "C Q I center standardize scale bs cr cc te lag poly hashed contr Treatment Sum Diff Helmert Poly Poly_ Custom"
    " float int str abs min max len round sum".split()
)
"""What patsy and formulaic offer themselves, and harmless built-in functions."""
_MODULES = frozenset({"np", "numpy", "contr"})


def formula_fault(text: str) -> str | None:
    """What is wrong with a formula that patsy or formulaic evaluates; None where it only computes from columns.

    Both evaluate its parts as Python: so it is parsed as such, and names, calls and attributes are told one by one.
    """
    import ast

    shown = f"the formula {text[:_SHOWN]!r}"
    if len(text) >= _MOST:
        return f"{shown} ... is longer than formulas are"
    if _COMMENT.search(_TEXTS.sub("_", text)):
        return f"{shown} has a comment or several lines, and what it does is not known"
    # Not Python: the tilde between the sides, a side that is missing, and the quotes of formulaic around names.
    left, tilde, right = _TEXTS.sub(_quoted, text).partition("~")
    for side in (left, right) if tilde else (left,):
        if not side.strip() or side.strip() in (".", "1", "0"):
            continue
        try:
            tree = ast.parse(_as_python(side), mode="eval")
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            return f"{shown} cannot be parsed, and what it does is not known"
        for node in ast.walk(tree):
            wrong = _fault(node)
            if wrong is not None:
                return f"{shown} {wrong}"
    return None


_STRING = lazy_pattern(r"\"[^\"\\\n]*\"|'[^'\\\n]*'")
_TEXTS = lazy_pattern(rf"{_STRING.pattern}|`[^`\n]*`")
"""Texts of Python, and names as formulaic quotes them; what opens first decides."""
_COMMENT = lazy_pattern(r"[#\n\r\f\\]")
_NOT_PYTHON = lazy_pattern(r":|%in%|(?<![\w.\])])\.(?!\w)")


def _quoted(match: re.Match[str]) -> str:
    return "_" if match[0].startswith("`") else match[0]


def _as_python(side: str) -> str:
    """One side of a formula, with what is no Python in it as something that is: interactions, and the dot for all columns."""
    parts, at = [], 0
    side = side.strip().replace("\n", " ")
    for match in _STRING.finditer(side):
        parts += [_NOT_PYTHON.sub(_operator, side[at : match.start()]), match[0]]
        at = match.end()
    return "".join([*parts, _NOT_PYTHON.sub(_operator, side[at:])])


def _operator(match: re.Match[str]) -> str:
    return "_" if match[0] == "." else "*"


def _fault(node: object) -> str | None:
    import ast

    if isinstance(node, ast.Call):
        function = node.func
        if isinstance(function, ast.Name) and function.id in _TERMS | _FUNCTIONS:
            return None
        if (
            isinstance(function, ast.Attribute)
            and isinstance(function.value, ast.Name)
            and function.value.id in _MODULES
            and (function.attr in _FUNCTIONS or function.value.id == "contr")
        ):
            return None
        return f"calls {ast.unparse(function)[:_SHOWN]}"
    if isinstance(node, ast.Attribute):
        fine = (
            isinstance(node.value, ast.Name)
            and node.value.id in _MODULES
            and node.attr in _FUNCTIONS | {"pi", "e", "nan"}
        )
        return None if fine else f"reaches for {ast.unparse(node)[:_SHOWN]}"
    if isinstance(node, ast.Name):
        return f"reaches for {node.id}" if node.id.startswith("__") or node.id in _BUILTINS else None
    if isinstance(
        node,
        (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.JoinedStr, ast.NamedExpr, ast.Await, ast.Yield,
         ast.YieldFrom, ast.Starred),
    ):  # fmt: skip
        return "has code of its own"
    return None


_BUILTINS = frozenset(
    "eval exec compile open getattr setattr delattr globals locals vars dir input breakpoint map filter sorted __import__"
    " memoryview object type print help exit quit super".split()
)


def query_fault(text: str) -> str | None:
    """What is wrong with a text that is evaluated as ``DataFrame.query`` does; None where it only compares columns."""
    import ast

    shown = f"the query {text[:_SHOWN]!r}"
    if len(text) >= _MOST:
        return f"{shown} ... is longer than queries are"
    if "@" in text:
        return f"{shown} reaches for variables of the reader"
    try:
        tree = ast.parse(_TEXTS.sub("_", text).strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None  # and so nothing evaluates it
    for node in ast.walk(tree):
        if isinstance(node, (ast.Call, ast.Attribute)):
            return f"{shown} calls or reaches for {ast.unparse(node)[:_SHOWN]}"
    return None


_ARGUMENT = r"[A-Za-z]\w*"
_TEMPLATE = lazy_pattern(
    rf"""\s*
def\ _parse_args\(self,\ (?P<shapes>(?:{_ARGUMENT},\ )*)(?P<locscale>(?:\ ?loc=0,\ scale=1|\ ?loc=0)?)\):\n
\s+return\ \((?P<names>(?:{_ARGUMENT},\ )*)\),\ loc,\ (?:scale|1)\n
\s*\n?
def\ _parse_args_rvs\(self,\ (?P=shapes)\ ?(?:loc=0,\ scale=1|loc=0),\ size=None\):\n
\s+return\ self\._argcheck_rvs\((?P=names)\ ?loc,\ (?:scale|1),\ size=size\)\n
\s*\n?
def\ _parse_args_stats\(self,\ (?P=shapes)\ ?(?:loc=0,\ scale=1|loc=0),\ moments='mvs?k?'\):\n
\s+return\ \((?P=names)\),\ loc,\ (?:scale|1),\ moments\s*""",
    re.VERBOSE,
)


def template_fault(text: str) -> str | None:
    """What is wrong with a text that a distribution of SciPy executes when it is restored; None where SciPy generates such ones."""
    if len(text) < 1024 and _TEMPLATE.fullmatch(text):
        return None
    return f"the text {text[:_SHOWN]!r} of its _parse_arg_template is executed, and is none that SciPy writes"
