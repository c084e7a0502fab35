/* SPDX-License-Identifier: MIT */
/* panic.h - the end after a bug of the kernel itself: says all it knows and switches the machine off.
 *
 * panic() itself is declared in <assert.h>, because every assertion needs it. */
#pragma once

#include <assert.h>
#include <types.h>
#include <x86/trapframe.h>

/* A panic with the registers of the code that trapped; for a page fault also the access and the page walk. */
_Noreturn void panic_trap(const struct trapframe *frame, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What higher layers add as the boot comes to them; NULL before. The first two take no lock. */
extern struct panic_hooks {
    void (*context)(char *buffer, size_t size); /* who runs ("pid 7 vmrss", into the buffer) */
    void (*page_walk)(uint64_t address);        /* the page tables for an address, to the log */
    void (*history)(void); /* what led to it: the last thing before the machine is switched off */
} panic_hooks;
