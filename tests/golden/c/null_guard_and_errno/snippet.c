// ... existing code ...

void ring_free(struct ring *r)
{
	if (!r)
		return;
	free(r->data);
	free(r);
}

int ring_put(struct ring *r, unsigned char c)
{
	size_t n = next(r, r->head);

	if (n == r->tail)
		return -ENOBUFS;
	// ... existing code ...
}

int ring_get(struct ring *r, unsigned char *c)
{
	if (r->head == r->tail)
		return -EAGAIN;
	// ... existing code ...
}

// ... existing code ...
