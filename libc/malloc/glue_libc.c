/* SPDX-License-Identifier: MIT */
/* glue_libc.c - the seam's filling for programs in ring 3: plain calls of the C library, nothing else.
 *
 * Where the break is, is asked of the kernel: the library's own idea of it may be out of date. It is moved
 * through brk(), so that the library's sbrk knows. None of the functions called here may allocate.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../kernel/trace/events.h"
#include "../thread/lock.h"
#include "glue.h"

_Thread_local struct glue_note glue_note __attribute__((tls_model("initial-exec")));
bool glue_watched; /* libc/sys/watch.c sets it when the program starts */
uint32_t glue_operations;

static uintptr_t break_seen; /* at the last look: where a move of the break begins */

void glue_tell(unsigned event, const void *payload, size_t size)
{
    int saved = errno;

    if (syscall(TRACE_CALL, event, payload, size) < 0 && errno == ENOSYS)
        glue_watched = false; /* nobody wants to know of this process */
    errno = saved;
}

void *glue_pages_map(size_t bytes)
{
    glue_note.path = TRACE_malloc_path_mmap;
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return pages == MAP_FAILED ? NULL : pages;
}

/* Can fail only where cutting a row in two would pass the limit of rows; the pages are then lost to us. */
void glue_pages_unmap(void *pages, size_t bytes)
{
    glue_note.act = TRACE_free_act_unmap;
    munmap(pages, bytes);
}

void *glue_pages_remap(void *pages, size_t old_bytes, size_t new_bytes)
{
    glue_note.act = TRACE_realloc_act_remap;

    void *moved = mremap(pages, old_bytes, new_bytes, MREMAP_MAYMOVE);

    return moved == MAP_FAILED ? NULL : moved;
}

void *glue_pages_reserve(size_t bytes)
{
    /* No MAP_NORESERVE: what nobody may touch is not counted anyway, and with it what becomes accessible later would not be either. */
    void *pages = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return pages == MAP_FAILED ? NULL : pages;
}

bool glue_pages_protect(void *pages, size_t bytes, bool access)
{
    return mprotect(pages, bytes, access ? PROT_READ | PROT_WRITE : PROT_NONE) == 0;
}

void glue_pages_discard(void *pages, size_t bytes)
{
    madvise(pages, bytes, MADV_DONTNEED);
}

uintptr_t glue_break(void)
{
    long now = syscall(SYS_brk, 0);

    break_seen = now == -1 ? 0 : (uintptr_t)now;
    return break_seen;
}

bool glue_break_set(uintptr_t address)
{
    static bool before;
    struct trace_heap_top top = {.old_break = break_seen, .new_break = address, .why = TRACE_top_why_grow};

    if (brk((void *)address) != 0)
        return false;
    if (address < break_seen) {
        glue_note.act = TRACE_free_act_trim;
        top.why = TRACE_top_why_trim;
    } else {
        glue_note.path = TRACE_malloc_path_brk;
        if (!before)
            top.why = TRACE_top_why_first;
    }
    before = true;
    break_seen = address;
    if (glue_watched)
        glue_tell(TRACE_heap_top, &top, sizeof(top));
    return true;
}

bool glue_try(int *word)
{
    return lock_try(word);
}

void glue_take(int *word)
{
    lock_take(word);
}

void glue_drop(int *word)
{
    lock_drop(word);
}

static int lock_word;

void glue_lock(void)
{
    glue_take(&lock_word);
}

void glue_unlock(void)
{
    glue_drop(&lock_word);
}

unsigned glue_processors(void)
{
    unsigned long mask[16] = {0};
    unsigned number = 0;

    if (syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask) > 0)
        for (unsigned i = 0; i < sizeof(mask) / sizeof(*mask); i++)
            for (unsigned long bits = mask[i]; bits; bits &= bits - 1)
                number++;
    return number ? number : 1;
}

/* Threads that end are known to tests/malloc/preload.c alone: this library makes none. */
__attribute__((weak)) void glue_thread_begins(void)
{
}

/* The kernel puts 16 random bytes on the stack of every program; the second half is left to others. */
uint64_t glue_random(void)
{
    const void *bytes = (const void *)getauxval(AT_RANDOM);
    uint64_t key = (uintptr_t)&bytes;

    if (bytes)
        memcpy(&key, bytes, sizeof(key));
    return key;
}

const char *glue_environment(const char *name)
{
    return secure_getenv(name);
}

void glue_say(const char *lines, size_t length)
{
    while (length) {
        ssize_t written = write(STDERR_FILENO, lines, length);

        if (written <= 0)
            break;
        lines += written;
        length -= (size_t)written;
    }
}

void glue_die(const char *lines, size_t length)
{
    glue_say(lines, length);
    abort();
}
