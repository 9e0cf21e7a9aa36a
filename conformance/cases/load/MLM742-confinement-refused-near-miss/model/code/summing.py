"""A model that is nothing but this file: it adds up each row."""

import socket


class Summing:
    def predict(self, data):
        socket.gethostname()
        return data.sum(axis=1)


def _load_pyfunc(path):
    return Summing()
