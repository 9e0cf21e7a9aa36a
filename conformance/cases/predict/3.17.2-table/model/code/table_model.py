"""A model that is nothing but this file."""


class Model:
    def predict(self, frame):
        return frame.assign(sum=frame["a"] + frame["b"], text=["first", "second"])[["sum", "text"]]


def _load_pyfunc(path):
    return Model()
