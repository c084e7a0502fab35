/* SPDX-License-Identifier: MIT */
/* <sys/ucontext.h> - the registers that a signal handler finds, in the names that programs use.
 *
 * The layout is that of the kernel's struct ucontext and sigcontext (<asm/ucontext.h>), which
 * libc/sys/signal.c checks; that header itself names the registers one by one, while programs say
 * uc_mcontext.gregs[REG_RIP]. */
#ifndef _SYS_UCONTEXT_H
#define _SYS_UCONTEXT_H

#include <signal.h>

typedef long long greg_t;
#define NGREG 23
typedef greg_t gregset_t[NGREG];

enum {
    REG_R8,
    REG_R9,
    REG_R10,
    REG_R11,
    REG_R12,
    REG_R13,
    REG_R14,
    REG_R15,
    REG_RDI,
    REG_RSI,
    REG_RBP,
    REG_RBX,
    REG_RDX,
    REG_RAX,
    REG_RCX,
    REG_RSP,
    REG_RIP,
    REG_EFL,
    REG_CSGSFS, /* four 16-bit selectors: cs, gs, fs, ss */
    REG_ERR,
    REG_TRAPNO,
    REG_OLDMASK,
    REG_CR2,
};

/* Macros too, so that a program can ask with #ifdef. */
#define REG_RIP REG_RIP
#define REG_RSP REG_RSP
#define REG_RBP REG_RBP
#define REG_ERR REG_ERR
#define REG_TRAPNO REG_TRAPNO
#define REG_CR2 REG_CR2

typedef struct {
    gregset_t gregs;
    void *fpregs;
    unsigned long long reserved[8];
} mcontext_t;

typedef struct ucontext_t {
    unsigned long uc_flags;
    struct ucontext_t *uc_link;
    stack_t uc_stack;
    mcontext_t uc_mcontext;
    sigset_t uc_sigmask;
} ucontext_t;

#endif
