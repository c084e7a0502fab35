/* SPDX-License-Identifier: MIT */
/* bins.h - the free chunks of the heap, sorted by size. See bins.c. */
#pragma once

#include "chunk.h"

/* => c is sealed as free and in no bin */
void bin_insert(struct chunk *c);
/* => c is in its bin; damaged links end the program */
void bin_remove(struct chunk *c);
/* The best free chunk of at least `size` bytes that a short search finds; it stays in its bin. NULL: none. */
struct chunk *bin_find(size_t size);
/* NULL, or which invariant is broken. Counts the chunks into *count. */
const char *bins_check(size_t *count);
