/* SPDX-License-Identifier: MIT */
/* sigframe.h - what lies on the user's stack while a signal handler runs, as Linux's x86-64 ABI has it. See
 * sigframe.c. */
#pragma once

#include <types.h>

struct siginfo; /* <asm-generic/siginfo.h> */
struct trapframe;

/* The alternate stack of sigaltstack(2). size 0: none. */
struct sigframe_stack {
    vaddr_t base;
    uint64_t size;
    bool disarm; /* SS_AUTODISARM */
};

struct sigframe_request {
    vaddr_t handler;
    vaddr_t restorer; /* the handler returns there; it calls rt_sigreturn */
    const struct siginfo *info;
    uint64_t blocked; /* to be blocked again after the handler */
    struct sigframe_stack stack;
    bool use_stack;                      /* SA_ONSTACK */
    uint64_t trap, error, fault_address; /* of the last fault */
};

/* Does rsp lie on the alternate stack? */
bool sigframe_on_stack(const struct sigframe_stack *stack, uint64_t rsp);
/* SS_ONSTACK, SS_DISABLE or 0, as sigaltstack(2) tells. */
int sigframe_stack_flags(const struct sigframe_stack *stack, uint64_t rsp);

/* Saves registers and FPU on the user's stack and turns `frame` into the handler's first instruction.
 * => -EFAULT: the stack cannot take it (part of it may have been written; `frame` is untouched). */
int sigframe_push(struct trapframe *frame, const struct sigframe_request *request);
/* rt_sigreturn: takes registers and FPU back from the user's stack. Only user registers are believed, no
 * selector, no privileged flag. The set to block and the alternate stack (base, size, flags) are for the
 * caller to act on. => -EFAULT: no such frame, or one that no program could run with. */
int sigframe_pop(struct trapframe *frame, uint64_t *blocked, struct sigframe_stack *stack);
