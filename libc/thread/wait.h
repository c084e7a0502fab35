/* SPDX-License-Identifier: MIT */
/* wait.h - see wait.c */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

/* Sleeps while *word is `value`, until it is woken, a signal's handler has run, or `clock` shows `deadline` (NULL: never). shared: other
 * processes may see the word, or the kernel wakes it. => 0, EAGAIN (another value), EINTR, ETIMEDOUT, EINVAL (no time) */
int word_wait_until(int *word, int value, clockid_t clock, const struct timespec *deadline, bool shared);

/* The same as a cancellation point. */
int word_wait_point(int *word, int value, clockid_t clock, const struct timespec *deadline, bool shared);
