import mlflow


class Model(mlflow.pyfunc.PythonModel):
    def run(self, context, model_input, params=None):
        return model_input


mlflow.models.set_model(Model())
