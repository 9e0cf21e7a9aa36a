"""A model that is nothing but this file."""


class Model:
    def predict(self, frame):
        return [{1.0: float("inf"), 0.0: float("nan"), -1.0: float("-inf")}[value] for value in frame["a"]]


def _load_pyfunc(path):
    return Model()
