/* SPDX-License-Identifier: MIT */
/* vdso.h - [vvar] and [vdso]: the two regions that the kernel adds to every program, so that it can tell the time itself. */
#pragma once

#include <mm/aspace.h>

/* Writes what the clocks now say to the page that every process reads: at boot, and when real time was set. */
void vdso_update(void);
/* Maps both as high as there is room. => 0: *image is the ELF header for AT_SYSINFO_EHDR; -ENOMEM. */
int vdso_map(struct aspace *aspace, vaddr_t *image);
