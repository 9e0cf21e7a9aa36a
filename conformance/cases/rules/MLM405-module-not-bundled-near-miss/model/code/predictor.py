import churn_features

def _load_pyfunc(path):
    return churn_features.load(path)
