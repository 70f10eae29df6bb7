"""The page at `/`, to try merges on. Its sources are in playground/ at the top of the repository.

What is served is a bundle that `python -m tools.playground` builds from them; without it, `/` says how to build it.
"""
