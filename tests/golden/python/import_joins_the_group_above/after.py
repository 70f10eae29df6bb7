import os
import sys
import time

LIMIT = 20


def run():
    return LIMIT
