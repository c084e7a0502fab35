/* SPDX-License-Identifier: MIT */
/* settings.c - the numbers that can be turned: mallopt and the environment.
 *
 *     MALLOC_MMAP_THRESHOLD_  M_MMAP_THRESHOLD  requests from here on get a mapping of their own   131072
 *     MALLOC_MMAP_MAX_        M_MMAP_MAX        at most so many mapped blocks; 0: heap only         65536
 *     MALLOC_TRIM_THRESHOLD_  M_TRIM_THRESHOLD  a top of this size is trimmed; -1: never           131072
 *     MALLOC_TOP_PAD_         M_TOP_PAD         extra bytes at every growth, kept at every trim    131072
 *     MALLOC_CHECK_           M_CHECK_ACTION    not 0: checking mode for blocks made from now on        0
 *
 * glibc moves its mmap threshold up when a mapped block is freed; here it stays where it is put.
 */
#include "malloc/glue.h"
#include "heap.h"
#include "malloc/interface.h"

#define DEFAULT_LIMIT ((size_t)128 * 1024)
#define DEFAULT_MMAP_MAX ((size_t)65536)

size_t chunk_key;

/* Decimal digits; a minus in front means "without limit"; anything else is ignored. */
static size_t from_environment(const char *name, size_t otherwise)
{
    const char *text = glue_environment(name);
    size_t value = 0;

    if (!text || !*text)
        return otherwise;
    if (*text == '-')
        return SIZE_MAX;
    for (; *text >= '0' && *text <= '9'; text++)
        value = value < CHUNK_LIMIT ? value * 10 + (size_t)(*text - '0') : CHUNK_LIMIT;
    return *text ? otherwise : value;
}

static size_t pad_limited(size_t pad)
{
    return pad < CHUNK_LIMIT ? pad : 0;
}

void settings_start(void)
{
    chunk_key = glue_random();
    heap.mmap_threshold = from_environment("MALLOC_MMAP_THRESHOLD_", DEFAULT_LIMIT);
    heap.mmap_max = from_environment("MALLOC_MMAP_MAX_", DEFAULT_MMAP_MAX);
    heap.trim_threshold = from_environment("MALLOC_TRIM_THRESHOLD_", DEFAULT_LIMIT);
    heap.top_pad = pad_limited(from_environment("MALLOC_TOP_PAD_", DEFAULT_LIMIT));
    heap.checking = from_environment("MALLOC_CHECK_", 0) != 0;
    heap.ready = true;
}

bool settings_set(int parameter, int value)
{
    size_t size = value < 0 ? SIZE_MAX : (size_t)value;

    switch (parameter) {
    case M_MMAP_THRESHOLD:
        heap.mmap_threshold = size;
        return true;
    case M_MMAP_MAX:
        heap.mmap_max = size;
        return true;
    case M_TRIM_THRESHOLD:
        heap.trim_threshold = size;
        return true;
    case M_TOP_PAD:
        heap.top_pad = pad_limited(size);
        return true;
    case M_CHECK_ACTION:
        heap.checking = value != 0;
        return true;
    default:
        return false;
    }
}
