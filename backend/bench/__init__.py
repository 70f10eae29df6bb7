"""How fast the engine makes files: `python -m backend.bench`. Weights are noise, so acceptance is forced and so marked.

`forced`: the model's own choice is computed for every row, and then the token of a recorded edit is taken in its place.
So each way of decoding does all its work and all give the same answer, as they would with a trained model that makes
that edit; only where the draft is wrong is decided by the benchmark (`mismatches`) and not by a model.
"""
