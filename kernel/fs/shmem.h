/* SPDX-License-Identifier: MIT */
/* shmem.h - shared memory without a name: what mmap(MAP_SHARED | MAP_ANONYMOUS) maps. */
#pragma once

#include <pagesrc.h>

/* An object of `pages` pages, all zero; frames come at the first touch. promise: they count in Committed_AS, all of them and from
 * now on. => 0 and one reference, -ENOMEM. */
int shmem_create(uint64_t pages, bool promise, struct pagesrc **source);
