/* SPDX-License-Identifier: MIT */
/* blkdev.h - a disk moves frames: the interface between swap (mm/) and whatever drives the disk (dev/).
 *
 * Declared low, filled high: mm/swap.c calls `transfer` and knows no driver. */
#pragma once

#include <types.h>

#define SECTOR_SIZE 512UL

struct blkdev {
    const char *name; /* of its node in /dev: "vda" */
    uint64_t sectors; /* of SECTOR_SIZE bytes */
    unsigned most;    /* frames that one transfer can move */
    /* Moves `count` whole frames (at most `most`), in their order, to or from the sectors from `sector` on. Does not sleep: on return all is
     * done. => 0; -EIO: the disk refused, and what is on it, or in the frames, is not known. */
    int (*transfer)(struct blkdev *disk, bool write, uint64_t sector, const uint32_t *pfns, unsigned count);
};
