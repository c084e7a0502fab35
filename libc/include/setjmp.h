/* SPDX-License-Identifier: MIT */
/* <setjmp.h> - leaving several calls at once (libc/sys/setjmp.asm). */
#ifndef _SETJMP_H
#define _SETJMP_H

/* The eight registers that a call preserves, then whether and which signal mask was saved. */
typedef struct {
    unsigned long registers[8];
    long mask_saved;
    unsigned long mask;
} jmp_buf[1];
typedef jmp_buf sigjmp_buf;

int setjmp(jmp_buf environment) __attribute__((returns_twice));
int _setjmp(jmp_buf environment) __attribute__((returns_twice));
int sigsetjmp(sigjmp_buf environment, int save_mask) __attribute__((returns_twice));
void longjmp(jmp_buf environment, int value) __attribute__((noreturn));
void _longjmp(jmp_buf environment, int value) __attribute__((noreturn));
void siglongjmp(sigjmp_buf environment, int value) __attribute__((noreturn));

#endif
