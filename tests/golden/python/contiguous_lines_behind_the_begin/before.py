x = 3
y = 1

def g():
    y = 4

x = 3
z = 2


def h():
    return z
