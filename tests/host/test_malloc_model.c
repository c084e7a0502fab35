/* SPDX-License-Identifier: MIT */
/* test_malloc_model.c - the plans of malloc/model.h with each allocator that has malloc.c in front. */
/* sources: libc/malloc/bump.c libc/malloc/list.c libc/malloc/chosen.c libc/malloc/shared.c libc/malloc/malloc.c libc/malloc/stats.c libc/malloc/words.c
 * libc/malloc/classic/check.c libc/malloc/classic/classic.c libc/malloc/classic/guard.c libc/malloc/classic/heap.c
 * libc/malloc/classic/large.c libc/malloc/classic/pool.c libc/malloc/classic/report.c libc/malloc/site.c tests/host/malloc/child.c tests/host/malloc/glue_host.c */
/* flags: -DMALLOC_PREFIXED -pthread -fno-strict-aliasing
 * -I libc -I libc/malloc -I tests/host/malloc */
#define MODEL_ALLOCATORS                                                                                     \
    &allocator_bump, &allocator_implicit, &allocator_first, &allocator_list, &allocator_classic
#define IS_SLOW(a) ((a) != &allocator_classic)
#include "model.h"
