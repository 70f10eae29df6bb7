"""`POST /v1/apply/batch`: many files in one request, each merged by itself, or all of them or none."""
