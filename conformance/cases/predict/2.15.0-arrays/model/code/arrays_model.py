"""A model that is nothing but this file."""


class Model:
    def predict(self, frame):
        return [
            {"sum": float(sum(values)), "name": who["name"], "age": who.get("age")}
            for values, who in zip(frame["values"], frame["who"])
        ]


def _load_pyfunc(path):
    return Model()
