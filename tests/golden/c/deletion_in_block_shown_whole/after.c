#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ring.h"

#define RING_MIN 16

struct ring {
	unsigned char *data;
	size_t size;
	size_t head;
	size_t tail;
};

static size_t next(const struct ring *r, size_t i)
{
	return (i + 1) % r->size;
}

struct ring *ring_new(size_t size)
{
	struct ring *r;

	if (size < RING_MIN)
		size = RING_MIN;
	r = malloc(sizeof(*r));
	if (!r)
		return NULL;
	r->data = malloc(size);
	if (!r->data) {
		free(r);
		return NULL;
	}
	r->size = size;
	r->head = 0;
	r->tail = 0;
	return r;
}

void ring_free(struct ring *r)
{
	free(r->data);
	free(r);
}

int ring_put(struct ring *r, unsigned char c)
{
	size_t n = next(r, r->head);

	if (n == r->tail)
		return -1;
	r->data[r->head] = c;
	r->head = n;
	return 0;
}

int ring_get(struct ring *r, unsigned char *c)
{
	if (r->head == r->tail)
		return -1;
	*c = r->data[r->tail];
	r->tail = next(r, r->tail);
	return 0;
}

size_t ring_write(struct ring *r, const void *buf, size_t len)
{
	const unsigned char *p = buf;
	size_t i;

	for (i = 0; i < len && ring_put(r, p[i]) == 0; i++)
		;
	return i;
}

size_t ring_read(struct ring *r, void *buf, size_t len)
{
	unsigned char *p = buf;
	size_t i;

	for (i = 0; i < len; i++) {
		if (ring_get(r, &p[i]) != 0)
			break;
	}
	return i;
}
