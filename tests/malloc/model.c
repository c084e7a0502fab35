/* SPDX-License-Identifier: MIT */
/* model THREADS OPERATIONS [SEED [fork]] - random calls of the whole interface against a model that remembers every block.
 *
 * Each thread has a table of blocks. It fills all that malloc_usable_size allows with a pattern of the block's own and looks at
 * every byte before it frees, resizes or hands over: two blocks that overlap, or a block that moved without its contents, show.
 * Alignment and the zeros of calloc are looked at at birth. One block in eight goes through a table that all threads share, so
 * that most are freed by a thread that did not take them; threads end and others begin after each round; with `fork` the
 * process now and then makes a child, which allocates and frees what it inherited.
 *
 * Built with our sources and -fsanitize=thread (names have the prefix of names.h then), and as an ordinary program for any
 * library under LD_PRELOAD. Prints a line and ends with 0 when nothing was wrong, else says what and aborts.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef MALLOC_PREFIXED
#include "malloc/inspect.h"
#include "malloc/interface.h"
#else
static const char *heap_check(void)
{
    return NULL;
}
#endif

#define THREADS 16
#define SLOTS 400
#define SHARED 64
#define ROUNDS 10

struct block {
    unsigned char *bytes;
    size_t size; /* all usable ones */
    unsigned char seed;
};

struct worker {
    pthread_t thread;
    uint64_t random_state;
    unsigned long calls, passed;
    struct block blocks[SLOTS];
};

static struct worker workers[THREADS];
static struct {
    pthread_mutex_t mutex;
    struct block block;
} shared[SHARED];
static unsigned long operations;
static int with_fork;

static _Noreturn void wrong(const char *what, const struct block *b)
{
    fprintf(stderr, "model: %s: block %p, %zu bytes\n", what, (void *)b->bytes, b->size);
    abort();
}

static size_t below(struct worker *w, size_t limit)
{
    w->random_state ^= w->random_state << 13;
    w->random_state ^= w->random_state >> 7;
    w->random_state ^= w->random_state << 17;
    return (w->random_state >> 16) % limit;
}

static size_t some_size(struct worker *w)
{
    switch (below(w, 64)) {
    case 0:
        return below(w, 400000);
    case 1 ... 6:
        return below(w, 20000);
    case 7 ... 20:
        return below(w, 1100);
    default:
        return below(w, 140);
    }
}

/* Large blocks: the first and last bytes, and one in 97 between. */
static size_t step_after(const struct block *b, size_t i)
{
    return b->size > 4096 && i >= 64 && i + 200 < b->size ? 97 : 1;
}

static void fill(struct block *b, unsigned char seed)
{
    b->seed = seed;
    for (size_t i = 0; i < b->size; i += step_after(b, i))
        b->bytes[i] = (unsigned char)(seed + i);
}

static void verify(const struct block *b, size_t size)
{
    for (size_t i = 0; i < size; i += step_after(b, i))
        if (b->bytes[i] != (unsigned char)(b->seed + i))
            wrong("contents changed", b);
}

static void enter(struct worker *w, struct block *b, void *p, size_t size, size_t alignment)
{
    *b = (struct block){p, size, 0};
    if (!p)
        wrong("no memory", b);
    if ((uintptr_t)p % (size == 0 || (size < 16 && alignment == 16) ? 8 : alignment))
        wrong("alignment", b);
    b->size = malloc_usable_size(p);
    if (b->size < size)
        wrong("usable size", b);
    fill(b, (unsigned char)below(w, 256));
}

static void take_zeroed(struct worker *w, struct block *b, size_t size)
{
    unsigned char *p = calloc(size % 7 + 1, size / (size % 7 + 1));

    size = size / (size % 7 + 1) * (size % 7 + 1);
    for (size_t i = 0; p && i < size; i++)
        if (p[i])
            wrong("calloc did not clear", &(struct block){p, size, 0});
    enter(w, b, p, size, 16);
}

static void take(struct worker *w, struct block *b)
{
    size_t size = some_size(w);
    size_t alignment = (size_t)16 << below(w, 10);
    void *p = NULL;

    switch (below(w, 16)) {
    case 0:
        enter(w, b, memalign(alignment, size), size, alignment);
        break;
    case 1:
        if (posix_memalign(&p, alignment, size) != 0)
            p = NULL;
        enter(w, b, p, size, alignment);
        break;
    case 2:
    case 3:
    case 4:
        take_zeroed(w, b, size);
        break;
    case 5:
        enter(w, b, realloc(NULL, size + 1), size + 1, 16);
        break;
    default:
        enter(w, b, malloc(size), size, 16);
    }
}

/* Patterns begin anew at the old size when the step changes between small and large, so the smaller part is verified first. */
static void resize(struct worker *w, struct block *b)
{
    size_t size = (below(w, 2) ? some_size(w) : b->size + below(w, b->size / 2 + 32)) + 1;
    struct block old = *b;

    verify(b, b->size);

    unsigned char *p = realloc(b->bytes, size);

    if (!p)
        wrong("no memory for realloc", b);
    old.bytes = p;
    for (size_t i = 0; i < old.size && i < size; i += step_after(&old, i))
        if (p[i] != (unsigned char)(old.seed + i))
            wrong("realloc lost contents", &old);
    enter(w, b, p, size, 16);
}

static void drop(struct block *b)
{
    verify(b, b->size);
    free(b->bytes);
    b->bytes = NULL;
}

static void exchange(struct worker *w, struct block *b)
{
    size_t at = below(w, SHARED);
    struct block other;

    pthread_mutex_lock(&shared[at].mutex);
    other = shared[at].block;
    shared[at].block = *b;
    pthread_mutex_unlock(&shared[at].mutex);
    *b = other;
    w->passed++;
}

static void make_child(struct worker *w)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        for (int i = 0; i < SLOTS; i++) {
            if (w->blocks[i].bytes)
                drop(&w->blocks[i]);
            take(w, &w->blocks[i]);
        }
        _exit(heap_check() ? 1 : 0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        fprintf(stderr, "model: the child ended with status %x\n", (unsigned)status);
        abort();
    }
}

static void *work(void *argument)
{
    struct worker *w = argument;

    for (unsigned long i = 0; i < operations / ROUNDS; i++) {
        struct block *b = &w->blocks[below(w, SLOTS)];
        size_t kind = below(w, 16);

        if (!b->bytes)
            take(w, b);
        else if (kind < 2)
            exchange(w, b);
        else if (kind < 6)
            resize(w, b);
        else
            drop(b);
        if (with_fork && below(w, 20000) == 0)
            make_child(w);
        if (below(w, 50000) == 0)
            malloc_trim(0);
        w->calls++;
    }
    return NULL;
}

static void check(const char *when)
{
    const char *broken = heap_check();

    if (broken) {
        fprintf(stderr, "model: %s: %s\n", when, broken);
        abort();
    }
}

/* Threads end, their tables stay: whoever is the next worker of that number frees what the last one took. */
static void round_of(int threads)
{
    for (int i = 0; i < threads; i++)
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            abort();
    for (int i = 0; i < threads; i++)
        pthread_join(workers[i].thread, NULL);
    check("after a round");
}

int main(int argc, char **argv)
{
    int threads = argc > 2 ? atoi(argv[1]) : 0;
    uint64_t seed = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;
    unsigned long calls = 0, passed = 0;

    if (threads < 1 || threads > THREADS)
        return 2;
    operations = strtoul(argv[2], NULL, 10) / (unsigned long)threads;
    with_fork = argc > 4;
    free(malloc(1)); /* as in a program: the first thread has called malloc before there is a second */
    for (int i = 0; i < SHARED; i++)
        pthread_mutex_init(&shared[i].mutex, NULL);
    for (int i = 0; i < threads; i++)
        workers[i].random_state = (seed + (uint64_t)i) * 0x9e3779b97f4a7c15u;
    for (int round = 0; round < ROUNDS; round++)
        round_of(threads);
    for (int i = 0; i < threads; i++) {
        for (int k = 0; k < SLOTS; k++)
            if (workers[i].blocks[k].bytes)
                drop(&workers[i].blocks[k]);
        calls += workers[i].calls;
        passed += workers[i].passed;
    }
    for (int i = 0; i < SHARED; i++)
        if (shared[i].block.bytes)
            drop(&shared[i].block);
    check("at the end");
    printf("model: %lu calls by %d threads, %lu blocks handed over, nothing wrong\n", calls, threads, passed);
    return 0;
}
