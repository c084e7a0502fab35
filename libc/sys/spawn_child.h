/* SPDX-License-Identifier: MIT */
/* spawn_child.h - what the child of posix_spawn does before it is another program (spawn.c); for the files of libc only.
 *
 * It has its parent's memory, its thread's variables too, and stands still in no cancellation point. Both => 0 or -E... */
#pragma once

#include <spawn.h>

/* All that was asked for but the mask: until the program begins no signal may arrive. */
long spawn_attributes_apply(const posix_spawnattr_t *attributes);

/* In their order, up to the first that fails. */
long spawn_actions_perform(const posix_spawn_file_actions_t *actions);
