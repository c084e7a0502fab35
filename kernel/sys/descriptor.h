/* SPDX-License-Identifier: MIT */
/* descriptor.h - an open file becomes a descriptor of the caller's. */
#pragma once

#include <fs/file.h>
#include <types.h>

/* Takes over the reference, also when it fails. => the descriptor, -EMFILE, -ENOMEM. */
int descriptor_make(struct file *file, bool close_on_exec);
/* The same with two, whose numbers go to the user's memory; all is undone if one step fails. => 0, -errno. */
int descriptor_make_pair(struct file *const ends[2], bool close_on_exec, vaddr_t address);
