import os;open(os.environ['MLMODEL_CANARY'],'w').close()


def _load_pyfunc(path):
    return None
