/* SPDX-License-Identifier: MIT */
/* vdso.h - the functions that the kernel puts into every program, so that it need not be entered for them. */
#pragma once

#include <sys/time.h>
#include <time.h>

/* All answer as the system call does: 0 or a negated error number. NULL: the kernel has none. */
struct vdso {
    int (*clock_gettime)(clockid_t, struct timespec *);
    int (*gettimeofday)(struct timeval *, void *);
    time_t (*time)(time_t *);
    long (*getcpu)(unsigned *cpu, unsigned *node, void *unused);
    unsigned (*trace_level)(void); /* Faultline's only: not 0 where somebody watches (watch.c) */
};

const struct vdso *vdso_functions(void);
