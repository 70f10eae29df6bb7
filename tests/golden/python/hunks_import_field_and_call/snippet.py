# ... existing code ...

import logging
import random
import time
from collections import deque
# ... existing code ...

class Worker:
    # ... existing code ...

    def __init__(self, queue: Queue, jitter: float = 0.1) -> None:
        self.queue = queue
        self.jitter = jitter
        self.handlers = {}

    # ... existing code ...

    def run_forever(self, pause: float = 0.5) -> None:
        while True:
            if not self.run_once():
                time.sleep(pause + random.uniform(0, self.jitter))

# ... existing code ...
