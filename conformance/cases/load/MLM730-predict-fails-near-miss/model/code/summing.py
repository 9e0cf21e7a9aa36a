"""A model that is nothing but this file: it adds up each row."""


class Summing:
    def predict(self, data):
        if data.shape[1] != 2:
            raise ValueError("two columns are expected")
        return data.sum(axis=1)


def _load_pyfunc(path):
    return Summing()
