"""A process that may do little: layers that Linux and macOS offer without root and without a daemon, and a watchdog.

``parent.py`` starts ``stub.py`` with our own interpreter; that puts the layers on itself, tries what should be
refused, says so, and becomes the program to confine.
"""
