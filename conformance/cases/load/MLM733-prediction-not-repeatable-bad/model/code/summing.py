"""A model that is nothing but this file: it adds up each row."""

import numpy


class Summing:
    def predict(self, data):
        return data.sum(axis=1) + numpy.random.default_rng().random()


def _load_pyfunc(path):
    return Summing()
