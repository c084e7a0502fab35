/* SPDX-License-Identifier: MIT */
/* exec.h - a program that is ready to run and belongs to nobody yet; for exec.c and start.c. */
#ifndef FAULTLINE_PROC_EXEC_H
#define FAULTLINE_PROC_EXEC_H

#include <proc/process.h>
#include <types.h>

struct arguments;


struct program {
    struct aspace *aspace;
    struct node *node; /* a reference */
    vaddr_t entry;
    char name[PROCESS_NAME_SIZE];
};

/* Maps the file at `path`, makes its stack with the arguments (the path is added to them). => 0: *program is
 * the caller's; -ENOENT, -EACCES, -ENOEXEC, -E2BIG, -ENOMEM, ... : nothing is left over. */
int program_build(struct program *program, struct node *start, const char *path, struct arguments *arguments,
                  const struct rlimit64 *limits);
/* Makes it the program of the task's process, whose only thread that is; what the process had is the caller's business. `frame` is filled for the first
 * instruction. */
void program_adopt(struct task *task, struct program *program, struct trapframe *frame);

#endif
