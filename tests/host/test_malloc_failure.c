/* SPDX-License-Identifier: MIT */
/* test_malloc_failure.c - malloc/failure.h with the allocators that have malloc.c in front. */
/* sources: libc/malloc/bump.c libc/malloc/list.c libc/malloc/chosen.c libc/malloc/shared.c libc/malloc/malloc.c libc/malloc/stats.c libc/malloc/words.c
 * libc/malloc/classic/check.c libc/malloc/classic/classic.c libc/malloc/classic/guard.c libc/malloc/classic/heap.c
 * libc/malloc/classic/large.c libc/malloc/classic/pool.c libc/malloc/classic/report.c libc/malloc/site.c tests/host/malloc/child.c tests/host/malloc/glue_host.c */
/* flags: -DMALLOC_PREFIXED -pthread -fno-strict-aliasing
 * -I libc -I libc/malloc -I tests/host/malloc */
#define SIMPLE_ONES
#include "failure.h"
