/* SPDX-License-Identifier: MIT */
/* start.h - the one function that crt0.asm calls. */
#pragma once

/* stack: as the kernel left it, argc first. */
void __libc_start(long *stack) __attribute__((noreturn));
