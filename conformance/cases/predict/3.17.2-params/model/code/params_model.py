"""A model that is nothing but this file."""


class Model:
    def predict(self, frame, params=None):
        return [
            f"{value * params['count']}|{'+'.join(params['names'])}|{params['factor']!r}" for value in frame["x"]
        ]


def _load_pyfunc(path):
    return Model()
