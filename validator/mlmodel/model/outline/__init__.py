"""Where the keys of an MLmodel file belong, and which of them stand elsewhere.

A careless copy loses a line such as ``flavors:`` and leaves its children at the top, or indented under
nothing.  YAML then sees a syntax error or a handful of unknown keys; the author needs to hear which line
is missing, and above which.  The schemas say where a key may stand; the rest is the outline of the text:
keys, indentation and order.

``misplaced_keys`` says what was found, ``placement`` finds it, ``places`` is what the schemas say.
"""
