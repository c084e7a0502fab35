/* SPDX-License-Identifier: MIT */
/* crash.c - the kernel breaks on purpose (command line: panic=KIND), so that each protection and the panic itself can be seen
 * and tested. The idea is Linux's LKDTM.
 *
 *   test      a write to an address that nothing maps        stack     recursion into the guard page: a double fault
 *   text      a write to the kernel's code (W^X)             data      a call of the kernel's data (NX)
 *   user      a read of user memory without stac (SMAP)      userexec  a call of user memory (SMEP, NX)
 *   null      a field behind a pointer that is NULL          frame     a frame that no RAM has, in the direct map
 *   garbage   an address that is not canonical
 *
 * It runs on the boot stack after pid 1 was made, so that there is user memory to reach for. */
#include <crash.h>

#include <arch/x86/bootinfo.h>
#include <mm/aspace.h>
#include <mm/layout.h>
#include <proc/process.h>
#include <string.h>
#include <x86/cpu.h>

#define UNMAPPED 0xffff800041400000UL /* in the kernel half, below the direct map */

static volatile uint8_t some_data = 0xc3; /* `ret` */

static void call(vaddr_t address)
{
    ((void (*)(void))address)();
}

static void read_byte(vaddr_t address)
{
    __asm__ volatile("movb (%0), %%al" : : "r"(address) : "rax", "memory");
}

/* Not a tail call, and not to be optimised away. */
static __attribute__((noinline)) int recurse(int depth)
{
    volatile char room[512];

    room[0] = (char)depth;
    return depth < 0 ? room[0] : recurse(depth + 1) + room[0];
}

void crash_on_purpose(void)
{
    const struct process *init = process_find(1);
    char kind[16];

    if (!boot_option("panic", kind, sizeof(kind)))
        return;
    cpu_write_cr3(process_main(init)->thread.cr3);
    if (strcmp(kind, "test") == 0)
        *(volatile int *)UNMAPPED = 1;
    if (strcmp(kind, "null") == 0)
        read_byte(8);
    if (strcmp(kind, "frame") == 0)
        read_byte(DIRECT_MAP + (1UL << 44));
    if (strcmp(kind, "garbage") == 0)
        read_byte(0x6f77206f6c6c6568UL);
    if (strcmp(kind, "stack") == 0)
        recurse(0);
    if (strcmp(kind, "text") == 0)
        *(volatile uint8_t *)crash_on_purpose = 0;
    if (strcmp(kind, "data") == 0)
        call((vaddr_t)&some_data);
    if (strcmp(kind, "user") == 0)
        read_byte(init->aspace->stack_start);
    if (strcmp(kind, "userexec") == 0)
        call(init->aspace->stack_start);
    panic("panic=%s: no such kind, or the CPU does not protect against it", kind);
}
