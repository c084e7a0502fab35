/* SPDX-License-Identifier: MIT */
/* panic.h - the end after a bug of the kernel itself: says all it knows and switches the machine off.
 *
 * panic() itself is declared in <assert.h>, because every assertion needs it. */
#ifndef FAULTLINE_LIB_PANIC_H
#define FAULTLINE_LIB_PANIC_H

#include <assert.h>
#include <types.h>
#include <x86/trapframe.h>

/* A panic with the registers of the code that trapped; for a page fault also the access and the page walk. */
_Noreturn void panic_trap(const struct trapframe *frame, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What higher layers add, if they have got as far as saying so: who runs ("pid 7 vmrss", into the buffer), and the walk
 * of the page tables for an address (to the log). Neither may take a lock. */
void panic_set_context(void (*describe)(char *buffer, size_t size));
void panic_set_page_walk(void (*walk)(uint64_t address));
/* Says what led to it: the last thing before the machine is switched off. */
void panic_set_history(void (*tell)(void));

#endif
