/* SPDX-License-Identifier: MIT */
/* data.h - the page [vvar]: what the vDSO needs to know to tell the time. The kernel writes it (vdso.c), every process
 * reads it; both sides include this file.
 *
 * A seqlock: `sequence` is odd while the kernel writes. A reader that saw an odd number, or another one after reading than
 * before, reads again. So no reader ever waits for a lock, and none sees half of a change. */
#pragma once

#include <arch/x86/clock.h>

#define VVAR_PAGES 4 /* the sizes of Linux 6.1; of the four, the first is there and the others are SIGBUS */
#define VDSO_PAGES 2

struct vdso_data {
    uint32_t sequence;
    uint8_t trace_level;      /* of the event stream (trace/) */
    bool has_rdtscp;          /* and TSC_AUX holds the CPU's number */
    struct clock_scale scale; /* TSC ticks -> CLOCK_MONOTONIC */
    uint64_t realtime;        /* nanoseconds by which CLOCK_REALTIME is ahead */
};
