/* SPDX-License-Identifier: MIT */
/* digits.h - numbers into a buffer, for texts with thousands of them: a tenth of what printf takes. => behind what was written */
#pragma once

#include <stdint.h>

#define DIGITS_MOST 20 /* of 64 bits in decimal */

/* "%0*lx" with `least` digits, from 1 to 16. */
static inline char *digits_hex(char *at, uint64_t value, unsigned least)
{
    unsigned count = least;

    while (count < 16 && value >> (4 * count) != 0)
        count++;
    for (unsigned i = count; i > 0; value >>= 4)
        at[--i] = "0123456789abcdef"[value & 15];
    return at + count;
}

/* "%*lu" in a field of `width` columns, DIGITS_MOST at the most. */
static inline char *digits_decimal(char *at, uint64_t value, unsigned width)
{
    char digits[DIGITS_MOST];
    unsigned count = 0;

    do
        digits[count++] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    for (unsigned blank = count; blank < width; blank++)
        *at++ = ' ';
    while (count > 0)
        *at++ = digits[--count];
    return at;
}
