/* SPDX-License-Identifier: MIT */
/* bytes.c - comparing and finding bytes in memory of known length. */
#include "plainloops.h"

#include <string.h>

int memcmp(const void *left, const void *right, size_t count)
{
    const unsigned char *a = left, *b = right;

    for (size_t i = 0; i < count; i++)
        if (a[i] != b[i])
            return a[i] - b[i];
    return 0;
}

int bcmp(const void *left, const void *right, size_t count)
{
    return memcmp(left, right, count);
}

void *memchr(const void *bytes, int byte, size_t count)
{
    const unsigned char *at = bytes;

    for (; count > 0; at++, count--)
        if (*at == (unsigned char)byte)
            return (void *)at;
    return NULL;
}

void *memrchr(const void *bytes, int byte, size_t count)
{
    const unsigned char *start = bytes;

    while (count-- > 0)
        if (start[count] == (unsigned char)byte)
            return (void *)(start + count);
    return NULL;
}

/* The caller knows that the byte is there. */
void *rawmemchr(const void *bytes, int byte)
{
    const unsigned char *at = bytes;

    while (*at != (unsigned char)byte)
        at++;
    return (void *)at;
}

void *memccpy(void *restrict to, const void *restrict from, int stop, size_t count)
{
    unsigned char *target = to;
    const unsigned char *source = from;

    for (size_t i = 0; i < count; i++) {
        target[i] = source[i];
        if (source[i] == (unsigned char)stop)
            return target + i + 1;
    }
    return NULL;
}

void *memmem(const void *bytes, size_t count, const void *needle, size_t needle_count)
{
    const unsigned char *at = bytes;

    if (needle_count == 0)
        return (void *)bytes;
    for (; count >= needle_count; at++, count--)
        if (*at == *(const unsigned char *)needle && memcmp(at, needle, needle_count) == 0)
            return (void *)at;
    return NULL;
}

int ffs(int value)
{
    return value == 0 ? 0 : __builtin_ctz((unsigned int)value) + 1;
}

int ffsl(long value)
{
    return value == 0 ? 0 : __builtin_ctzl((unsigned long)value) + 1;
}

int ffsll(long long value)
{
    return ffsl(value);
}
