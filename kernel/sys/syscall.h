/* SPDX-License-Identifier: MIT */
/* syscall.h - system calls: copy in, check, ONE verb of a lower layer, copy out.
 *
 * A call gets the whole register frame; its arguments are in rdi, rsi, rdx, r10, r8, r9 (the x86-64 ABI, section A.2).
 * It returns a value or -errno, which the entry puts into rax. */
#pragma once

#include <types.h>
#include <x86/trapframe.h>

typedef int64_t syscall_function(struct trapframe *frame);

/* Called by entry.asm, through syscall_way, with interrupts off; it puts the result into rax. */
syscall_function syscall_entry;
extern syscall_function *syscall_way; /* leads to syscall_watched where somebody watches */

/* The registers of a frame that entry.asm leaves out (trapframe.h) are put there first; then it is sys_fork() and so on. */
syscall_function fork_whole_frame, vfork_whole_frame, clone_whole_frame, sigreturn_whole_frame,
    watched_whole_frame;
syscall_function syscall_watched;

#define ARG0(frame) ((frame)->rdi)
#define ARG1(frame) ((frame)->rsi)
#define ARG2(frame) ((frame)->rdx)
#define ARG3(frame) ((frame)->r10)
#define ARG4(frame) ((frame)->r8)
#define ARG5(frame) ((frame)->r9)
