"""A model that is nothing but this file: it adds up each row."""


class Summing:
    def predict(self, data):
        if len(data) < 2:
            raise ValueError("at least two rows are expected")
        return data.sum(axis=1)


def _load_pyfunc(path):
    return Summing()
