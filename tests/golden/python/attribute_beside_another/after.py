session = make()
session.python = "3.8"
session.backend = None
session.default = True


def check():
    return session
