/* SPDX-License-Identifier: MIT */
/* compare.c - which of two strings comes first. Bytes compare as unsigned; the locale is always C. */
#include "plainloops.h"

#include <ctype.h>
#include <string.h>

int strcmp(const char *left, const char *right)
{
    while (*left != '\0' && *left == *right) {
        left++;
        right++;
    }
    return (unsigned char)*left - (unsigned char)*right;
}

int strncmp(const char *left, const char *right, size_t count)
{
    for (; count > 0; left++, right++, count--)
        if (*left != *right || *left == '\0')
            return (unsigned char)*left - (unsigned char)*right;
    return 0;
}

int strcasecmp(const char *left, const char *right)
{
    return strncasecmp(left, right, (size_t)-1);
}

int strncasecmp(const char *left, const char *right, size_t count)
{
    for (; count > 0; left++, right++, count--) {
        int a = tolower((unsigned char)*left), b = tolower((unsigned char)*right);
        if (a != b || a == '\0')
            return a - b;
    }
    return 0;
}

int strcoll(const char *left, const char *right)
{
    return strcmp(left, right);
}

size_t strxfrm(char *restrict to, const char *restrict from, size_t size)
{
    size_t length = strlen(from);

    if (length < size)
        memcpy(to, from, length + 1);
    return length;
}
