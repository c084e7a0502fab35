/* SPDX-License-Identifier: MIT */
/* backtrace.h - where the kernel stands and who called, to the log. */
#pragma once

#include <types.h>

/* rip 0: begin with the callers. rbp: the frame pointer to start from. */
void backtrace(uint64_t rip, uint64_t rbp);
