/* SPDX-License-Identifier: MIT */
/* usersym.h - names and lines of a user program, for reports about it. */
#pragma once

#include <lib/symtab.h>
#include <types.h>

struct process;
struct trapframe;

struct usersym {
    struct symtab table; /* size 0: the program has no symbols here, every lookup fails */
    void *blob;
};

/* Reads /lib/debug<path of the executable>.sym. Never fails: without it there are no names. */
void usersym_open(struct usersym *symbols, struct process *process);
void usersym_close(struct usersym *symbols);

/* The same of addresses that were noted before: an instruction, then return addresses, up to the first 0. */
void usersym_chain(const struct usersym *symbols, const vaddr_t *addresses, unsigned count, char *buffer,
                   size_t size);

/* The current program's callers, innermost first, in one line: "main+0x4c (demo.c:21) <- _start+0x1f". */
void usersym_backtrace(const struct usersym *symbols, struct process *process, const struct trapframe *frame,
                       char *buffer, size_t size);
