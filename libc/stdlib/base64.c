/* SPDX-License-Identifier: MIT */
/* base64.c - 32 bits as at most six characters, the lowest six bits first. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MOST_DIGITS 6

static const char digits[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

long a64l(const char *text)
{
    uint32_t value = 0;

    for (int i = 0; i < MOST_DIGITS && text[i] != '\0'; i++) {
        const char *digit = strchr(digits, text[i]);
        if (digit == NULL)
            break;
        value |= (uint32_t)(digit - digits) << 6 * i;
    }
    return (int32_t)value;
}

/* In one buffer for all threads, as POSIX has it. */
char *l64a(long value)
{
    static char text[MOST_DIGITS + 1];
    uint32_t rest = (uint32_t)value;
    char *end = text;

    for (; rest != 0; rest >>= 6)
        *end++ = digits[rest & 63];
    *end = '\0';
    return text;
}
