/* SPDX-License-Identifier: MIT */
/* arguments.h - what execve takes over: the strings of argv and envp, packed as they will stand on the new
 * stack. */
#pragma once

#include <mm/aspace.h>
#include <mm/chain.h>
#include <types.h>

struct arguments {
    unsigned argc, envc;
    struct page_chain strings; /* argv's, then envp's, then the program's path, each with its NUL */
    struct page_chain offsets; /* of each string within `strings`: uint32_t */
    size_t environment;        /* where envp's begin */
    size_t path;               /* where the program's path stands */
    size_t limit;              /* bytes for strings and pointers, by RLIMIT_STACK */
};

/* All return 0, -E2BIG, -ENOMEM, -EFAULT; after an error call arguments_free() too. stack_limit: RLIMIT_STACK
 * in bytes. */
int arguments_from_user(struct arguments *arguments, uint64_t stack_limit, vaddr_t argv, vaddr_t envp);
int arguments_from_kernel(struct arguments *arguments, uint64_t stack_limit, char *const argv[],
                          char *const envp[]);
int arguments_set_path(struct arguments *arguments, const char *path);
/* argv for the interpreter of a script: interpreter, argument (NULL: none) and script take the place of argv[0]. After
 * arguments_set_path(). */
int arguments_for_script(struct arguments *arguments, const char *interpreter, const char *argument,
                         const char *script);
void arguments_free(struct arguments *arguments);

/* Copies the strings to `to`. => 0, -ENOMEM. */
int arguments_copy_strings(const struct arguments *arguments, struct aspace *aspace, vaddr_t to);

/* Reads the offsets one after the other. */
struct offset_reader {
    struct page *page;
    size_t position;
};
static inline struct offset_reader arguments_offsets(const struct arguments *arguments)
{
    return (struct offset_reader){.page = arguments->offsets.first};
}
uint32_t arguments_next_offset(struct offset_reader *reader);
