"""What the standard says, as data: rules, JSON Schemas, MLflow's releases, and the trees of files that hold them.

Imports ``common`` and ``findings``.  A new table that rules rest on is read here; what a model directory says is not known
here.
"""
