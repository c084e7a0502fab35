/* SPDX-License-Identifier: MIT */
/* record.c - a library for LD_PRELOAD that writes down what a program asks malloc for. See scripts/malloc-lab.
 *
 * Each call becomes a line in the file that MALLOC_RECORD names: `a ADDRESS BYTES`, `r OLD NEW BYTES`, `f ADDRESS`.
 * glibc's own malloc does the work, under the second name that it exports: the whole interface is here, so that it also
 * does in a program that was linked with another malloc. The first process of a program records;
 * children and programs that it starts do not. Alignments are not in the .rep format, so they are left out.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t number, size_t bytes);
extern void *__libc_realloc(void *p, size_t bytes);
extern void *__libc_memalign(size_t alignment, size_t bytes);
extern void __libc_free(void *p);

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char buffer[1 << 16];
static size_t used;
static int file = -2; /* not asked yet; -1: none */
static pid_t owner;

static void flush(void)
{
    size_t done = 0;
    ssize_t written;

    while (done < used && (written = write(file, buffer + done, used - done)) > 0)
        done += (size_t)written;
    used = 0;
}

static int recording(void)
{
    if (file == -2) {
        const char *name = getenv("MALLOC_RECORD");

        file = name ? open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666) : -1;
        owner = getpid();
    }
    return file >= 0 && getpid() == owner;
}

static void put(uintptr_t value)
{
    char digits[20];
    size_t at = sizeof(digits);

    do
        digits[--at] = (char)('0' + value % 10);
    while (value /= 10);
    buffer[used++] = ' ';
    memcpy(buffer + used, digits + at, sizeof(digits) - at);
    used += sizeof(digits) - at;
}

/* `old` and `bytes` are left out where the kind has none. */
static void record(char kind, const void *old, const void *p, size_t bytes)
{
    int saved = errno;

    pthread_mutex_lock(&mutex);
    if (recording()) {
        if (used > sizeof(buffer) - 100)
            flush();
        buffer[used++] = kind;
        if (kind == 'r')
            put((uintptr_t)old);
        put((uintptr_t)p);
        if (kind != 'f')
            put(bytes);
        buffer[used++] = '\n';
    }
    pthread_mutex_unlock(&mutex);
    errno = saved;
}

__attribute__((destructor)) static void finish(void)
{
    if (recording())
        flush();
}

void *malloc(size_t bytes)
{
    void *p = __libc_malloc(bytes);

    if (p)
        record('a', NULL, p, bytes);
    return p;
}

void *calloc(size_t number, size_t bytes)
{
    void *p = __libc_calloc(number, bytes);

    if (p)
        record('a', NULL, p, number * bytes);
    return p;
}

/* Recorded before the call that makes the address somebody else's. */
void free(void *p)
{
    if (p)
        record('f', NULL, p, 0);
    __libc_free(p);
}

void *realloc(void *old, size_t bytes)
{
    if (!old)
        return malloc(bytes);
    if (bytes == 0) {
        free(old);
        return NULL;
    }

    void *p = __libc_realloc(old, bytes);

    if (p)
        record('r', old, p, bytes);
    return p;
}

void *memalign(size_t alignment, size_t bytes)
{
    void *p = __libc_memalign(alignment, bytes);

    if (p)
        record('a', NULL, p, bytes);
    return p;
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    return memalign(alignment, bytes);
}

int posix_memalign(void **result, size_t alignment, size_t bytes)
{
    void *p = memalign(alignment, bytes);

    if (!p)
        return ENOMEM;
    *result = p;
    return 0;
}

void *valloc(size_t bytes)
{
    return memalign(4096, bytes);
}

void *pvalloc(size_t bytes)
{
    return memalign(4096, (bytes + 4095) & ~(size_t)4095);
}

/* Has no second name. */
size_t malloc_usable_size(void *p)
{
    static size_t (*usable)(void *p);

    if (!usable)
        usable = (size_t(*)(void *))dlsym(dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD), "malloc_usable_size");
    return usable(p);
}
