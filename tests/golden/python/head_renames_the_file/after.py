# shop/before.py
# Copyright the authors

import os


def home():
    return os.environ["HOME"]
