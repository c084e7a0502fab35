/* SPDX-License-Identifier: MIT */
/* mm_file.c - private mappings of a file: its content, offsets, the zeros behind its end, SIGBUS beyond, and that writing
 * changes nobody else's copy. The file is this program itself. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "smaps.h"

#define RW (PROT_READ | PROT_WRITE)

static unsigned char buffer[PAGE];

static void contents(int file, off_t size)
{
    off_t pages = size / (off_t)PAGE;
    unsigned char *at = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, file, 0);
    long different = 0;

    expect("begins like an ELF file", memcmp(at, "\177ELF", 4), 0);
    for (off_t page = 0; page < pages; page++) {
        if (pread(file, buffer, PAGE, page * (off_t)PAGE) != (ssize_t)PAGE)
            different++;
        different += memcmp(at + page * (off_t)PAGE, buffer, PAGE) != 0;
    }
    expect("pages that differ from what pread gives", different, 0);

    unsigned char *third = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 2 * PAGE);
    expect("a mapping with an offset", memcmp(third, at + 2 * PAGE, PAGE), 0);
    munmap(third, PAGE);
    munmap(at, (size_t)size);
}

static void behind_the_end(int file, off_t size)
{
    size_t rounded = ((size_t)size + PAGE - 1) & -PAGE;
    char *at = mmap(NULL, rounded + 2 * PAGE, RW, MAP_PRIVATE, file, 0);
    long bytes = 0;

    for (size_t i = (size_t)size; i < rounded; i++)
        bytes += at[i] != 0;
    expect("bytes behind the end that are not zero", bytes, 0);
    expect_signal("read the page behind the end", read_byte, at + rounded, 7);
    expect_signal("write the page behind the end", write_byte, at + rounded, 7);
    munmap(at, rounded + 2 * PAGE);
    char *beyond = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, (off_t)rounded + (off_t)(16 * PAGE));
    expect("far behind the end it can be mapped", beyond != MAP_FAILED, 1);
    expect_signal("but not read", read_byte, beyond, 7);
    munmap(beyond, PAGE);
}

static void private_writes(int file)
{
    char *mine = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE, file, 0);
    char *other = mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE, file, 0);

    expect("read before the write", mine[PAGE], other[PAGE]);
    expect("anonymous kB before", smaps_kb(mine, "Anonymous:"), 0);
    mine[0] = 'X';
    mine[PAGE] = 'Y';
    expect("anonymous kB after two writes", smaps_kb(mine, "Anonymous:"), 8);
    expect("private and dirty kB", smaps_kb(mine, "Private_Dirty:"), 8);
    expect("I see it", mine[0] + mine[PAGE], 'X' + 'Y');
    expect("the other mapping does not", other[0], 0x7f);
    expect("nor does the file", pread(file, buffer, 1, 0) == 1 && buffer[0] == 0x7f, 1);
    madvise(mine, 4 * PAGE, MADV_DONTNEED);
    expect("dropped, it is the file's again", mine[0], 0x7f);
    mprotect(mine, PAGE, PROT_READ);
    expect_signal("write to a read-only one", write_byte, mine, 11);
    munmap(mine, 4 * PAGE);
    munmap(other, 4 * PAGE);
}

int main(int argc, char **argv)
{
    struct stat about;
    int file = open(argv[0], O_RDONLY);

    (void)argc;
    if (file < 0 || fstat(file, &about) != 0)
        return 97;
    contents(file, about.st_size);
    behind_the_end(file, about.st_size);
    private_writes(file);
    close(file);
    return finish();
}
