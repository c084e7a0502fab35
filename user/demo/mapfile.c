/* SPDX-License-Identifier: MIT */
/* mapfile - a file as memory: read-only at an offset, private, shared.
 *
 * A small file is made, and the second of its pages is mapped (the offset must be a multiple of 4096).
 * Reading the memory reads the file. A private mapping copies a page when it is written: neither the file nor
 * another process sees it. A shared mapping is the file: both see it. Behind the end of the file there is
 * nothing: SIGBUS. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/demo.h"
#include "lib/look.h"

#define TEXT "the second page of the file"
#define FILE_BYTES (PAGE_SIZE + sizeof(TEXT) - 1)

static const char *const paths[] = {"/tmp/mapfile.demo", "/mapfile.demo", "mapfile.demo"};
static const char *path;

/* One page of dots, then TEXT. */
static bool fill_file(int fd)
{
    char dots[512];

    memset(dots, '.', sizeof(dots));
    for (size_t done = 0; done < PAGE_SIZE; done += sizeof(dots)) {
        if (write(fd, dots, sizeof(dots)) != (ssize_t)sizeof(dots))
            return false;
    }
    return write(fd, TEXT, sizeof(TEXT) - 1) == (ssize_t)sizeof(TEXT) - 1;
}

static int make_file(void)
{
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        int fd = open(paths[i], O_RDWR | O_CREAT | O_TRUNC, 0600);

        if (fd < 0)
            continue;
        path = paths[i];
        if (fill_file(fd))
            return fd;
        close(fd);
        unlink(path);
    }
    printf("  no file can be written here: %s\n", strerror(errno));
    return -1;
}

static char *map_second_page(int fd, int protection, int kind)
{
    char *page = mmap(NULL, PAGE_SIZE, protection, kind, fd, (off_t)PAGE_SIZE);

    if (page != MAP_FAILED)
        return page;
    printf("  mmap: %s\n", strerror(errno));
    return NULL;
}

/* What the file itself holds at the place that the mapping shows. */
static void show_file(int fd)
{
    char text[sizeof(TEXT)] = "";

    if (pread(fd, text, sizeof(TEXT) - 1, (off_t)PAGE_SIZE) < 0)
        printf("  pread: %s\n", strerror(errno));
    else
        printf("  the file holds:          \"%s\"\n", text);
}

static void show_page(const char *who, const char *page)
{
    printf("  %-24s \"%.*s\"\n", who, (int)sizeof(TEXT) - 1, page);
}

static void read_only(int fd)
{
    char *page = map_second_page(fd, PROT_READ, MAP_PRIVATE);
    struct map_row row;

    if (!page)
        return;
    if (look_row(page, &row))
        printf("  a row of %lu KiB, %s, named after the file: %s\n", (row.end - row.start) / KIB, row.perms,
               strstr(row.name, "mapfile.demo") ? "yes" : "NO");
    show_page("the mapping holds:", page);
    printf("  behind the end of the file the rest of its last page is zero: %s\n",
           page[sizeof(TEXT) - 1] == 0 && page[PAGE_SIZE - 1] == 0 ? "yes" : "NO");
    munmap(page, PAGE_SIZE);
}

static void write_word(void *page)
{
    memcpy(page, "THE CHILD", 9);
}

/* A child writes through the mapping; then this process and the file are looked at. */
static void written_by_child(int fd, int kind)
{
    char *page = map_second_page(fd, PROT_READ | PROT_WRITE, kind);
    struct verdict verdict;

    if (!page)
        return;
    (void)*(volatile char *)page;
    child_try(write_word, page, &verdict);
    printf("  a child writes THE CHILD: %s\n", verdict_text(&verdict));
    show_page("this process sees:", page);
    show_file(fd);
    munmap(page, PAGE_SIZE);
}

static void read_there(void *address)
{
    (void)*(volatile char *)address;
}

static void behind_the_end(int fd)
{
    char *pages = mmap(NULL, 3 * PAGE_SIZE, PROT_READ, MAP_PRIVATE, fd, 0);
    struct verdict verdict;

    if (pages == MAP_FAILED) {
        printf("  mmap: %s\n", strerror(errno));
        return;
    }
    child_try(read_there, pages + 2 * PAGE_SIZE, &verdict);
    printf("  three pages of a file of two: a child reads the third: %s\n", verdict_text(&verdict));
    munmap(pages, 3 * PAGE_SIZE);
}

int main(int argc, char **argv)
{
    int fd;

    demo_start(argc, argv, "a file as memory", "");
    putchar('\n');
    fd = make_file();
    if (fd < 0)
        return 0;
    printf("  a file of %zu bytes: one page of dots, then \"" TEXT "\"\n", FILE_BYTES);
    demo_head("the second page, read-only, private");
    read_only(fd);
    demo_head("private and writable: a copy on the first write");
    written_by_child(fd, MAP_PRIVATE);
    demo_head("shared and writable: the file itself");
    written_by_child(fd, MAP_SHARED);
    demo_head("behind the end of the file");
    behind_the_end(fd);
    close(fd);
    unlink(path);

    demo_article("mmap shows a part of a file (the offset counts in pages); shared writes reach the file.");
    demo_here("the private write stayed with the child that made it; what a shared write reached stands "
              "above.");
    demo_why("a file page lives once in memory. Shared mappings point to it; a private one does too "
             "until it is written, then gets a copy. A page that no byte of the file backs cannot be "
             "given: SIGBUS.");
    return 0;
}
