from setuptools import setup
setup(name='helper')
