"""The recorded environment as values: requirements files, conda.yaml, python_env.yaml, and how they relate.

Imports ``model`` and what is below it.  ``recorded.of(model)`` is what a model records; ``distributions`` and the tables in
``data`` are what is known of PyPI's distributions.  What is wrong with an environment is said in ``checks``.
"""
