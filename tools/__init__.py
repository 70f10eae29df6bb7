"""What builds parts of FastApply that aren't Python. Not part of the package; needs nothing but Python's library."""
