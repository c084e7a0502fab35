/* SPDX-License-Identifier: MIT */
/* leave.h - see leave.asm */
#pragma once

#include <asm/unistd.h>
#include <stddef.h>

/* Unmaps the memory on whose stack it runs, and ends this thread. => all signals are held back */
void thread_leave(void *area, size_t size) __attribute__((noreturn));

_Static_assert(__NR_munmap == 11 && __NR_exit == 60, "NR_MUNMAP, NR_EXIT in leave.asm");
