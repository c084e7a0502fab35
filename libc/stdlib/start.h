/* SPDX-License-Identifier: MIT */
/* start.h - the one function that crt0.asm calls. */
#pragma once

#include <stdbool.h>

/* stack: as the kernel left it, argc first. */
void __libc_start(long *stack) __attribute__((noreturn));

/* The first thread's `_Thread_local` variables; false: no memory for them, or no FS base. */
bool tls_start(void);
