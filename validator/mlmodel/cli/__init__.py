"""The command line: options -> call -> reporter -> exit code; no logic of its own.

Imports every room; nothing imports it.  Only here is anything printed, and are the process's arguments and exit code known.
A new command is a module here, and a line in ``main``.
"""
