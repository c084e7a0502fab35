/* SPDX-License-Identifier: MIT */
/* <malloc.h> - what this malloc offers beyond the standard; the allocator itself is libc/malloc/. */
#ifndef _MALLOC_H
#define _MALLOC_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

size_t malloc_usable_size(void *pointer);
int malloc_trim(size_t keep);
int mallopt(int parameter, int value);
void malloc_stats(void);
int malloc_info(int options, FILE *stream);

/* Parameters of mallopt, numbered as glibc numbers them: programs are compiled against either. */
#define M_MXFAST 1
#define M_TRIM_THRESHOLD (-1)
#define M_TOP_PAD (-2)
#define M_MMAP_THRESHOLD (-3)
#define M_MMAP_MAX (-4)
#define M_CHECK_ACTION (-5)
#define M_PERTURB (-6)
#define M_ARENA_TEST (-7)
#define M_ARENA_MAX (-8)

struct mallinfo {
    int arena;
    int ordblks;
    int smblks;
    int hblks;
    int hblkhd;
    int usmblks;
    int fsmblks;
    int uordblks;
    int fordblks;
    int keepcost;
};

/* The same with fields that do not wrap at 2 GiB. */
struct mallinfo2 {
    size_t arena;   /* bytes got by brk */
    size_t ordblks; /* free chunks */
    size_t smblks;
    size_t hblks;  /* mappings */
    size_t hblkhd; /* bytes in mappings */
    size_t usmblks;
    size_t fsmblks;
    size_t uordblks; /* bytes in use */
    size_t fordblks; /* bytes free */
    size_t keepcost; /* bytes that malloc_trim could give back */
};

struct mallinfo mallinfo(void);
struct mallinfo2 mallinfo2(void);

#endif
