"""A model that is nothing but this file: it adds up each row."""


class Summing:
    def predict(self, data):
        return data.sum(axis=1)


def _load_pyfunc(path):
    return Summing()
