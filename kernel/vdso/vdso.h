/* SPDX-License-Identifier: MIT */
/* vdso.h - [vvar] and [vdso]: the two regions that the kernel adds to every program, so that it can tell the time itself. */
#ifndef FAULTLINE_VDSO_VDSO_H
#define FAULTLINE_VDSO_VDSO_H

#include <mm/aspace.h>

/* The clock page becomes valid. After the clock and the battery clock. */
void vdso_init(void);
/* Real time was set: CLOCK_REALTIME is CLOCK_MONOTONIC plus `realtime` nanoseconds from now on. */
void vdso_set_realtime(uint64_t realtime);
/* Maps both as high as there is room. => 0: *image is the ELF header for AT_SYSINFO_EHDR; -ENOMEM. */
int vdso_map(struct aspace *aspace, vaddr_t *image);

#endif
