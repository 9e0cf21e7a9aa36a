"""A model that is nothing but this file."""


class Model:
    def predict(self, frame):
        return {"rows": [{"value": value, "at": index, "tags": [value, None, True]} for index, value in enumerate(frame["x"])]}


def _load_pyfunc(path):
    return Model()
