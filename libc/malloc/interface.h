/* SPDX-License-Identifier: MIT */
/* interface.h - the functions that programs call, as <stdlib.h> and <malloc.h> declare them.
 *
 * Declared once more so that these files compile in every home, also where names.h gives them a prefix.
 * => a pointer given to free, realloc, malloc_usable_size is NULL or one that the program has; anything else
 * ends the program with a message.
 */
#pragma once

#include <malloc.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "names.h"

void *malloc(size_t bytes);
void *calloc(size_t number, size_t bytes);
void *realloc(void *p, size_t bytes);
void *reallocarray(void *p, size_t number, size_t bytes);
void free(void *p);

void *aligned_alloc(size_t alignment, size_t bytes);
void *memalign(size_t alignment, size_t bytes);
int posix_memalign(void **result, size_t alignment, size_t bytes);
void *valloc(size_t bytes);
void *pvalloc(size_t bytes);

void free_sized(void *p, size_t bytes);
void free_aligned_sized(void *p, size_t alignment, size_t bytes);

size_t malloc_usable_size(void *p);
int malloc_trim(size_t pad);
int mallopt(int parameter, int value);
void malloc_stats(void);
int malloc_info(int options, FILE *stream);
struct mallinfo mallinfo(void);
struct mallinfo2 mallinfo2(void);
