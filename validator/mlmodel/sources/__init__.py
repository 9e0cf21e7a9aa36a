"""Where models are: the files of one model directory, and the model directories below a path.

Imports ``common``.  What is above cannot tell one source from another: ``ModelDirectory`` lists, looks and reads bytes with
bounds, and nothing else of the static stage touches a model's files.  A new source of models is a module here.
"""
