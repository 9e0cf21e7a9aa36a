"""Repairs of what has one right answer: planned in memory, shown as a diff, written when asked."""

from mlmodel.fixing.plan import Plan, plan
from mlmodel.fixing.showing import render, summary
from mlmodel.fixing.writing import StaleError, write

__all__ = ["Plan", "StaleError", "plan", "render", "summary", "write"]
