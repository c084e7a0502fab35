/* SPDX-License-Identifier: MIT */
/* userpath.h - a path that a program gives to a system call, and the directory that it begins at. */
#pragma once

#include <fs/node.h>
#include <types.h>

struct user_path {
    char *text;         /* NUL-terminated, in a buffer of PATH_LENGTH_MAX bytes that the call may use again */
    struct node *start; /* referenced; where a relative path begins */
};

/* `directory`: a descriptor or AT_FDCWD. => 0; -EFAULT, -ENAMETOOLONG, -ENOMEM; for a relative path -EBADF,
 * -ENOTDIR. */
int user_path_get(struct user_path *path, int directory, vaddr_t address);
void user_path_put(struct user_path *path);
/* It is let go of at the end of the block: `struct user_path path PATH_HELD = {0};`. */
#define PATH_HELD __attribute__((cleanup(user_path_put)))
/* The node that a call's path leads to. flags: AT_SYMLINK_NOFOLLOW; with AT_EMPTY_PATH an empty path is `directory` itself,
 * which may then be any file. => 0: *found referenced. */
int user_path_find(int directory, vaddr_t address, uint32_t flags, struct node **found);

/* What a call does with a file, however it was named; `to` and `value` are the call's own arguments. => its result */
typedef int64_t node_verb(struct node *node, uint64_t to, uint64_t value);

/* The verb, done to the node that user_path_find() finds; to that of a descriptor (`changes`: O_PATH is not enough). */
int64_t at_path(int directory, vaddr_t address, uint32_t flags, node_verb *verb, uint64_t to, uint64_t value);
int64_t at_descriptor(uint64_t fd, bool changes, node_verb *verb, uint64_t to, uint64_t value);
