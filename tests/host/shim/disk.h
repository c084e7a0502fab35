/* SPDX-License-Identifier: MIT */
/* disk.h - for host tests: a swap disk in this process's memory. It refuses on demand, and spoils what it refused to move. */
#pragma once

#include <blkdev.h>
#include <types.h>

/* An empty disk with the header that mkswap writes: slots 1 to `last_slot`; `most` frames at once. Replaces the one before. */
struct blkdev *disk_make(uint32_t last_slot, unsigned most);
/* The bytes of a slot; 0: the header. */
uint8_t *disk_slot(uint32_t slot);

/* What the test asks for, and what has happened since disk_make(). */
struct disk {
    bool no_reads, no_writes; /* all are refused */
    uint32_t bad_slot;        /* a transfer that touches it is refused; 0: none */
    uint64_t reads, writes;   /* transfers that were done */
    uint64_t refused;         /* transfers that were not */
};
extern struct disk disk;
