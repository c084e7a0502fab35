/* SPDX-License-Identifier: MIT */
/* mm_mmap.c - mmap(2): its errors one by one, where mappings are put, and what MAP_FIXED replaces. */
#include <fcntl.h>
#include <sys/mman.h>

#include "smaps.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)

static void try(const char *what, void *address, size_t length, int protection, int flags, int fd,
                off_t offset, int error)
{
    errno = 0;
    void *got = mmap(address, length, protection, flags, fd, offset);

    expect_error(what, got == MAP_FAILED ? -1 : 0, error);
    if (got != MAP_FAILED)
        munmap(got, length);
}

static void errors(const char *self)
{
    int file = open(self, O_RDONLY);

    try("length 0", NULL, 0, RW, ANON, -1, 0, EINVAL);
    try("neither shared nor private", NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0, EINVAL);
    try("fixed, not aligned", (void *)0x10000001, PAGE, RW, ANON | MAP_FIXED, -1, 0, EINVAL);
    try("fixed, beyond the user's half", (void *)0x800000000000, PAGE, RW, ANON | MAP_FIXED, -1, 0, ENOMEM);
    try("fixed, the kernel's address", (void *)0xffff800000000000, PAGE, RW, ANON | MAP_FIXED, -1, 0, ENOMEM);
    try("larger than the address space", NULL, 1UL << 47, RW, ANON | MAP_NORESERVE, -1, 0, ENOMEM);
    try("length wraps around", NULL, ~0UL - 100, RW, ANON, -1, 0, ENOMEM);
    try("no such descriptor", NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 0, EBADF);
    try("descriptor -1", NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0, EBADF);
    errno = 0;
    expect_error("offset not aligned", syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 1),
                 EINVAL);
    try("a directory", NULL, PAGE, PROT_READ, MAP_PRIVATE, open("/", O_RDONLY), 0, ENODEV);
    try("a file", NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 0, 0);
    try("a file, writable and private", NULL, PAGE, RW, MAP_PRIVATE, file, 0, 0);
    close(file);
}

static void places(void)
{
    char *first = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);
    char *second = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);

    expect("the second lies below the first, in pages", (first - second) / (long)PAGE, 4);
    expect("both are one row", print_rows("two", second, first + 4 * PAGE), 1);
    expect("no page of them is resident", smaps_kb(second, "Rss:"), 0);

    munmap(first, 4 * PAGE);
    char *third = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);
    expect("a hole of the right size is used again", third == first, 1);

    char *hint = second - 64 * PAGE;
    char *at = mmap(hint, PAGE, RW, ANON, -1, 0);
    expect("a free hint is honoured", at == hint, 1);
    munmap(at, PAGE);
    at = mmap(hint + 100, PAGE, RW, ANON, -1, 0);
    expect("a hint is rounded down", at == hint, 1);
    char *other = mmap(hint, PAGE, RW, ANON, -1, 0);
    expect("a taken hint is not", other != hint && other != MAP_FAILED, 1);
    munmap(other, PAGE);

    errno = 0;
    expect_error("no replace, taken",
                 mmap(hint, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED ? -1 : 0, EEXIST);
    munmap(at, PAGE);
    at = mmap(hint, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
    expect("no replace, free", at == hint, 1);
    munmap(at, PAGE);
    munmap(second, 8 * PAGE);
}

static void odd_size(void)
{
    char *at = mmap(NULL, 13 * 1023, RW, ANON, -1, 0);

    at[16 * 1024 - 1] = 1;
    expect("13 * 1023 bytes are pages", print_rows("odd", at, at + 16 * 1024), 1);
    munmap(at, 13 * 1023);
}

static void replaced(void)
{
    char *at = mmap(NULL, 16 * PAGE, RW, ANON, -1, 0);

    memset(at, 7, 16 * PAGE);
    char *middle = mmap(at + 4 * PAGE, 4 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    expect("fixed is where it was asked for", middle == at + 4 * PAGE, 1);
    expect("before it", at[4 * PAGE - 1], 7);
    expect("in it", at[4 * PAGE], 0);
    expect("its end", at[8 * PAGE - 1], 0);
    expect("behind it", at[8 * PAGE], 7);
    expect("still one row", print_rows("replaced", at, at + 16 * PAGE), 1);
    mmap(at + 4 * PAGE, 4 * PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0);
    expect("three rows", print_rows("read-only middle", at, at + 16 * PAGE), 3);
    expect_signal("write to it", write_byte, at + 5 * PAGE, 11);
    munmap(at, 16 * PAGE);
}

int main(int argc, char **argv)
{
    (void)argc;
    errors(argv[0]);
    places();
    odd_size();
    replaced();
    return finish();
}
