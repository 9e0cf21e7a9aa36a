"""Target profiles: what a reader or a serving product needs of a model directory, and whether a model has it.

The profiles are data, ``spec/targets/*.json``; :mod:`mlmodel.standard.targets` reads them.  What a release of MLflow reads
is no profile: the annotations of the schemas say it (:mod:`mlmodel.targets.releases`).
"""
