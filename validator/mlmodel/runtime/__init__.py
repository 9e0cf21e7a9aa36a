"""The opt-in stage that runs code: the recorded environment is made anew, the model loads and predicts in it."""
