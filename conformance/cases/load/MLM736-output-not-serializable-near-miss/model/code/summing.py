"""A model that is nothing but this file: it adds up each row."""


class Summing:
    def predict(self, data):
        return [float(row.sum()) for row in data]


def _load_pyfunc(path):
    return Summing()
