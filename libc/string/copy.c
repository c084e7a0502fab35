/* SPDX-License-Identifier: MIT */
/* copy.c - memcpy, memmove, memset: the three that the compiler itself may call, in user space and in the
 * kernel.
 *
 * Up to 16 bytes: two words (or halves) that may overlap in the middle, no loop. Longer: `rep movsq`/`rep
 * stosq` for the body, and first the last 8 bytes on their own, so that no tail is left over. Words are read
 * through a packed type: unaligned, and of no particular type. The direction flag is clear, as the ABI
 * promises. */
#include "plainloops.h"

#include <stdint.h>
#include <string.h>

struct word16 {
    uint16_t value;
} __attribute__((packed, may_alias));

struct word32 {
    uint32_t value;
} __attribute__((packed, may_alias));

struct word64 {
    uint64_t value;
} __attribute__((packed, may_alias));

#define WORD(type, address) (((struct type *)(address))->value)
#define CONST_WORD(type, address) (((const struct type *)(address))->value)

/* Everything is read before anything is written, so overlapping pieces are fine. count <= 16 */
static void copy_small(unsigned char *to, const unsigned char *from, size_t count)
{
    if (count >= 8) {
        uint64_t first = CONST_WORD(word64, from), last = CONST_WORD(word64, from + count - 8);
        WORD(word64, to) = first;
        WORD(word64, to + count - 8) = last;
    } else if (count >= 4) {
        uint32_t first = CONST_WORD(word32, from), last = CONST_WORD(word32, from + count - 4);
        WORD(word32, to) = first;
        WORD(word32, to + count - 4) = last;
    } else if (count >= 2) {
        uint16_t first = CONST_WORD(word16, from), last = CONST_WORD(word16, from + count - 2);
        WORD(word16, to) = first;
        WORD(word16, to + count - 2) = last;
    } else if (count == 1) {
        *to = *from;
    }
}

/* count > 16. Upwards: right also when `to` lies below `from`, because the last word is read before it is
 * overwritten. */
static void copy_up(unsigned char *to, const unsigned char *from, size_t count)
{
    uint64_t last = CONST_WORD(word64, from + count - 8);
    unsigned char *end = to + count - 8;
    size_t words = (count - 1) / 8;

    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    WORD(word64, end) = last;
}

/* count > 16. Downwards, for `to` above `from`: a plain loop, because `rep` with the direction flag set is
 * slow. */
static void copy_down(unsigned char *to, const unsigned char *from, size_t count)
{
    uint64_t first = CONST_WORD(word64, from);

    for (size_t left = count; left > 8; left -= 8)
        WORD(word64, to + left - 8) = CONST_WORD(word64, from + left - 8);
    WORD(word64, to) = first;
}

void *memcpy(void *restrict to, const void *restrict from, size_t count)
{
    if (count <= 16)
        copy_small(to, from, count);
    else
        copy_up(to, from, count);
    return to;
}

void *memmove(void *to, const void *from, size_t count)
{
    if (count <= 16)
        copy_small(to, from, count);
    else if ((uintptr_t)to - (uintptr_t)from >= count)
        copy_up(to, from, count);
    else
        copy_down(to, from, count);
    return to;
}

void *memset(void *to, int byte, size_t count)
{
    uint64_t pattern = (unsigned char)byte * UINT64_C(0x0101010101010101);
    unsigned char *bytes = to;

    if (count >= 8) {
        unsigned char *from = bytes;
        size_t words = count / 8;
        WORD(word64, bytes + count - 8) = pattern;
        __asm__ volatile("rep stosq" : "+D"(from), "+c"(words) : "a"(pattern) : "memory");
        return to;
    }
    for (size_t i = 0; i < count; i++)
        bytes[i] = (unsigned char)byte;
    return to;
}

void *mempcpy(void *restrict to, const void *restrict from, size_t count)
{
    return (unsigned char *)memcpy(to, from, count) + count;
}

/* A fill that the compiler cannot call useless. */
void explicit_bzero(void *to, size_t count)
{
    memset(to, 0, count);
    __asm__ volatile("" : : "r"(to) : "memory");
}

void bzero(void *to, size_t count)
{
    memset(to, 0, count);
}

void bcopy(const void *from, void *to, size_t count)
{
    memmove(to, from, count);
}
