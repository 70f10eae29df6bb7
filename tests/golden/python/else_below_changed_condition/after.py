import os


def colours(found):
    options = {}
    wanted = os.environ.get("SYSTEM_PALETTE", "yes")
    if wanted.lower() in ("1", "yes"):
        system = True
    else:
        system = False

    if found is True and system is True:
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
