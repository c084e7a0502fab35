/* SPDX-License-Identifier: MIT */
/* cpio.h - unpacks archives in cpio's newc format. */
#pragma once

#include <types.h>

struct node;

/* Unpacks one archive after the other below `root`. => 0; -EINVAL: the archive is not sound; another -errno:
 * the tree could not be made. In both cases one line in the log says at which entry and why, and what came
 * before it has been unpacked. */
int cpio_unpack(struct node *root, const void *archive, size_t size);
