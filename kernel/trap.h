/* SPDX-License-Identifier: MIT */
/* trap.h - what arch/x86/entry.asm calls. */
#pragma once

#include <x86/trapframe.h>

/* An exception or interrupt; interrupts are off. */
void trap(struct trapframe *frame);
void trap_several(struct trapframe *frame);
/* The function that entry.asm calls: one of the two. */
extern void (*trap_way)(struct trapframe *frame);
/* The thread has work to do (thread->pending) before it goes back to ring 3. */
void trap_before_user(struct trapframe *frame);
