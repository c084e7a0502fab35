/* SPDX-License-Identifier: MIT */
/* commit.h - how much memory may be promised: overcommit modes 0, 1 and 2 as /proc/sys/vm/overcommit_memory names them. */
#pragma once

#include <types.h>

enum commit_mode {
    COMMIT_HEURISTIC, /* 0: refuse only what one call could never get: more than all RAM and swap */
    COMMIT_ALWAYS,    /* 1: promise whatever is asked for; the default here */
    COMMIT_NEVER      /* 2: no more promises than CommitLimit */
};

/* /proc/sys/vm/overcommit_* and user_reserve_kbytes. */
struct commit_settings {
    uint64_t mode, ratio /* per cent of RAM; all of the swap is added */,
        kbytes /* not 0: instead of ratio */, user_reserve_kbytes;
};
extern struct commit_settings commit_settings;

/* May so many pages more be promised to an address space that has `total` pages? Always at once: nothing is reserved. */
bool commit_allows_within_limit(uint64_t pages, uint64_t total);
static inline bool commit_allows(uint64_t pages, uint64_t total)
{
    return likely(commit_settings.mode == COMMIT_ALWAYS) || commit_allows_within_limit(pages, total);
}

extern uint64_t commit_sum; /* pages; only for these two */
/* The promise is made (negative: taken back). */
static inline void commit_charge(int64_t pages)
{
    __atomic_add_fetch(&commit_sum, (uint64_t)pages, __ATOMIC_RELAXED);
}
/* => pages: Committed_AS */
static inline uint64_t commit_total(void)
{
    return __atomic_load_n(&commit_sum, __ATOMIC_RELAXED);
}

uint64_t commit_ram(void);   /* pages: all RAM but firmware, image and frame array: MemTotal */
uint64_t commit_limit(void); /* pages: CommitLimit */
