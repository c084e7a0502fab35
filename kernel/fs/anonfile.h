/* SPDX-License-Identifier: MIT */
/* anonfile.h - open files that no path leads to: event counters, epolls, sockets. */
#pragma once

#include <fs/file.h>

/* name: what /proc/<pid>/fd shows; a %lu in it becomes the inode. mode: of its own node, which nobody can open again.
 * flags: O_NONBLOCK and the access mode. => 0; -ENOMEM: `private` stays the caller's. */
int anonfile_create(const char *name, uint32_t mode, const struct file_ops *ops, void *private,
                    uint32_t flags, struct file **file);
