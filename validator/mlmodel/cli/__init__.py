"""The command line: options -> call -> reporter -> exit code; no logic of its own.  One module a command."""
