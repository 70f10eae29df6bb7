import os
import sys

LIMIT = 10


def run():
    return LIMIT
