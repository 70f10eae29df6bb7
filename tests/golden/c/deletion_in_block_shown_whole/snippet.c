// ... existing code ...

size_t ring_write(struct ring *r, const void *buf, size_t len)
{
	const unsigned char *p = buf;
	size_t i;

	for (i = 0; i < len && ring_put(r, p[i]) == 0; i++)
		;
	return i;
}

// ... existing code ...
