"""What the answer will probably be: the next tokens, from the best source that fits what is accepted so far."""
