/* SPDX-License-Identifier: MIT */
/* source.c - see source.h. The last reference to the file is the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "source.h"

#include <asm-generic/errno.h>
#include <mm/page.h>

struct page *file_frames[FILE_PAGES];

static int file_page(struct pagesrc *source, uint64_t index, struct page **page)
{
    (void)source;
    if (index >= FILE_PAGES)
        return -EIO;
    page_get(file_frames[index]);
    *page = file_frames[index];
    return 0;
}

static struct page *file_resident(struct pagesrc *source, uint64_t index)
{
    (void)source;
    return index < FILE_PAGES ? file_frames[index] : NULL;
}

static void file_name(struct pagesrc *source, char *buffer, size_t size)
{
    (void)source;
    (void)size;
    strcpy(buffer, "/file");
}

static void file_release(struct pagesrc *source)
{
    (void)source;
    fail_msg("the file's last reference is the test's own");
}

static const struct pagesrc_ops file_ops = {file_page, file_resident, file_name, file_release};
struct pagesrc file = {.ops = &file_ops, .refs = 1};

void file_make(void)
{
    for (uint64_t i = 0; i < FILE_PAGES; i++) {
        file_frames[i] = page_alloc(PAGE_FILE);
        memset(page_to_virt(file_frames[i]), file_byte(i), PAGE_SIZE);
    }
}
