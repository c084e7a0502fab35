/* SPDX-License-Identifier: MIT */
/* slot.h - the swap disk's pages: which are taken, and by how many entries. */
#pragma once

#include <types.h>

/* Slots [1, count) can be had from now on; slot 0 is the disk's own header, and says "none". As many as one block of frames can count
 * (2 097 152: 8 GiB). => how many there are; 0: no memory. */
uint32_t slots_begin(uint32_t count);

/* A slot that one entry leads to; near the one before, so that what is written together lies together. => 0: all are taken. */
uint32_t slot_alloc(void);
/* One more entry leads to it (fork). => false: no more can be counted. */
bool slot_get(uint32_t slot);
/* One less; the last one frees it. */
void slot_put(uint32_t slot);
/* How many entries lead to it; 0: it is free, or there is no such slot. */
uint32_t slot_shares(uint32_t slot);

struct slot_count {
    uint64_t total, taken; /* slots; without the disk's header */
};
struct slot_count slots_count(void);
