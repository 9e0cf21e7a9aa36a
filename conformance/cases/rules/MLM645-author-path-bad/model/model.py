import mlflow

CONFIG = open("/home/someone/project/config.json").read()


class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input


mlflow.models.set_model(Model())
