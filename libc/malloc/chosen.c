/* SPDX-License-Identifier: MIT */
/* chosen.c - which allocator stands behind malloc: classic, unless the build says `make MALLOC=...`. */
#include "allocator.h"

#ifndef MALLOC_CHOSEN
#define MALLOC_CHOSEN allocator_classic
#endif

const struct allocator *allocator_chosen = &MALLOC_CHOSEN;
