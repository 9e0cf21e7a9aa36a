"""Repairs of what has one right answer: planned in memory, shown as a diff, written when asked.

Imports ``validation`` and what is below it.  A new repair is a function in ``repairs``, listed there by its rule.
"""

from mlmodel.fixing.diff import render, summary
from mlmodel.fixing.plan import Plan, plan
from mlmodel.fixing.writing import StaleError, write

__all__ = ["Plan", "StaleError", "plan", "render", "summary", "write"]
