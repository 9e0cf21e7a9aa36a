"""A model that is nothing but this file."""


class Model:
    def predict(self, frame):
        return [sorted(frame.columns)]


def _load_pyfunc(path):
    return Model()
