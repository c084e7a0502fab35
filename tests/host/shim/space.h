/* SPDX-License-Identifier: MIT */
/* space.h - for host tests: address spaces on a machine with little RAM and a swap disk (disk.h), and the CPU that touches them. */
#pragma once

#include "disk.h"

#include <mm/aspace.h>

#define RAM (3 * MIB)
#define SLOTS 2000U                           /* each entry of all processes could have one */
#define MOST 8U                               /* frames in a transfer */
#define BASE (0x40000000UL - 150 * PAGE_SIZE) /* in page tables of two page directories */
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)
#define READ_WRITE (PROT_READ | PROT_WRITE)

struct CMUnitTest;

static inline vaddr_t address(uint64_t page)
{
    return BASE + page * PAGE_SIZE;
}

/* The machine, its disk and the file of source.h: once a process. */
void space_start(void);
/* Runs a test on a machine of its own: in a process that has still done nothing. => 0: passed */
int run_apart(const struct CMUnitTest *test, uint64_t seed);

/* What the MMU does: 0 and the place of the page's bytes if the entry allows the access, else the fault handler is asked, and frames are
 * reclaimed for it, as trap.c does. The page may leave again before the instruction is run again, if few others are left. */
int touch(struct aspace *aspace, vaddr_t va, enum access access, uint8_t **page);

/* An address space with one private region of so many pages at BASE. */
struct aspace *with_region(uint64_t pages);
/* A page's number, at a place that depends on the page. => as touch() */
int write_number(struct aspace *aspace, uint64_t i, uint64_t number);

/* Fails if an invariant of the address space, or of the frames, is broken. */
void check(struct aspace *aspace);
/* Fails unless every slot is led to by as many entries as it counts. */
void slots_compare(void);

/* What must be the same before and after. */
struct balance {
    uint64_t anon, tables, objects;
};
struct balance balance(void);
void assert_all_is_back(const struct balance *before);

uint64_t free_frames(void);
extern uint64_t fewest_frames; /* that were free when something was written to the disk */
