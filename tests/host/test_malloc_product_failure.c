/* SPDX-License-Identifier: MIT */
/* test_malloc_product_failure.c - malloc/failure.h with the product behind malloc. */
/* sources: libc/malloc/stats.c libc/malloc/words.c libc/malloc/site.c libc/malloc/product/api.c libc/malloc/product/cache.c
 * libc/malloc/product/check.c libc/malloc/product/guard.c libc/malloc/product/heap.c libc/malloc/product/large.c
 * libc/malloc/product/pool.c libc/malloc/product/report.c libc/malloc/product/slab.c libc/malloc/product/table.c
 * tests/host/malloc/child.c tests/host/malloc/glue_host.c */
/* flags: -DMALLOC_PREFIXED -pthread -fno-strict-aliasing
 * -I libc -I libc/malloc -I tests/host/malloc */
#include "failure.h"
