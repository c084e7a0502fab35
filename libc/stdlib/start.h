/* SPDX-License-Identifier: MIT */
/* start.h - the one function that crt0.asm calls. */
#ifndef CRT_START_H
#define CRT_START_H

/* stack: as the kernel left it, argc first. */
void libc_start(long *stack) __attribute__((noreturn));

#endif
