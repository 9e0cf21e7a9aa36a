"""Models that are not on this machine: object stores, web servers, MLflow's registry and artifact proxy.

Files are listed, and read by the ranges that are looked at; nothing is written to a disk.  ``Store`` is what a kind of
server has to offer, ``RemoteDirectory`` makes a source of one.  Every request has a deadline, and all of them together.
"""
