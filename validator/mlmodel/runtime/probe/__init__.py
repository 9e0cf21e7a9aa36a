"""Loads a model and predicts with it, inside the model's own environment.

Run by the interpreter of that environment as ``python -I -B probe/__main__.py JOB.json``.  It needs nothing but the
standard library of Python 3.7 or later and imports nothing else of ours; so that no module of the model is mistaken
for one of it, it is the package ``mlmodel_probe`` there.  What it sees goes, as JSON lines, to the descriptor that the
job names; standard output and standard error belong to the libraries of the model.

Every phase says that it begins before it begins, so that whoever finds the process dead knows where it died.
"""
