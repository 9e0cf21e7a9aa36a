"""A process that may do little: layers that a system offers without its administrator and without a daemon, and a watchdog.

On Linux and macOS ``supervisor.py`` starts ``launcher.py`` with our own interpreter; that puts the layers on itself, tries
what should be refused, says so, and becomes the program to confine.  On Windows ``windows.py`` starts the program
with the layers on, after ``denial_probes_windows.py``, which tries them in its place.
"""
