/* SPDX-License-Identifier: MIT */
/* types.h - the words of DESIGN section 2 as C types, and the few macros that every layer needs.
 *
 * vaddr_t, paddr_t and pfn_t are all 64-bit numbers; the names say which space a number lives in. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t vaddr_t; /* a virtual address, user or kernel */
typedef uint64_t paddr_t; /* a physical address */
typedef uint64_t pfn_t;   /* a frame's number: paddr >> PAGE_SHIFT */

typedef int64_t ssize_t;
typedef int64_t off_t;

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096UL
#define PAGE_MASK (~(PAGE_SIZE - 1))

#define KIB 1024UL
#define MIB (1024UL * KIB)
#define GIB (1024UL * MIB)

static inline uint64_t page_floor(uint64_t address)
{
    return address & PAGE_MASK;
}

/* Wraps to 0 within the last page of the address space: callers check sizes first. */
static inline uint64_t page_ceil(uint64_t address)
{
    return (address + PAGE_SIZE - 1) & PAGE_MASK;
}

static inline bool page_aligned(uint64_t address)
{
    return (address & (PAGE_SIZE - 1)) == 0;
}

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define CONTAINER_OF(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline)) /* what is rare must not take registers of its caller */
