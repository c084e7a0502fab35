/* SPDX-License-Identifier: MIT */
/* test_malloc_product_model.c - the plans of malloc/model.h with the product behind malloc. */
/* sources: libc/malloc/malloc.c libc/malloc/stats.c libc/malloc/words.c libc/malloc/site.c libc/malloc/product/api.c
 * libc/malloc/product/cache.c libc/malloc/product/nothing.c libc/malloc/product/slab.c libc/malloc/product/table.c
 * libc/malloc/classic/check.c libc/malloc/classic/guard.c libc/malloc/classic/heap.c libc/malloc/classic/large.c
 * libc/malloc/classic/pool.c libc/malloc/classic/report.c tests/host/malloc/child.c tests/host/malloc/glue_host.c */
/* flags: -DMALLOC_PREFIXED -pthread -fno-strict-aliasing
 * -I libc -I libc/malloc -I tests/host/malloc */
#define MODEL_ALLOCATORS &allocator_malloc
#define IS_SLOW(a) false
#include "model.h"

const struct allocator *allocator_chosen;
