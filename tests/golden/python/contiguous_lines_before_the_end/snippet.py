import os
import sys
# ... existing code ...
    x = 3
    return x
