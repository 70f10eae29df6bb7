"""The structural merge: pure functions, text in, values out."""
