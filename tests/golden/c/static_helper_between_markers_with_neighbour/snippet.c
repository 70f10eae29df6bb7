// ... existing code ...

static size_t next(const struct ring *r, size_t i)
{
	return (i + 1) % r->size;
}

static int full(const struct ring *r)
{
	return next(r, r->head) == r->tail;
}

// ... existing code ...

int ring_put(struct ring *r, unsigned char c)
{
	if (full(r))
		return -1;
	r->data[r->head] = c;
	r->head = next(r, r->head);
	return 0;
}

// ... existing code ...
