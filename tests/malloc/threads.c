/* SPDX-License-Identifier: MIT */
/* threads server|handover|mixed THREADS OPERATIONS - threads that allocate; prints the operations for a second of processor time.
 *
 *     server     each thread replaces blocks of a table by chance; after a round the tables go on to the next thread, which
 *                so frees what others took: connections that outlive the worker that began them
 *     handover   a ring: each thread takes blocks and passes them, in batches, to the next one, which frees them
 *     mixed      tables of their own, and every tenth block goes through a table that all share
 *
 * An operation is a malloc and a free. Threads that wait sleep, so that waiting costs no processor time. Time on a machine that
 * others use too is never exact: for comparing in turns, not for asserting.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS 16
#define SLOTS 1000
#define ROUNDS 20
#define BATCH 512

struct worker {
    pthread_t thread;
    int number;
    uint64_t random_state;
    /* handover: what this worker is to free; `full` tells. */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int full;
    char *batch[BATCH];
};

static struct worker workers[THREADS];
static int threads;
static size_t operations; /* of each thread */
static char *tables[THREADS][SLOTS];
static _Atomic(char *) shared[SLOTS];
static pthread_barrier_t barrier;

static size_t below(struct worker *w, size_t limit)
{
    w->random_state ^= w->random_state << 13;
    w->random_state ^= w->random_state >> 7;
    w->random_state ^= w->random_state << 17;
    return (w->random_state >> 16) % limit;
}

/* Mostly small; one in fifty up to 4 KiB. */
static char *take(struct worker *w)
{
    size_t size = below(w, 50) ? 8 + below(w, 400) : below(w, 4096) + 1;
    char *p = malloc(size);

    if (!p)
        abort();
    *(volatile char *)p = 1;
    p[size - 1] = 1;
    return p;
}

static void replace(struct worker *w, char **slot)
{
    free(*slot);
    *slot = take(w);
}

static void server(struct worker *w)
{
    for (int round = 0; round < ROUNDS; round++) {
        char **table = tables[(w->number + round) % threads];

        for (size_t i = 0; i < operations / ROUNDS; i++)
            replace(w, &table[below(w, SLOTS)]);
        pthread_barrier_wait(&barrier);
    }
}

static void pass_on(struct worker *to, char **batch)
{
    pthread_mutex_lock(&to->mutex);
    while (to->full)
        pthread_cond_wait(&to->changed, &to->mutex);
    memcpy(to->batch, batch, sizeof(to->batch));
    to->full = 1;
    pthread_cond_signal(&to->changed);
    pthread_mutex_unlock(&to->mutex);
}

static void receive(struct worker *w, char **batch)
{
    pthread_mutex_lock(&w->mutex);
    while (!w->full)
        pthread_cond_wait(&w->changed, &w->mutex);
    memcpy(batch, w->batch, sizeof(w->batch));
    w->full = 0;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->mutex);
}

static void handover(struct worker *w)
{
    char *batch[BATCH];

    for (size_t done = 0; done < operations; done += BATCH) {
        for (int i = 0; i < BATCH; i++)
            batch[i] = take(w);
        pass_on(&workers[(w->number + 1) % threads], batch);
        receive(w, batch);
        for (int i = 0; i < BATCH; i++)
            free(batch[i]);
    }
}

static void mixed(struct worker *w)
{
    for (size_t i = 0; i < operations; i++)
        if (i % 10 == 0)
            free(atomic_exchange(&shared[below(w, SLOTS)], take(w)));
        else
            replace(w, &tables[w->number][below(w, SLOTS)]);
}

static void (*body)(struct worker *w);

static void *work(void *worker)
{
    body(worker);
    return NULL;
}

int main(int argc, char **argv)
{
    struct timespec used;

    if (argc != 4 || (threads = atoi(argv[2])) < 1 || threads > THREADS)
        return 2;
    body = *argv[1] == 's' ? server : *argv[1] == 'h' ? handover : mixed;
    operations = strtoul(argv[3], NULL, 10) / (size_t)threads;
    pthread_barrier_init(&barrier, NULL, (unsigned)threads);
    for (int i = 0; i < threads; i++) {
        struct worker *w = &workers[i];

        w->number = i;
        w->random_state = 88172645463325252u + (uint64_t)i * 7919;
        pthread_mutex_init(&w->mutex, NULL);
        pthread_cond_init(&w->changed, NULL);
    }
    for (int i = 0; i < threads; i++)
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    for (int i = 0; i < threads; i++)
        pthread_join(workers[i].thread, NULL);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    printf("%.0f\n",
           (double)(operations * (size_t)threads) / ((double)used.tv_sec + (double)used.tv_nsec / 1e9));
    return 0;
}
