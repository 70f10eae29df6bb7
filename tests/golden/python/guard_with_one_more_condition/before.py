def match(rules, path):
    rv = look(rules, path)
    if rv is None and path.endswith("/"):
        try:
            rv = look(rules, path[:-1])
        except Missing:
            raise Redirect(path) from None
        if rv is None:
            raise NoMatch(path)
        return rv
    if rv is None:
        raise NoMatch(path)
    return rv
