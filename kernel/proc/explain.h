/* SPDX-License-Identifier: MIT */
/* explain.h - a fault explains itself: Linux's own line first, then what, where, nearest region, history, likely cause, what to try. */
#pragma once

#include <types.h>

struct trapframe;
struct signal_info;

/* The current process is about to die of a fault at `address` (0 if the CPU told none). Writes to the kernel log. */
void explain_fault(const struct trapframe *frame, const struct signal_info *info);

/* For panic_hooks.context: "pid 7 vmrss". Takes no lock. */
void explain_context(char *buffer, size_t size);
