from mlflow.models import set_model
set_model(lambda model_input: model_input)
