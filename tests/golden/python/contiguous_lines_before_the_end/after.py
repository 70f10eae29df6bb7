import os
import sys


def f():
    x = 3
    return x


def g():
    x = 2
    return x
