/* SPDX-License-Identifier: MIT */
/* glue_host.c - see glue_host.h. */
#define _GNU_SOURCE

#include "glue_host.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "child.h"
#include "glue.h"

struct host host;

_Thread_local struct glue_note glue_note __attribute__((tls_model("initial-exec")));
bool glue_watched; /* nobody does */
uint32_t glue_operations;

void glue_tell(unsigned event, const void *payload, size_t size)
{
    (void)event, (void)payload, (void)size;
}

static uintptr_t arena;
static uintptr_t break_now;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void host_start(size_t offset)
{
    void *pages = mmap(NULL, ARENA_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    must(pages != MAP_FAILED);
    must(mprotect(pages, GLUE_PAGE, PROT_READ | PROT_WRITE) == 0);
    arena = (uintptr_t)pages;
    break_now = arena + offset;
}

uintptr_t host_arena(void)
{
    return arena;
}

uintptr_t host_break(void)
{
    return break_now;
}

static uintptr_t page_up(uintptr_t address)
{
    return (address + GLUE_PAGE - 1) & ~(GLUE_PAGE - 1);
}

static bool move_break(uintptr_t to)
{
    uintptr_t end = page_up(to);
    uintptr_t old_end = page_up(break_now);

    if (to < arena || to > arena + ARENA_BYTES)
        return false;
    if (end > old_end)
        must(mprotect((void *)old_end, end - old_end, PROT_READ | PROT_WRITE) == 0);
    if (end < old_end)
        must(mmap((void *)end, old_end - end, PROT_NONE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) != MAP_FAILED);
    break_now = to;
    host.break_moves++;
    return true;
}

void host_sbrk(intptr_t bytes)
{
    must(move_break(break_now + (uintptr_t)bytes));
}

size_t host_resident(void)
{
    static unsigned char present[ARENA_BYTES / 4096];
    size_t pages = 0;

    must(mincore((void *)arena, ARENA_BYTES, present) == 0);
    for (size_t i = 0; i < sizeof(present); i++)
        pages += present[i] & 1;
    return pages;
}

static bool refused(void)
{
    host.requests++;
    return host.requests == host.fail_at || (host.fail_from && host.requests >= host.fail_from);
}

uintptr_t glue_break(void)
{
    return break_now;
}

bool glue_break_set(uintptr_t address)
{
    if (address > break_now && (refused() || host.refuse_break))
        return false;
    return move_break(address);
}

void *glue_pages_map(size_t bytes)
{
    must(bytes && bytes % GLUE_PAGE == 0);
    if (refused() || host.refuse_map)
        return NULL;

    void *pages =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (pages == MAP_FAILED)
        return NULL;
    host.mappings++;
    host.mapped_bytes += bytes;
    return pages;
}

void glue_pages_unmap(void *pages, size_t bytes)
{
    must((uintptr_t)pages % GLUE_PAGE == 0 && bytes % GLUE_PAGE == 0);
    must(munmap(pages, bytes) == 0);
    errno = EINTR; /* a system call may leave anything here */
    host.mappings--;
    host.mapped_bytes -= bytes;
}

void *glue_pages_remap(void *pages, size_t old_bytes, size_t new_bytes)
{
    must((uintptr_t)pages % GLUE_PAGE == 0 && old_bytes % GLUE_PAGE == 0 && new_bytes % GLUE_PAGE == 0);
    if (refused() || host.refuse_remap)
        return NULL;

    void *moved = mremap(pages, old_bytes, new_bytes, MREMAP_MAYMOVE);

    if (moved == MAP_FAILED)
        return NULL;
    host.mapped_bytes += new_bytes - old_bytes;
    return moved;
}

void *glue_pages_reserve(size_t bytes)
{
    if (refused() || host.refuse_map)
        return NULL;

    void *pages = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return pages == MAP_FAILED ? NULL : pages;
}

bool glue_pages_protect(void *pages, size_t bytes, bool access)
{
    must((uintptr_t)pages % GLUE_PAGE == 0 && bytes % GLUE_PAGE == 0);
    if (access && refused())
        return false;
    return mprotect(pages, bytes, access ? PROT_READ | PROT_WRITE : PROT_NONE) == 0;
}

void glue_pages_discard(void *pages, size_t bytes)
{
    must((uintptr_t)pages % GLUE_PAGE == 0 && bytes % GLUE_PAGE == 0);
    must(madvise(pages, bytes, MADV_DONTNEED) == 0);
    host.discards++;
    errno = EINTR;
}

bool glue_try(int *word)
{
    return __atomic_exchange_n(word, 1, __ATOMIC_ACQUIRE) == 0;
}

void glue_take(int *word)
{
    while (!glue_try(word))
        sched_yield();
}

void glue_drop(int *word)
{
    must(__atomic_exchange_n(word, 0, __ATOMIC_RELEASE) == 1);
}

unsigned glue_processors(void)
{
    return 2;
}

void glue_thread_begins(void)
{
}

/* Not recursive and checked: an interface function that forgets to unlock stops the test. */
void glue_lock(void)
{
    must(pthread_mutex_lock(&mutex) == 0);
}

void glue_unlock(void)
{
    must(pthread_mutex_unlock(&mutex) == 0);
}

uint64_t glue_random(void)
{
    return 0x1d872b41c66f9a53u;
}

const char *glue_environment(const char *name)
{
    size_t length = strlen(name);

    for (const char *const *entry = host.environment; *entry; entry++)
        if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
            return *entry + length + 1;
    return NULL;
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
