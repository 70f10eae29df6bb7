# ... existing code ...
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
        # ... existing code ...
