/* SPDX-License-Identifier: MIT */
/* cause.h - what is known about a fault, and the guess at its cause. */
#pragma once

#include <mm/aspace.h>
#include <proc/signal.h>
#include <types.h>
#include <x86/trapframe.h>

struct process;

#define REGION_NAME_SIZE 64

/* A region, copied while the address space was locked. end 0: there is none. */
struct region {
    vaddr_t start, end;
    uint32_t flags;
    bool file;
    char name[REGION_NAME_SIZE];
};

#define CODE_BYTES 15 /* the longest instruction */

struct fault_facts {
    const struct trapframe *frame;
    const struct signal_info *info;
    bool page_fault; /* else the CPU told no address */
    bool no_frame;   /* no exception at all: a signal's frame does not fit on the stack */
    struct region here, below, above, code, stack;
    bool disk_failed; /* its page is swapped, and could not be read */
    bool known;       /* it was unmapped lately: */
    struct unmapped_range history;
    uint64_t history_age_ns;
    vaddr_t heap_start, heap_end;
    uint64_t stack_limit;
    uint8_t bytes[CODE_BYTES]; /* at rip */
    size_t bytes_known;
    uint64_t stack_top; /* the word at rsp; 0: cannot be read */
    bool chinese;       /* the program's language */
};

/* Collects them; takes and releases the address space's lock. */
void cause_collect(struct fault_facts *facts, struct process *process, const struct trapframe *frame,
                   const struct signal_info *info);

/* A guess is never certain: it comes with a reason and a word for how sure it is. */
struct cause {
    const char *what, *confidence;
    char reason[200];
    const char *advice;
};
void cause_guess(const struct fault_facts *facts, struct cause *cause);
