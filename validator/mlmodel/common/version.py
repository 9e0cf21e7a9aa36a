"""The release of this distribution, and the version of the specification that it checks."""

__version__ = "0.1.0"
SPEC_VERSION = "0.1"
