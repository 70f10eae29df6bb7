"""What the exit codes mean. Part of the contract with scripts."""

OK = 0
DOUBT = 1
ERROR = 2
USAGE = 64
INTERRUPTED = 130
