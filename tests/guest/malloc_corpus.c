/* SPDX-License-Identifier: MIT */
/* malloc_corpus [default|checking] - every family of misuse, with a small, a medium and a large block: which does malloc notice?
 *
 * Each case is a program run of its own: this program again, with the family and the size as arguments. It places the
 * block between neighbours of its size, makes one mistake, then goes on as programs do (frees, takes again, frees) and ends.
 * What became of it:
 *     stopped   malloc ended the program with a message     trapped   the processor did: a page without access
 *     refused   NULL instead of a block                     clean     the read found nothing of what had been there
 *     missed    the program came to its end                 hung      it never did, in five seconds
 *     ended     with a status of its own
 * The first four count as caught. "checking" is the same with MALLOC_CHECK_=3. Without an argument: both.
 *
 * Sizes are 24 bytes, 4 KiB and 256 KiB: nothing is said of how much slack an allocator gives them. tests/malloc/misuse holds
 * what is expected of ours; scripts/misuse compares, and sets other allocators beside.
 */
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MISSED 42
#define CLEAN 43
#define REFUSED 44
#define MIB ((size_t)1 << 20)
#define LARGE ((size_t)256 << 10)
#define NEIGHBOURS 4 /* on each side */
#define SECRET 0x5ec4e75ec4e75ec4u

/* The compiler must not reason about these pointers: what follows is wrong on purpose. */
static char *volatile p, *volatile q;
static char *volatile around[2 * NEIGHBOURS];
static char *volatile more[20];
static char data[LARGE] __attribute__((aligned(16)));

static char *take(size_t size)
{
    char *volatile block = malloc(size);

    memset(block, 'a', size);
    return block;
}

static void place(size_t size)
{
    for (int i = 0; i < NEIGHBOURS; i++)
        around[i] = take(size);
    p = take(size);
    for (int i = NEIGHBOURS; i < 2 * NEIGHBOURS; i++)
        around[i] = take(size);
}

static void free_neighbours(void)
{
    for (int i = 0; i < 2 * NEIGHBOURS; i++) {
        free(around[i]);
        around[i] = NULL;
    }
}

/* What the program does after its mistake. */
static void go_on(size_t size)
{
    free_neighbours();
    for (int i = 0; i < 20; i++)
        more[i] = take(i % 2 ? size : size + size / 2);
    for (int i = 0; i < 20; i++)
        free(more[i]);
}

/* ---- Double free, in five orders ---- */
static int twice_at_once(size_t size)
{
    (void)size;
    free(p);
    free(p);
    return MISSED;
}

static int twice_with_another_between(size_t size)
{
    (void)size;
    free(p);
    free(around[NEIGHBOURS]);
    around[NEIGHBOURS] = NULL;
    free(p);
    return MISSED;
}

static int twice_with_twenty_between(size_t size)
{
    for (int i = 0; i < 20; i++)
        more[i] = take(size);
    free(p);
    for (int i = 0; i < 20; i++)
        free(more[i]);
    free(p);
    return MISSED;
}

static int twice_under_a_larger_block(size_t size)
{
    free_neighbours();
    free(p);
    q = take(3 * size);
    free(p);
    return MISSED;
}

/* The second owner's free is the one too many. */
static int twice_by_two_owners(size_t size)
{
    free(p);
    q = take(size);
    free(p);
    free(q);
    return MISSED;
}

/* ---- Free of what malloc did not give ---- */
static int free_of_16_bytes_in(size_t size)
{
    (void)size;
    q = p + 16;
    free(q);
    return MISSED;
}

static int free_of_an_odd_address(size_t size)
{
    (void)size;
    q = p + 1;
    free(q);
    return MISSED;
}

static int free_of_the_middle(size_t size)
{
    q = p + (size / 2 & ~(size_t)15);
    q += q == p ? 16 : 0;
    free(q);
    return MISSED;
}

static int free_of_a_variable(size_t size)
{
    char bytes[size] __attribute__((aligned(16)));

    memset(bytes, size > 24 ? 'a' : 0, size);
    q = bytes;
    free(q);
    return MISSED;
}

static int free_of_static_memory(size_t size)
{
    memset(data, size > 24 ? 'a' : 0, size);
    q = data + (size > 24 ? 64 : 0);
    free(q);
    return MISSED;
}

static int free_of_no_memory(size_t size)
{
    q = (char *)(uintptr_t)(0x100000000000u + size);
    free(q);
    return MISSED;
}

static int free_of_a_mapping(size_t size)
{
    q = mmap(NULL, size + 64, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    q += size > 24 ? 64 : 16;
    free(q);
    return MISSED;
}

/* ---- Writes beside the block ---- */
static int write_at(char *to, size_t bytes)
{
    char last = to[bytes - 1];

    memset(to, 'X', bytes);
    if (last == 'X') /* by chance, in a seal: what changes nothing is no mistake */
        to[bytes - 1] = 'Y';
    free(p);
    return MISSED;
}

static int over_by_1(size_t size)
{
    return write_at(p + size, 1);
}

static int over_by_8(size_t size)
{
    return write_at(p + size, 8);
}

static int over_by_32(size_t size)
{
    return write_at(p + size, 32);
}

static int over_by_1_mib(size_t size)
{
    return write_at(p + size, MIB);
}

static int under_by_1(size_t size)
{
    (void)size;
    return write_at(p - 1, 1);
}

static int under_by_8(size_t size)
{
    (void)size;
    return write_at(p - 8, 8);
}

static int under_by_32(size_t size)
{
    (void)size;
    return write_at(p - 32, 32);
}

static int under_by_1_mib(size_t size)
{
    (void)size;
    return write_at(p - MIB, MIB);
}

/* ---- Use after free ---- */
static int write_freed(size_t size)
{
    (void)size;
    free(p);
    memset(p, 'X', 8);
    return MISSED;
}

static int write_freed_middle(size_t size)
{
    free(p);
    memset(p + size / 2, 'X', 8);
    return MISSED;
}

static void hide(size_t size)
{
    for (size_t i = 0; i + 8 <= size; i += 8)
        *(volatile uint64_t *)(p + i) = SECRET;
}

static int seen(size_t size)
{
    for (size_t i = 0; i + 8 <= size; i += 8)
        if (*(volatile uint64_t *)(p + i) == SECRET)
            return MISSED;
    return CLEAN;
}

static int read_freed(size_t size)
{
    hide(size);
    free(p);
    return seen(size);
}

static int read_uninitialised(size_t size)
{
    hide(size);
    free(p);
    p = malloc(size);
    return seen(size);
}

static int realloc_freed(size_t size)
{
    free(p);
    q = realloc(p, 2 * size);
    return MISSED;
}

/* ---- Sizes: none at all (1, 32, 4096 bytes used), and more than there are ---- */
static size_t used_of_nothing(size_t size)
{
    return size == 24 ? 1 : size == LARGE ? 4096 : 32;
}

static int write_nothing(size_t size)
{
    q = malloc(0);
    memset(q, 'X', used_of_nothing(size));
    return MISSED;
}

static int read_nothing(size_t size)
{
    volatile char sum = 0;

    q = malloc(0);
    for (size_t i = 0; i < used_of_nothing(size); i++)
        sum += *(volatile char *)(q + i);
    return MISSED;
}

static int too_large(size_t size)
{
    volatile size_t most = SIZE_MAX;
    size_t number = most / size + 1;
    void *volatile block;
    int refused = 1;

    refused &= !malloc(most - size);
    refused &= !calloc(number, size);
    refused &= !realloc(p, most - size);
    refused &= !reallocarray(p, number, size);
    refused &= !memalign(64, most - size);
    refused &= posix_memalign((void **)&block, 4096, most - size) != 0;
    return refused ? REFUSED : MISSED;
}

static const struct {
    const char *name;
    int (*body)(size_t size);
} families[] = {
    {"double free, at once", twice_at_once},
    {"double free, another between", twice_with_another_between},
    {"double free, twenty between", twice_with_twenty_between},
    {"double free, under a larger block", twice_under_a_larger_block},
    {"double free, by a second owner", twice_by_two_owners},
    {"free of 16 bytes in", free_of_16_bytes_in},
    {"free of an odd address", free_of_an_odd_address},
    {"free of the middle", free_of_the_middle},
    {"free of a variable", free_of_a_variable},
    {"free of static memory", free_of_static_memory},
    {"free of no memory", free_of_no_memory},
    {"free of a mapping", free_of_a_mapping},
    {"overflow by 1", over_by_1},
    {"overflow by 8", over_by_8},
    {"overflow by 32", over_by_32},
    {"overflow by 1 MiB", over_by_1_mib},
    {"underflow by 1", under_by_1},
    {"underflow by 8", under_by_8},
    {"underflow by 32", under_by_32},
    {"underflow by 1 MiB", under_by_1_mib},
    {"write after free", write_freed},
    {"write after free, in the middle", write_freed_middle},
    {"read after free", read_freed},
    {"read of uninitialised memory", read_uninitialised},
    {"realloc of a freed block", realloc_freed},
    {"write to a block of size 0", write_nothing},
    {"read of a block of size 0", read_nothing},
    {"a size that overflows", too_large},
};

#define FAMILIES (sizeof(families) / sizeof(*families))

static const size_t sizes[] = {24, 4096, LARGE};

#define SIZES (sizeof(sizes) / sizeof(*sizes))

/* The mistake itself, in a process that was made for it. */
static int commit(size_t family, size_t size)
{
    alarm(5);
    place(size);

    int verdict = families[family].body(size);

    go_on(size);
    return verdict;
}

static const char *verdict_of(int status)
{
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGABRT ? "stopped" : WTERMSIG(status) == SIGALRM ? "hung" : "trapped";
    switch (WEXITSTATUS(status)) {
    case MISSED:
        return "missed";
    case CLEAN:
        return "clean";
    case REFUSED:
        return "refused";
    default:
        return "ended";
    }
}

static const char *try(size_t family, size_t size)
{
    char words[2][4] = {{(char)('A' + family)}, {(char)('0' + size)}};
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
        execl("/proc/self/exe", "malloc_corpus", "case", words[0], words[1], (char *)NULL);
        _exit(1);
    }
    waitpid(pid, &status, 0);
    return verdict_of(status);
}

static void table(const char *mode)
{
    size_t caught = 0;

    printf("%-36s%-10s%-10s%s\n", mode, "24", "4096", "262144");
    for (size_t family = 0; family < FAMILIES; family++) {
        printf("%-36s", families[family].name);
        for (size_t size = 0; size < SIZES; size++) {
            const char *verdict = try(family, size);

            printf(size == SIZES - 1 ? "%s\n" : "%-10s", verdict);
            caught += strchr("strc", *verdict) != NULL;
        }
        fflush(stdout);
    }
    printf("%s: %zu of %zu caught, %zu %%\n\n", mode, caught, FAMILIES * SIZES,
           100 * caught / (FAMILIES * SIZES));
}

int main(int argc, char **argv)
{
    if (argc == 4)
        return commit((size_t)(*argv[2] - 'A'), sizes[*argv[3] - '0']);
    if (argc == 1 || strcmp(argv[1], "default") == 0)
        table("default");
    setenv("MALLOC_CHECK_", "3", 1);
    if (argc == 1 || strcmp(argv[1], "checking") == 0)
        table("checking");
    return 0;
}
