/* SPDX-License-Identifier: MIT */
/* malloc-lab [-a NAME]... [-n OPERATIONS] TRACE.rep... - the allocators side by side on the same work.
 * malloc-lab -f [-a NAME]... [-w SECONDS]              - what comes back after deletions
 * malloc-lab -r NAME TRACE.rep                         - replays, prints nothing: for a tool that counts from outside
 *
 * A trace is a text file in the format of the CS:APP malloc lab: four numbers, then a line for each call:
 * `a ID BYTES`, `r ID BYTES`, `f ID`. Any trace that a program can produce is read: an id that is used again names a new
 * block, `r` of an id without a block is realloc(NULL), `f` of one is free(NULL) and left out.
 *
 * Each allocator replays in processes of its own, so that it starts from nothing. One writes to every byte it gets,
 * verifies it at the end of its life, and looks at its resident memory: before, when the live bytes are at
 * their peak, and after everything was freed. A second goes to the peak, deletes 70 % of the live blocks at random and
 * refills with other sizes up to the same bytes: what is resident then is what fragmentation costs. The third only calls
 * and looks at the clock (rdtsc) around each call: with `scripts/guest --icount` that is the number of instructions,
 * system calls and faults included; on a real processor it is time, with all its noise. scripts/malloc-lab counts
 * instructions there, between the marks that -r leaves for it (tests/bench/plugin/plugin.h).
 *
 * "libc" is the malloc that this program is linked with, or has under LD_PRELOAD. "none" is no allocator: its cost
 * is the loop's. The allocator that stands behind malloc must not be measured under its own name after malloc was
 * used, so nothing here calls malloc: all tables are mapped.
 */
#include <fcntl.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../libc/malloc/allocator.h"

struct operation {
    char kind; /* a, r, f */
    uint32_t id;
    size_t bytes;
};

struct block {
    unsigned char *bytes;
    size_t size;
};

struct trace {
    const char *name;
    struct operation *operations;
    size_t number;
    struct block *blocks; /* one for each allocation: ids are numbered anew */
    size_t ids;
    size_t peak_bytes;
    size_t peak_at; /* after this operation */
};

struct result {
    long kib_at_peak, kib_refilled, kib_at_end, faults; /* without what was there before */
    unsigned long ticks, shortest, longest;
};

static struct trace trace;

static void *libc_take(size_t bytes, size_t alignment, bool zero)
{
    if (alignment > BLOCK_ALIGN)
        return memalign(alignment, bytes);
    return zero ? calloc(1, bytes) : malloc(bytes);
}

static size_t libc_usable(void *p)
{
    return malloc_usable_size(p);
}

static const struct allocator allocator_libc = {
    .name = "libc", .take = libc_take, .give = free, .resize = realloc, .usable = libc_usable};

static unsigned char nothing[16];

static void *none_take(size_t bytes, size_t alignment, bool zero)
{
    (void)bytes;
    (void)alignment;
    (void)zero;
    return nothing;
}

static void none_give(void *p)
{
    (void)p;
}

static void *none_resize(void *p, size_t bytes)
{
    (void)bytes;
    return p;
}

static const struct allocator allocator_none = {
    .name = "none", .take = none_take, .give = none_give, .resize = none_resize};

static const struct allocator *const allocators[] = {&allocator_bump, &allocator_implicit, &allocator_first,
                                                     &allocator_list, &allocator_classic,  &allocator_libc,
                                                     &allocator_none};

#define ALLOCATORS (sizeof(allocators) / sizeof(*allocators))
#define NONE (ALLOCATORS - 1)

static bool chosen[ALLOCATORS];

static _Noreturn void stop(const char *what, const char *name)
{
    fprintf(stderr, "malloc-lab: %s: %s\n", name, what);
    exit(1);
}

static size_t find(const char *name)
{
    for (size_t i = 0; i < ALLOCATORS; i++)
        if (strcmp(allocators[i]->name, name) == 0)
            return i;
    stop("no such allocator; there are bump implicit first list classic libc none", name);
}

/* Zero pages that exist already, so that the lab's own memory never changes while it measures. */
static void *table(size_t bytes)
{
    void *pages = mmap(NULL, bytes + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED)
        stop("no memory", "table");
    memset(pages, 0, bytes + 1);
    return pages;
}

/* => the file as a string */
static char *read_file(const char *name)
{
    int file = open(name, O_RDONLY);
    struct stat status;
    size_t length = 0;
    ssize_t got;

    if (file < 0 || fstat(file, &status) != 0)
        stop("cannot be read", name);

    char *text = table((size_t)status.st_size + 1);

    while ((got = read(file, text + length, (size_t)status.st_size - length)) > 0)
        length += (size_t)got;
    close(file);
    return text;
}

static size_t number(char **at)
{
    char *end;
    size_t value = strtoul(*at, &end, 10);

    if (end == *at)
        stop("a number is missing", trace.name);
    *at = end;
    return value;
}

/* Ids above this are an error: -1, which some traces have for NULL, is one. */
#define ID_LIMIT ((size_t)1 << 31)

static bool parse_operation(char **at, struct operation *o)
{
    while (**at == ' ' || **at == '\n' || **at == '\r')
        ++*at;
    if (!**at)
        return false;
    o->kind = *(*at)++;
    if (!strchr("arf", o->kind))
        stop("a line begins with neither a, r nor f", trace.name);

    size_t id = number(at);

    o->id = id < ID_LIMIT ? (uint32_t)id : 0;
    o->bytes = o->kind == 'f' ? 0 : number(at);
    if (id >= ID_LIMIT)
        o->kind = o->kind == 'f' ? 0 : 'a';
    return true;
}

/* Gives every allocation a number of its own, turns `r` of an id that has no block into `a`, and drops `f` of one that has
 * none. `block_of` has a word for each id that is used: which block it names, plus one. */
static void number_anew(uint32_t *block_of)
{
    size_t kept = 0;

    for (size_t i = 0; i < trace.number; i++) {
        struct operation o = trace.operations[i];
        uint32_t *block = &block_of[o.id];

        if (o.kind == 0 || (o.kind == 'f' && !*block))
            continue;
        if (o.kind == 'r' && !*block)
            o.kind = 'a';
        if (o.kind == 'a')
            *block = (uint32_t)++trace.ids;
        o.id = *block - 1;
        if (o.kind == 'f')
            *block = 0;
        trace.operations[kept++] = o;
    }
    trace.number = kept;
}

static void find_peak(void)
{
    size_t live = 0;

    for (size_t i = 0; i < trace.number; i++) {
        const struct operation *o = &trace.operations[i];
        struct block *b = &trace.blocks[o->id];

        live += o->bytes - b->size;
        b->size = o->bytes;
        if (live > trace.peak_bytes) {
            trace.peak_bytes = live;
            trace.peak_at = i;
        }
    }
    memset(trace.blocks, 0, trace.ids * sizeof(*trace.blocks));
}

static void load(const char *name, size_t limit)
{
    char *text = read_file(name);
    char *at = text;
    size_t lines = 0;
    size_t id_end = 1;
    const char *slash = strrchr(name, '/');

    trace = (struct trace){.name = slash ? slash + 1 : name};
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    for (int i = 0; i < 4; i++)
        number(&at);
    trace.operations = table((lines + 1) * sizeof(*trace.operations));
    while (trace.number < limit && parse_operation(&at, &trace.operations[trace.number])) {
        if (trace.operations[trace.number].id >= id_end)
            id_end = trace.operations[trace.number].id + (size_t)1;
        trace.number++;
    }
    number_anew(table(id_end * sizeof(uint32_t)));
    trace.blocks = table(trace.ids * sizeof(*trace.blocks));
    find_peak();
}

/* Bytes of this process that no file stands behind, in KiB. */
static long resident(void)
{
    static char text[8192];
    int file = open("/proc/self/smaps_rollup", O_RDONLY);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof(text) - 1);
    const char *line = length > 0 ? strstr(text, "\nAnonymous:") : NULL;

    if (!line)
        stop("no line \"Anonymous:\"", "/proc/self/smaps_rollup");
    close(file);
    return atol(line + strlen("\nAnonymous:"));
}

static long faults(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
}

static unsigned char mark(const struct block *b)
{
    return (unsigned char)((b - trace.blocks) * 37 + 1);
}

static void verify(const struct block *b, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (b->bytes[i] != mark(b))
            stop("a block lost its contents", trace.name);
}

static void apply(const struct allocator *a, const struct operation *o)
{
    struct block *b = &trace.blocks[o->id];

    if (o->kind == 'a')
        b->bytes = a->take(o->bytes, BLOCK_ALIGN, false);
    else if (o->kind == 'r')
        b->bytes = a->resize(b->bytes, o->bytes ? o->bytes : 1);
    else
        a->give(b->bytes);
}

static void step_written(const struct allocator *a, const struct operation *o)
{
    struct block *b = &trace.blocks[o->id];
    size_t alignment = a == &allocator_libc && o->bytes < BLOCK_ALIGN ? BLOCK_ALIGN / 2 : BLOCK_ALIGN;
    size_t kept = o->kind == 'r' ? (b->size < o->bytes ? b->size : o->bytes) : 0;

    if (o->kind == 'f')
        verify(b, b->size);
    apply(a, o);
    if (o->kind == 'f') {
        b->bytes = NULL;
        return;
    }
    if (!b->bytes || (uintptr_t)b->bytes % alignment != 0)
        stop("no block, or one that is not aligned", a->name);
    b->size = o->bytes;
    verify(b, kept);
    memset(b->bytes, mark(b), b->size);
}

static void measure_memory(const struct allocator *a, struct result *r)
{
    resident();

    long before = resident();
    long faults_before = faults();

    for (size_t i = 0; i < trace.number; i++) {
        step_written(a, &trace.operations[i]);
        if (i == trace.peak_at)
            r->kib_at_peak = resident() - before;
    }
    r->faults = faults() - faults_before;
    for (size_t id = 0; id < trace.ids; id++)
        if (trace.blocks[id].bytes)
            step_written(a, &(struct operation){'f', (uint32_t)id, 0});
    if (a->check && a->check())
        stop(a->check(), a->name);
    r->kib_at_end = resident() - before;
}

static uint64_t random_state = 88172645463325252u;

static size_t below(size_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (random_state >> 16) % limit;
}

static void take_written(const struct allocator *a, struct block *b, size_t bytes)
{
    b->bytes = a->take(bytes, BLOCK_ALIGN, false);
    b->size = bytes;
    if (!b->bytes)
        stop("no memory", a->name);
    memset(b->bytes, 1, bytes);
}

/* From the peak on: 70 % of the live blocks go, at random; then blocks of two to three times their sizes come, until as much
 * is live as before. */
static void measure_fragmentation(const struct allocator *a, struct result *r)
{
    resident();

    long before = resident();
    size_t gone = 0;

    for (size_t i = 0; i <= trace.peak_at && i < trace.number; i++)
        step_written(a, &trace.operations[i]);
    for (size_t id = 0; id < trace.ids; id++)
        if (trace.blocks[id].bytes && below(10) < 7) {
            gone += trace.blocks[id].size;
            step_written(a, &(struct operation){'f', (uint32_t)id, 0});
        }
    for (size_t id = 0; id < trace.ids; id++) {
        size_t bytes = 2 * trace.blocks[id].size + below(trace.blocks[id].size + 1);

        if (!trace.blocks[id].bytes && bytes && bytes <= gone) {
            take_written(a, &trace.blocks[id], bytes);
            gone -= bytes;
        }
    }
    r->kib_refilled = resident() - before;
}

static unsigned long ticks(void)
{
    uint32_t low, high;

    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (unsigned long)high << 32 | low;
}

static void measure_time(const struct allocator *a, struct result *r)
{
    r->shortest = ~0ul;
    for (size_t i = 0; i < trace.number; i++) {
        unsigned long start = ticks();

        apply(a, &trace.operations[i]);

        unsigned long taken = ticks() - start;

        r->ticks += taken;
        if (taken < r->shortest)
            r->shortest = taken;
        if (taken > r->longest)
            r->longest = taken;
    }
}

/* An instruction that does nothing, at which the counting plugin begins and ends: each call is counted alone. */
#define LAB_MARK(word) __asm__ volatile(".byte 0x0f, 0x1f, 0x80\n\t.long " #word ::: "memory")

static void replay(const struct allocator *a)
{
    for (size_t i = 0; i < trace.number; i++) {
        LAB_MARK(0x464c0001);
        apply(a, &trace.operations[i]);
        LAB_MARK(0x464c0002);
    }
}

/* Runs `measure` in a process of its own; its result comes back in shared memory. */
static void in_child(void (*measure)(const struct allocator *a, struct result *r), const struct allocator *a,
                     struct result *shared)
{
    int status;

    fflush(stdout);

    pid_t pid = fork();

    if (pid == 0) {
        measure(a, shared);
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        stop("its process did not come to its end", a->name);
}

static struct result *shared_result(void)
{
    struct result *r = mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (r == MAP_FAILED)
        stop("no memory", "result");
    return r;
}

static void compare_on_trace(void)
{
    struct result *r = shared_result();

    in_child(measure_time, &allocator_none, r);

    unsigned long loop = r->shortest; /* the clock, the loop, and a call that does nothing */

    printf("\n%s: %zu operations, at most %zu KiB live\n", trace.name, trace.number, trace.peak_bytes / 1024);
    printf("  %-10s%12s%12s%10s%10s%8s%15s%11s\n", "", "utilisation", "KiB at peak", "ticks/op", "longest",
           "faults", "70 % refilled", "all freed");
    for (size_t i = 0; i < NONE; i++) {
        if (!chosen[i])
            continue;
        memset(r, 0, sizeof(*r));
        in_child(measure_memory, allocators[i], r);
        in_child(measure_fragmentation, allocators[i], r);
        in_child(measure_time, allocators[i], r);
        printf("  %-10s%12.3f%12ld%10.1f%10lu%8ld%15ld%11ld\n", allocators[i]->name,
               (double)trace.peak_bytes / 1024 / (double)(r->kib_at_peak ? r->kib_at_peak : 1),
               r->kib_at_peak, (double)r->ticks / (double)trace.number - (double)loop, r->longest, r->faults,
               r->kib_refilled, r->kib_at_end);
    }
}

/* ---- Deletion and refill: 20 000 blocks of 40 to 400 bytes; 70 % go, at random; then blocks of 500 to 900 bytes until
 * as much is live as before. ---- */
#define FILL 20000

static unsigned seconds; /* to wait before the last look */

static void measure_refill(const struct allocator *a, struct result *r)
{
    long before = resident();
    size_t gone = 0;

    for (size_t i = 0; i < FILL; i++)
        take_written(a, &trace.blocks[i], 40 + below(361));
    r->longest = (unsigned long)(resident() - before);
    for (size_t i = 0; i < FILL; i++)
        if (below(10) < 7) {
            gone += trace.blocks[i].size;
            a->give(trace.blocks[i].bytes);
            trace.blocks[i].bytes = NULL;
        }
    for (size_t i = 0; i < FILL; i++)
        if (!trace.blocks[i].bytes && gone > 900) {
            take_written(a, &trace.blocks[i], 500 + below(401));
            gone -= trace.blocks[i].size;
        }
    r->kib_at_peak = resident() - before;
    for (size_t i = 0; i < FILL; i++)
        if (trace.blocks[i].bytes) {
            r->ticks += trace.blocks[i].size;
            a->give(trace.blocks[i].bytes);
        }
    sleep(seconds);
    for (size_t i = 0; seconds && i < FILL;
         i++) { /* some give back after a time, but only when they are called */
        take_written(a, trace.blocks, 64);
        a->give(trace.blocks->bytes);
    }
    r->kib_at_end = resident() - before;
}

static void compare_refill(void)
{
    struct result *r = shared_result();

    trace.blocks = table(FILL * sizeof(*trace.blocks));
    printf("%-10s%12s%14s%22s%14s\n", "", "KiB live", "KiB filled", "KiB 70 % refilled", "KiB all freed");
    for (size_t i = 0; i < NONE; i++) {
        if (!chosen[i])
            continue;
        memset(r, 0, sizeof(*r));
        in_child(measure_refill, allocators[i], r);
        printf("%-10s%12lu%14lu%22ld%14ld\n", allocators[i]->name, r->ticks / 1024, r->longest,
               r->kib_at_peak, r->kib_at_end);
    }
}

int main(int argc, char **argv)
{
    static char output[4096];
    size_t limit = SIZE_MAX;
    bool any = false;
    int option;

    setvbuf(stdout, output, _IOLBF, sizeof(output));
    while ((option = getopt(argc, argv, "a:n:r:w:f")) != -1) {
        if (option == 'a')
            any = chosen[find(optarg)] = true;
        else if (option == 'n')
            limit = strtoul(optarg, NULL, 10);
        else if (option == 'w')
            seconds = (unsigned)strtoul(optarg, NULL, 10);
        else if (option == 'r' && argv[optind]) {
            load(argv[optind], limit);
            replay(allocators[find(optarg)]);
            return 0;
        } else if (option != 'f')
            return 2;
    }
    for (size_t i = 0; i < ALLOCATORS && !any; i++)
        chosen[i] = true;
    if (optind == argc)
        compare_refill();
    for (; optind < argc; optind++) {
        load(argv[optind], limit);
        compare_on_trace();
    }
    return 0;
}
