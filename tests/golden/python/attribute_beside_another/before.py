session = make()
session.python = "3.8"
session.backend = None


def check():
    return session
