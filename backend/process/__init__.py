"""The engine in a process of its own, beside the service: if it dies, it is started anew and nothing else is lost.

    service's process                                engine's process (rank 0)          ranks 1 to N-1
      EngineProcess ── starts, watches, restarts ──► launch ── starts, watches ───────► launch
      EngineClient  ◄── ZeroMQ, messages ──────────► server ── Engine ── Leader ──────► follow

`client`, `supervisor`, `options` and `messages` load no torch: they are for the service.
"""
