"""One model directory as values: its documents, paths, signature, examples and serialized objects.

Imports ``standard``, ``documents``, ``sources`` and ``pickles``.  Each module holds one fact, which it works out of a
:class:`~mlmodel.model.model.Model` (``paths.of(model)``); the model itself knows none of them.  A new fact of a directory
that is no environment is a module here; what is wrong with it is said in ``checks``.
"""
