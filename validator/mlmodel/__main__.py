"""``python -m mlmodel``."""

from mlmodel.cli import main

main(prog_name="python -m mlmodel")
