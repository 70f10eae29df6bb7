"""`POST /v1/apply/stream`: a snippet as it is written, its edits as soon as they are certain, then the whole answer.

Both bodies are lines of JSON, and the answer begins while the request still comes, which HTTP/1.1 allows. A client that
reads no answer before it has sent all gets the same lines, only later.
"""
