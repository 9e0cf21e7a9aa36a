"""A model that is nothing but this file: it adds up each row."""

import warnings


class Summing:
    def predict(self, data):
        return data.sum(axis=1)


def _load_pyfunc(path):
    warnings.warn("LinearRegression is fast")
    return Summing()
