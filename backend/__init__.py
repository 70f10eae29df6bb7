"""The local inference engine: token ids in, token ids out. It knows no files, code, markers or HTTP.

Importing this package loads nothing; its modules need `pip install fastapply[model]`.
"""
