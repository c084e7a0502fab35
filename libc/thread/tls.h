/* SPDX-License-Identifier: MIT */
/* tls.h - see tls.c */
#pragma once

#include "thread.h"

/* The first thread's; false: no memory for them, or no FS base. errno is there only afterwards. */
bool tls_start(void);

/* How many zero bytes tls_place needs below `end`. */
size_t tls_size(void);
struct thread *tls_place(void *end);

/* The lowest byte that belongs to a thread's variables: its stack may lie below. */
void *tls_begin(const struct thread *thread);
