"""A model that is nothing but this file: it adds up each row."""

import threading


class Summing:
    def predict(self, data):
        thread = threading.Thread(target=print)
        thread.start()
        thread.join()
        return data.sum(axis=1)


def _load_pyfunc(path):
    return Summing()
