/* SPDX-License-Identifier: MIT */
/* machine.c - see machine.h. What the kernel's portable parts need from below them, for a process on the host. */
#include "machine.h"

#include <mm/bootmem.h>
#include <mm/kmap.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <trace/ring.h>
#include <trace/trace.h>
#include <x86/cpu.h>

uint64_t shim_cr3;
unsigned long shim_flushes;

static pte_t *kernel_root;
static unsigned long countdown;
static bool failed;
static uint64_t random_state = 1;

void panic(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    abort();
}

void log_line(const char *format, ...);
void log_line(const char *format, ...)
{
    (void)format;
}

uint64_t clock_now(void);
uint64_t clock_now(void)
{
    static uint64_t now;
    return now++;
}

/* Nothing is traced. */
uint8_t trace_level;
uint32_t trace_generation;
struct ring trace_ring;

void trace_set_level(uint32_t level)
{
    (void)level;
}

void thread_before_user(uint32_t what)
{
    (void)what; /* nobody goes to ring 3 */
}

struct thread *current_thread(void)
{
    static struct thread thread;

    return &thread;
}

void trace_write(unsigned event, const void *payload, size_t size)
{
    (void)event;
    (void)payload;
    (void)size;
}

void trace_write_text(unsigned event, const void *payload, size_t size, const char *text)
{
    (void)text;
    trace_write(event, payload, size);
}

bool trace_wanted(void)
{
    return false;
}

void trace_fault_begin(vaddr_t va, uint32_t access_error, uint32_t cause)
{
    (void)va, (void)access_error, (void)cause;
}

void trace_fault_end(const struct trace_fault_end *end, uint32_t cause)
{
    (void)end, (void)cause;
}

void trace_populate(bool begins)
{
    (void)begins;
}

pte_t *kmap_root(void)
{
    return kernel_root;
}

paddr_t kmap_cr3(void)
{
    return virt_to_paddr(kernel_root);
}

static void arena(uint64_t address, uint64_t bytes)
{
    void *at = mmap((void *)address, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);

    if (at == MAP_FAILED)
        panic("no arena at %#lx", address);
}

void machine_start(uint64_t ram_bytes)
{
    bootmem = (struct bootmem){0};
    arena(DIRECT_MAP, ram_bytes);
    uint64_t array_bytes = page_ceil(frame_array_end(ram_bytes >> PAGE_SHIFT) * sizeof(struct page));
    arena(FRAME_ARRAY, array_bytes);
    memset((void *)FRAME_ARRAY, 6, array_bytes); /* old bytes, that would pass for free blocks of order 6 */
    bootmem_add_ram(0, ram_bytes);
    page_init();
    struct page *root = page_alloc_zeroed(PAGE_TABLE);
    kernel_root = page_to_virt(root);
    shim_cr3 = kmap_cr3();
}

void machine_fail_after(unsigned long allocations)
{
    countdown = allocations;
    failed = false;
}

bool machine_has_failed(void)
{
    return failed;
}

/* Once the countdown is over, every allocation fails until it is set anew. */
static bool fails_now(void)
{
    if (!failed && countdown > 0 && --countdown == 0)
        failed = true;
    return failed;
}

struct page *__real_page_alloc(enum page_owner owner);
struct page *__real_page_alloc_order(enum page_owner owner, unsigned order);
struct page *__real_page_alloc_zeroed(enum page_owner owner);
struct page *__wrap_page_alloc(enum page_owner owner);
struct page *__wrap_page_alloc_order(enum page_owner owner, unsigned order);
struct page *__wrap_page_alloc_zeroed(enum page_owner owner);

struct page *__wrap_page_alloc(enum page_owner owner)
{
    return fails_now() ? NULL : __real_page_alloc(owner);
}

struct page *__wrap_page_alloc_order(enum page_owner owner, unsigned order)
{
    return fails_now() ? NULL : __real_page_alloc_order(owner, order);
}

struct page *__wrap_page_alloc_zeroed(enum page_owner owner)
{
    return fails_now() ? NULL : __real_page_alloc_zeroed(owner);
}

uint64_t machine_frames_used(void)
{
    struct page_ledger ledger;

    page_ledger(&ledger);
    return ledger.total - ledger.frames[PAGE_FREE];
}

void machine_seed(uint64_t seed)
{
    random_state = seed * 2 + 1;
}

uint64_t machine_random(uint64_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % limit;
}
