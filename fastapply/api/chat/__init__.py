"""`POST /v1/chat/completions`: OpenAI's form of an apply, as Morph's clients send it."""
