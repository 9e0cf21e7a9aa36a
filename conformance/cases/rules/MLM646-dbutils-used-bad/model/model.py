import mlflow

TOKEN = dbutils.secrets.get("scope", "key")


class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input


mlflow.models.set_model(Model())
