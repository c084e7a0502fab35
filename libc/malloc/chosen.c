/* SPDX-License-Identifier: MIT */
/* chosen.c - malloc over an allocator with a table: classic, unless the build says `make MALLOC=...`, and one lock around it. */
#include "allocator.h"
#include "blocks.h"
#include "glue.h"
#include "interface.h"

#ifndef MALLOC_CHOSEN
#define MALLOC_CHOSEN allocator_classic
#endif

const struct allocator *allocator_chosen = &MALLOC_CHOSEN;

static void enter(uintptr_t site)
{
    glue_lock();
    allocator_site = site;
}

#define LOCKED(type, site, call)                                                                             \
    enter(site);                                                                                             \
    type result = call;                                                                                      \
    glue_unlock();                                                                                           \
    return result

void *block_new(size_t bytes, size_t alignment, bool zero, uintptr_t site)
{
    LOCKED(void *, site, allocator_chosen->take(bytes, alignment, zero));
}

void block_put(void *p, uintptr_t site)
{
    enter(site);
    allocator_chosen->give(p);
    glue_unlock();
}

void *block_fit(void *p, size_t bytes, uintptr_t site)
{
    LOCKED(void *, site, allocator_chosen->resize(p, bytes));
}

/* Looks at nothing before the allocator has judged p. */
struct heap_block block_look(const char *caller, const void *p)
{
    struct heap_block block = {.user = p};

    (void)caller;
    enter(0);
    block.usable = allocator_chosen->usable((void *)(uintptr_t)p);
    if (allocator_chosen->look && block.usable)
        allocator_chosen->look(p, &block);
    glue_unlock();
    return block;
}

int malloc_trim(size_t pad)
{
    LOCKED(bool, 0, allocator_chosen->trim && allocator_chosen->trim(pad));
}

int mallopt(int parameter, int value)
{
    LOCKED(bool, 0, allocator_chosen->set && allocator_chosen->set(parameter, value));
}

int heap_walk(int (*visit)(const struct heap_block *block, void *context), void *context)
{
    LOCKED(int, 0, allocator_chosen->walk ? allocator_chosen->walk(visit, context) : 0);
}

const char *heap_check(void)
{
    LOCKED(const char *, 0, allocator_chosen->check());
}

void *malloc(size_t bytes)
{
    return malloc_call(bytes, BLOCK_ALIGN, false, SITE);
}

void *calloc(size_t number, size_t bytes)
{
    size_t total;

    return __builtin_mul_overflow(number, bytes, &total) ? no_memory()
                                                         : malloc_call(total, BLOCK_ALIGN, true, SITE);
}

void free(void *p)
{
    free_call(p, SITE);
}

void free_sized(void *p, size_t bytes)
{
    free_said("free_sized", p, 1, bytes, SITE);
}

size_t malloc_usable_size(void *p)
{
    return p ? block_look("malloc_usable_size", p).usable : 0;
}

void *realloc(void *p, size_t bytes)
{
    return realloc_call(p, bytes, SITE);
}
