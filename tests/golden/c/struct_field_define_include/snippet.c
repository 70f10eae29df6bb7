#include <errno.h>
#include <pthread.h>
#include <stdio.h>
// ...
#define RING_MIN 16
#define RING_MAX (1u << 20)

struct ring {
	pthread_mutex_t lock;
	unsigned char *data;
	// ...
};
// ...
