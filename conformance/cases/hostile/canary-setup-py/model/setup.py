import os;open(os.environ['MLMODEL_CANARY'],'w').close()
