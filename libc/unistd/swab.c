/* SPDX-License-Identifier: MIT */
/* swab.c - bytes changed in pairs. */
#include <unistd.h>

/* An odd byte at the end stays behind; a negative count is none. */
void swab(const void *restrict from, void *restrict to, ssize_t count)
{
    const char *source = from;
    char *target = to;

    for (ssize_t i = 0; i + 1 < count; i += 2) {
        target[i] = source[i + 1];
        target[i + 1] = source[i];
    }
}
