"""Merges in processes of their own: `pool` keeps them, `child` is what runs in them, `wire` what passes between.

Parsing holds the interpreter lock, so threads bring nothing; and only a process can be stopped in the middle of C code,
limited in memory, and lost without losing the service.
"""
