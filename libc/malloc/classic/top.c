/* SPDX-License-Identifier: MIT */
/* top.c - where the heap's memory comes from: the top chunk, the break, segments.
 *
 *     segment start                                             end (= the break, page-aligned)
 *     | used | free | used |         top                         |
 *                                  ^ everything right of `fresh` was never written: untouched pages
 *
 * To grow, the break is raised by what is missing plus top_pad, rounded up to pages:
 * the first malloc(1) asks for 32 + 131072 + 32 bytes, which makes 0x21000 = 132 KiB. When frees make the top
 * larger than trim_threshold, the break is lowered until top_pad is left. Both pads together keep a program
 * that allocates and frees at the edge from paying a system call each time.
 *
 * If somebody else moved the break, a new segment begins above theirs; if brk refuses (a mapping is in the
 * way, a limit), a mapped segment serves. The old top then becomes an ordinary free chunk with a fence behind
 * it:
 *
 *     | used | free (the old top) | fence |        | record | top                |
 *
 * Guarded by the allocator's lock. Somebody who lowers the break below a segment's end takes memory away that
 * was handed out: nothing can be done about that here.
 */
#include "bins.h"
#include "malloc/glue.h"
#include "heap.h"

#define MAPPED_SEGMENT_MIN ((size_t)1 << 20) /* one row a MiB, should brk refuse for good */

struct heap heap;

static void top_set(uintptr_t address, uintptr_t end)
{
    heap.top = chunk_at(address);
    chunk_set(heap.top, end - address, 0);
    if (heap.fresh < address + CHUNK_HEADER)
        heap.fresh = address + CHUNK_HEADER;
}

/* Turns the top into an ordinary free chunk, so that another segment can have the top. */
static void segment_close(struct segment *s)
{
    struct chunk *last = heap.top;
    size_t size = chunk_size(last);
    size_t rest = size - CHUNK_HEADER;

    if (rest < CHUNK_MIN) {
        chunk_set(last, size, CHUNK_USED | CHUNK_FENCE);
        return;
    }

    struct chunk *fence = chunk_at(s->end - CHUNK_HEADER);

    chunk_set(last, rest, 0);
    chunk_set(fence, CHUNK_HEADER, CHUNK_USED | CHUNK_FENCE);
    chunk_announce_free(last);
    heap.top = NULL;
    bin_insert(last);
}

/* Bytes of [start, end) from `clean` on read zero. */
static void segment_open(struct segment *s, uintptr_t start, uintptr_t end, uintptr_t clean,
                         size_t mapped_bytes)
{
    if (heap.newest)
        segment_close(heap.newest);
    *s = (struct segment){start, end, heap.newest, mapped_bytes};
    heap.newest = s;
    heap.fresh = clean;
    top_set(start, end);
}

static bool extend_break(struct segment *s, size_t missing)
{
    uintptr_t end = align_up(s->end + missing, GLUE_PAGE);

    if (!glue_break_set(end))
        return false;
    s->end = end;
    top_set((uintptr_t)heap.top, end);
    return true;
}

static bool grow_by_break(size_t bytes)
{
    uintptr_t now = glue_break();

    if (now == 0)
        return false;
    if (heap.newest && !heap.newest->mapped_bytes && heap.newest->end == now)
        return extend_break(heap.newest, bytes - chunk_size(heap.top));

    bool is_first = heap.first.start == 0;
    uintptr_t record = align_up(now, CHUNK_ALIGN);
    uintptr_t start = record + (is_first ? 0 : sizeof(struct segment));
    uintptr_t end = align_up(start + bytes, GLUE_PAGE);

    if (!glue_break_set(end))
        return false;
    /* The rest of a page that the break's former owner had may hold its bytes. */
    segment_open(is_first ? &heap.first : (struct segment *)record, start, end, align_up(now, GLUE_PAGE), 0);
    return true;
}

static bool grow_by_mapping(size_t bytes)
{
    size_t length = align_up(sizeof(struct segment) + bytes, GLUE_PAGE);

    if (length < MAPPED_SEGMENT_MIN)
        length = MAPPED_SEGMENT_MIN;

    uintptr_t row = (uintptr_t)glue_pages_map(length);

    if (!row)
        return false;

    uintptr_t start = row + sizeof(struct segment);

    segment_open((struct segment *)row, start, row + length, start, length);
    return true;
}

bool top_grow(size_t bytes)
{
    size_t wanted = bytes + heap.top_pad + CHUNK_MIN;

    return grow_by_break(wanted) || grow_by_mapping(wanted);
}

struct chunk *top_take(size_t bytes, uintptr_t *clean)
{
    struct chunk *c = heap.top;

    *clean = heap.fresh;
    top_set((uintptr_t)c + bytes, heap.newest->end);
    chunk_set(c, bytes, CHUNK_USED);
    return c;
}

bool top_trim(size_t pad)
{
    struct segment *s = heap.newest;

    if (!s || s->mapped_bytes || chunk_size(heap.top) <= CHUNK_MIN + pad)
        return false;

    size_t excess = (chunk_size(heap.top) - CHUNK_MIN - 1 - pad) & ~(GLUE_PAGE - 1);

    if (excess == 0 || glue_break() != s->end || !glue_break_set(s->end - excess))
        return false;
    s->end -= excess;
    if (heap.fresh > s->end)
        heap.fresh = s->end;
    top_set((uintptr_t)heap.top, s->end);
    return true;
}

bool segment_release(struct chunk *c)
{
    struct segment **link = &heap.newest;

    if (!(chunk_flags(chunk_next(c)) & CHUNK_FENCE))
        return false;
    while (*link && (*link)->start != (uintptr_t)c)
        link = &(*link)->older;

    struct segment *s = *link;

    if (!s || !s->mapped_bytes)
        return false;
    *link = s->older;
    glue_pages_unmap(s, s->mapped_bytes);
    return true;
}

struct segment *heap_segment(const void *address)
{
    struct segment *s = heap.newest;

    while (s && ((uintptr_t)address < s->start || (uintptr_t)address > s->end - CHUNK_HEADER))
        s = s->older;
    return s;
}
