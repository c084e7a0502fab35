/* SPDX-License-Identifier: MIT */
/* backtrace.h - where the kernel stands and who called, to the log. */
#ifndef FAULTLINE_LIB_BACKTRACE_H
#define FAULTLINE_LIB_BACKTRACE_H

#include <types.h>

/* rip 0: begin with the callers. rbp: the frame pointer to start from. */
void backtrace(uint64_t rip, uint64_t rbp);

#endif
