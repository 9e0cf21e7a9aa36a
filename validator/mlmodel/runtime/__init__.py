"""The opt-in stage that runs code: the recorded environment is made anew, the model loads and predicts in it, confined.

Imports ``resolution`` and what is below it.  ``probe`` runs inside the environment and imports nothing of ours;
``confinement`` holds the layers of each system.  A new promise of the confinement is a layer and a probe of it there.
"""
