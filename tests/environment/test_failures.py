"""What is known to go wrong with recorded environments, and the rule that tells of it.

The failures are those that users of MLflow and of its servers have reported.  That each rule fires on the bad
example of its page and is silent on the good one, tests/test_rule_pages.py shows.
"""

from __future__ import annotations

import pytest

from mlmodel.standard import rules

FAILURES = {
    "a module that nothing installs": ["undeclared-import", "import-unlisted"],
    "a local module by reference": ["module-not-bundled"],
    "a class of the training script": ["main-reference"],
    "a requirement without a version": ["requirement-unpinned"],
    "another version than the one that pickled": ["flavor-version-mismatch"],
    "another MLflow than the one that saved": ["mlflow-version-mismatch"],
    "arrays of NumPy 2 under NumPy 1": ["numpy-generation"],
    "a pickle protocol newer than the Python": ["pickle-protocol-python"],
    "byte code of another Python": ["byte-code-python"],
    "another cloudpickle than the one that pickled": ["flavor-version-mismatch", "saved-version-differs"],
    "three Pythons that differ": ["python-versions-disagree"],
    "a Python that nobody maintains": ["python-end-of-life"],
    "a Python that is no version": [
        "python-version-not-string",
        "python-env-python-type",
        "python-version-unusable",
    ],
    "a version that no index has": [
        "resolve-no-version",
        "resolve-no-wheel",
        "resolve-yanked",
        "resolve-conflict",
    ],
    "a distribution of one platform": ["platform-only-distribution"],
    "a local version": ["local-version-label"],
    "a URL or a repository": ["url-requirement"],
    "a path of the author's machine": ["requirement-local-path", "requirement-path-missing"],
    "an index that is lost, or tells its password": [
        "index-option",
        "index-insecure",
        "embedded-credentials",
    ],
    "hashes for some requirements": ["hashes-incomplete"],
    "conda.yaml and requirements.txt that differ": ["requirement-lists-disagree"],
    "a requirement in the Conda list only": ["conda-only-package"],
    "a build string": ["conda-build-string"],
    "a Conda Python that MLflow does not read": ["conda-python-unpinned", "conda-python-ignored"],
    "the defaults channel": ["conda-defaults-channel"],
    "an environment file that is not there": ["env-missing", "environment-absent", "env-incomplete"],
    "a python_env.yaml that MLflow cannot read": [
        "python-env-not-yaml",
        "python-env-list",
        "python-env-unknown-key",
    ],
    "a python_env.yaml without requirements.txt": ["python-env-detached"],
    "the environment in the form of MLflow 1": ["env-legacy-string"],
    "tools of the author": ["development-distribution"],
    "no MLflow": ["mlflow-absent"],
    "lines that pip cannot read": [
        "requirement-invalid",
        "requirements-encoding",
        "requirements-merge-marker",
    ],
    "extras in one list only": ["requirement-lists-disagree"],
    "a library that pip does not install": ["system-library"],
    "commands and options in a requirement": ["shell-injection", "index-option"],
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_rule_tells_of_it(failure: str) -> None:
    known = {rule.name for rule in rules.catalogue().values()}
    assert known.issuperset(FAILURES[failure])
