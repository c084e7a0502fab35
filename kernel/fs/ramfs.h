/* SPDX-License-Identifier: MIT */
/* ramfs.h - the file system that lives in memory: the root, its directories, files, links and device
 * nodes. */
#pragma once

#include <fs/device.h>
#include <fs/node.h>

/* An empty file system's root directory, referenced. => NULL when memory is short. */
struct node *ramfs_create(void);
/* A device node in a directory of a ramfs. => 0, -EEXIST, -ENOMEM. */
int ramfs_add_device(struct node *directory, const struct device *device);
/* A regular file in no tree that may be sealed, for memfd_create. shown: what /proc calls it. => referenced; NULL when memory is short. */
struct node *ramfs_memory_file(const char *shown);

/* Walks all nodes of all ramfs. => NULL, or the name of the broken invariant. */
const char *ramfs_check(void);
