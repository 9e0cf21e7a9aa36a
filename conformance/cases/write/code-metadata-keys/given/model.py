"""A model from code: adds its two columns, without any object that would be serialized."""

from mlflow.models import set_model
from mlflow.pyfunc import PythonModel


class Sum(PythonModel):
    def predict(self, context, model_input, params=None):
        factor = (params or {}).get("factor", 1.0)
        return (model_input["a"] + model_input["b"]) * factor


set_model(Sum())
