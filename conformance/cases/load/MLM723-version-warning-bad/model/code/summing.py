"""A model that is nothing but this file: it adds up each row."""

import warnings

from sklearn.exceptions import InconsistentVersionWarning


class Summing:
    def predict(self, data):
        return data.sum(axis=1)


def _load_pyfunc(path):
    warnings.warn(InconsistentVersionWarning(estimator_name="LinearRegression", current_sklearn_version="1.9.1", original_sklearn_version="0.24.0"))
    return Summing()
