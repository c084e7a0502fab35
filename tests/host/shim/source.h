/* SPDX-License-Identifier: MIT */
/* source.h - for host tests: a file of FILE_PAGES pages in memory, page n filled with file_byte(n). */
#pragma once

#include <pagesrc.h>
#include <types.h>

#define FILE_PAGES 20UL

extern struct pagesrc file;
extern struct page *file_frames[FILE_PAGES];

static inline uint8_t file_byte(uint64_t page)
{
    return (uint8_t)(0x80 + page);
}

/* Takes its frames: after machine_start(). */
void file_make(void);
