/* SPDX-License-Identifier: MIT */
/* library.h - one lock for all that the library keeps for the whole process and seldom touches: the environment, the functions of
 * atexit, the list of streams, the break, and where the vDSO's functions are.
 *
 * It is held for a few steps (at most a system call that does not wait), and under it no other lock is taken, malloc's neither:
 * so it may be wanted under any other. fork holds it, so that the child gets all of that whole.
 */
#pragma once

#include "owned.h"

extern struct owned_lock __library_lock;

/* Taken by the first thread that calls exit, and kept: all others wait there for the end. */
extern struct owned_lock __exit_lock;

#define LIBRARY_HOLD() OWNED_HOLD(&__library_lock)

/* Around the system call fork, when there are several threads. The child then has the library to itself, streams too. */
void library_fork_prepare(void);
void library_fork_parent(void);
void library_fork_child(void);
