/* SPDX-License-Identifier: MIT */
/* exec.h - a program that is ready to run and belongs to nobody yet; for exec.c and start.c. */
#pragma once

#include <proc/elf.h>
#include <proc/process.h>
#include <types.h>

struct arguments;

struct program {
    struct aspace *aspace;
    struct node *node; /* a reference */
    struct elf elf;    /* until program_make() */
    vaddr_t entry;
    char name[PROCESS_NAME_SIZE];
};

/* Finds the file at `path` and reads its headers; the path is added to the arguments. => 0: program_make() comes next;
 * -ENOENT, -EACCES, -ENOEXEC, -E2BIG, -ENOMEM, ... : nothing is left over. */
int program_open(struct program *program, struct node *start, const char *path, struct arguments *arguments,
                 const struct rlimit64 *limits);
/* Maps it and makes its stack with the arguments. => 0: *program is the caller's; -errno: nothing is left over. */
int program_make(struct program *program, const struct arguments *arguments);
/* Makes it the program of the task's process, whose only thread that is; what the process had is the caller's business. `frame` is filled for the first
 * instruction. */
void program_adopt(struct task *task, struct program *program, struct trapframe *frame);
