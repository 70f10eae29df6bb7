import os


def colours(found):
    options = {}
    if found is True:
        options["palette"] = ["system"]
    else:
        options["palette"] = ["own"]
        options["size"] = 16
    return options


def sounds(found):
    options = {}
    if found is False:
        options["volume"] = 0
    else:
        options["volume"] = 7
    return options
