"""Whether a package index can install what a model requires (``--resolve``): uv is asked, its answers become findings.

Imports ``checks`` and what is below it.  How uv is found and called stands in ``uv``, what its answers mean in ``index``.
"""
