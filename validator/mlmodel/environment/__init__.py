"""The recorded environment as values: requirements files, conda.yaml, python_env.yaml, and how they relate."""
