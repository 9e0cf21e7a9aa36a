"""``python -m mlmodel``."""

import os
import sys

# -m has Python look for modules in the current folder first, which may be a model's.
if not getattr(sys.flags, "safe_path", False) and sys.path[:1] in ([""], [os.getcwd()]):
    del sys.path[0]

from mlmodel.cli.entry import main

main(prog_name="python -m mlmodel")
