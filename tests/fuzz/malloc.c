/* SPDX-License-Identifier: MIT */
/* malloc.c - libFuzzer's entry: bytes become calls of malloc and its relatives; after each, heap_check and the model are asked.
 *
 * The machine below is tests/host/malloc/glue_host.c, so that bytes can also refuse the next request for memory, and move the
 * break from outside. Sizes are chosen so that classes, the mmap threshold and the page are near: the low bits of a size
 * byte say which. Each input ends with everything freed, nothing counted as used, and the settings as they were; what an input
 * leaves behind in the heap stays, as it does in a program.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "glue_host.h"
#include "inspect.h"
#include "interface.h"

#define SLOTS 24
#define FOREIGN_MOST 100 /* each such move of the break may leave a segment, for good */

struct input {
    const uint8_t *at, *end;
};

static struct {
    unsigned char *bytes;
    size_t size;
    unsigned char seed;
} slots[SLOTS];
static unsigned foreign;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
_Noreturn void fuzz_stop(int status);

/* In the place of _exit: a machine that is misused (tests/host/malloc/child.h, `must`) is a finding like any other. */
_Noreturn void fuzz_stop(int status)
{
    (void)status;
    abort();
}

static void demand(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "fuzz: %s\n", what);
    abort();
}

static unsigned byte(struct input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

/* One byte says around what, the other how far from it. */
static size_t size_from(struct input *in)
{
    static const size_t around[] = {0, 16, 64, 128, 256, 1024, 4096, 65536, 131072, 300000};
    unsigned which = byte(in), more = byte(in);

    if (which >= 250)
        return SIZE_MAX >> which % 3 * 8; /* more than there are addresses */
    return around[which % 10] + more * (which / 10 % 5 == 4 ? 37 : 1);
}

static void fill(unsigned slot, unsigned char seed)
{
    slots[slot].seed = seed;
    memset(slots[slot].bytes, seed, slots[slot].size);
}

static void verify(const unsigned char *bytes, size_t size, unsigned char seed)
{
    demand(size == 0 || (bytes[0] == seed && memcmp(bytes, bytes + 1, size - 1) == 0),
           "a block lost its contents");
}

static void enter(unsigned slot, void *p, size_t size, size_t alignment)
{
    slots[slot].bytes = p;
    if (!p)
        return;
    demand((uintptr_t)p % alignment == 0, "alignment");
    slots[slot].size = malloc_usable_size(p);
    demand(slots[slot].size >= size, "usable size");
    for (unsigned other = 0; other < SLOTS; other++)
        demand(other == slot || !slots[other].bytes ||
                   slots[other].bytes + slots[other].size <= slots[slot].bytes ||
                   slots[slot].bytes + slots[slot].size <= slots[other].bytes,
               "two blocks overlap");
    fill(slot, (unsigned char)(slot * 31 + size));
}

static void drop(unsigned slot)
{
    if (slots[slot].bytes)
        verify(slots[slot].bytes, slots[slot].size, slots[slot].seed);
    free(slots[slot].bytes);
    slots[slot].bytes = NULL;
}

static void take(unsigned slot, struct input *in)
{
    unsigned kind = byte(in);
    size_t size = size_from(in);
    size_t alignment = (size_t)16 << kind / 8 % 9;
    void *p = NULL;

    drop(slot);
    if (kind % 8 == 0) {
        enter(slot, memalign(alignment, size), size, alignment);
    } else if (kind % 8 == 1) {
        p = calloc(size, 1);
        if (p)
            verify(p, size, 0);
        enter(slot, p, size, 16);
    } else if (kind % 8 == 2) {
        if (posix_memalign(&p, alignment, size) != 0)
            p = NULL;
        enter(slot, p, size, alignment);
    } else {
        enter(slot, malloc(size), size, 16);
    }
}

static void resize(unsigned slot, struct input *in)
{
    size_t size = size_from(in);
    size_t kept = slots[slot].size < size ? slots[slot].size : size;
    unsigned char *p;

    if (slots[slot].bytes)
        verify(slots[slot].bytes, slots[slot].size, slots[slot].seed);
    p = size % 2 && size < SIZE_MAX / 2 ? reallocarray(slots[slot].bytes, 1, size)
                                        : realloc(slots[slot].bytes, size);
    if (!p && size != 0)
        return; /* refused: the old one is as it was */
    if (p && slots[slot].bytes)
        verify(p, kept, slots[slot].seed);
    enter(slot, p, size, 16);
}

static void set(struct input *in)
{
    static const int parameters[] = {M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX};
    unsigned which = byte(in);

    mallopt(parameters[which % 4], (int)(byte(in) * 1024));
}

static void move_break(struct input *in)
{
    unsigned bytes = byte(in);

    if (foreign++ < FOREIGN_MOST)
        host_sbrk((intptr_t)bytes);
}

static void operate(struct input *in)
{
    unsigned what = byte(in);
    unsigned slot = what / 8 % SLOTS;

    switch (what % 8) {
    case 0:
    case 1:
    case 2:
        take(slot, in);
        break;
    case 3:
        resize(slot, in);
        break;
    case 4:
    case 5:
        drop(slot);
        break;
    case 6:
        if (slot < 8)
            host.fail_at = host.requests + 1 + slot;
        else if (slot < 16)
            host.fail_from = slot < 12 ? host.requests + 1 : 0;
        else
            host.refuse_break = slot % 2;
        break;
    case 7:
        if (slot < 8)
            malloc_trim(byte(in) * (size_t)512);
        else if (slot < 20)
            set(in);
        else
            move_break(in);
    }
}

static void start_anew(void)
{
    host.fail_at = host.fail_from = 0;
    host.refuse_break = false;
    for (unsigned slot = 0; slot < SLOTS; slot++)
        drop(slot);
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    mallopt(M_TRIM_THRESHOLD, 128 * 1024);
    mallopt(M_TOP_PAD, 128 * 1024);
    mallopt(M_MMAP_MAX, 65536);
}

static void check(void)
{
    const char *broken = heap_check();

    demand(!broken, broken);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static char setting[32];
    const char *value = getenv("MALLOC_CHECK_");

    (void)argc, (void)argv;
    if (value && *value) {
        snprintf(setting, sizeof(setting), "MALLOC_CHECK_=%s", value);
        host.environment[0] = setting;
    }
    host_start(0);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, data + size};

    while (in.at < in.end) {
        operate(&in);
        check();
    }
    start_anew();
    check();
    demand(mallinfo2().uordblks == 0 && mallinfo2().hblks == 0,
           "everything is freed, and something counts as used");
    return 0;
}
