static int grow(buffer_t *b, size_t need)
{
    if (need > MAX_BUFFER)
        return -1;
    size_t cap = b->cap;
    while (cap < need)
        cap *= 2;
    char *p = realloc(b->data, cap);
    if (!p)
        return -1;
    b->data = p;
    return 0;
}

int append(buffer_t *b, size_t n)
{
    if (grow(b, n) < 0)
        return -1;
    return 0;
}
