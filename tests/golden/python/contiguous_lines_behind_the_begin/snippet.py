x = 3
z = 2
# ... existing code ...
def h():
    return z + 1
