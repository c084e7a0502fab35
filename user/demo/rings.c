/* SPDX-License-Identifier: MIT */
/* rings - what a program in ring 3 may not do.
 *
 * Each act is done in a child of its own: privileged instructions, memory of the kernel, writing to its own
 * text, executing data. The CPU refuses each with an exception, #GP or #PF; the kernel turns that into a
 * signal; only that child dies. #GP carries no address: si_code is SI_KERNEL and si_addr 0. */
#include <stdint.h>
#include <stdio.h>

#include "lib/child.h"
#include "lib/demo.h"

#define KERNEL_TEXT 0xffffffff80000000UL
#define KERNEL_MEMORY 0xffff888000000000UL
#define NOT_AN_ADDRESS 0x8000000000000000UL /* bits 63-47 differ: no x86-64 CPU takes it */

/* A page of data that holds one instruction, `ret`. */
static char data_page[PAGE_SIZE] __attribute__((aligned(4096))) = {(char)0xc3};

static void do_cli(void *unused)
{
    (void)unused;
    __asm__ volatile("cli");
}

static void do_hlt(void *unused)
{
    (void)unused;
    __asm__ volatile("hlt");
}

static void do_in(void *unused)
{
    unsigned char byte;

    (void)unused;
    __asm__ volatile("inb $0x60, %0" : "=a"(byte));
}

static void do_out(void *unused)
{
    (void)unused;
    __asm__ volatile("outb %0, $0x80" : : "a"((unsigned char)0));
}

static void do_rdmsr(void *unused)
{
    unsigned low, high;

    (void)unused;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0xc0000080));
}

static void do_mov_cr3(void *unused)
{
    unsigned long tables;

    (void)unused;
    __asm__ volatile("movq %%cr3, %0" : "=r"(tables));
}

static void do_lgdt(void *table)
{
    __asm__ volatile("lgdt (%0)" : : "r"(table));
}

static void do_read(void *address)
{
    (void)*(volatile char *)address;
}

static void do_write(void *address)
{
    *(volatile char *)address = 1;
}

static void do_jump(void *address)
{
    ((void (*)(void))(uintptr_t)address)();
}

struct attempt {
    const char *what;
    void (*act)(void *);
    void *argument;
};

static const struct attempt attempts[] = {
    {"cli: switch interrupts off", do_cli, NULL},
    {"hlt: stop the CPU", do_hlt, NULL},
    {"in: read a device port", do_in, NULL},
    {"out: write a device port", do_out, NULL},
    {"rdmsr: read a machine register", do_rdmsr, NULL},
    {"mov cr3: find the page tables", do_mov_cr3, NULL},
    {"lgdt: change the segments", do_lgdt, data_page},
    {"read the kernel's text", do_read, (void *)KERNEL_TEXT},
    {"write the kernel's text", do_write, (void *)KERNEL_TEXT},
    {"read the kernel's memory", do_read, (void *)KERNEL_MEMORY},
    {"write the kernel's memory", do_write, (void *)KERNEL_MEMORY},
    {"jump into the kernel", do_jump, (void *)KERNEL_TEXT},
    {"read what is no address", do_read, (void *)NOT_AN_ADDRESS},
    {"write to its own text", do_write, (void *)(uintptr_t)do_cli},
    {"jump to its own data", do_jump, data_page},
};

/* => whether the child died of it */
static bool show_attempt(const struct attempt *attempt)
{
    struct verdict verdict;

    child_try(attempt->act, attempt->argument, &verdict);
    printf("  %-31s %-24s", attempt->what, verdict_text(&verdict));
    if (verdict.detailed)
        printf(" 0x%lx", verdict.address);
    putchar('\n');
    return verdict.signal != 0;
}

int main(int argc, char **argv)
{
    size_t count = sizeof(attempts) / sizeof(attempts[0]), refused = 0;
    unsigned cs;

    demo_start(argc, argv, "what ring 3 may not do", "");
    __asm__ volatile("movl %%cs, %0" : "=r"(cs));
    printf("\n  this program runs in ring %u: the low two bits of register CS\n\n", cs & 3);
    printf("  %-31s %-24s %s\n", "a child tries to", "and ends with", "si_addr");
    for (size_t i = 0; i < count; i++)
        refused += show_attempt(&attempts[i]);

    demo_article("the CPU has rings 0 to 3; the kernel runs in 0, programs in 3.");
    demo_here("%zu of %zu acts were refused, and this program is still here: only the child that tried died.",
              refused, count);
    demo_why("the ring is checked by the CPU at every instruction and every access. The way in is "
             "`syscall`, and that leads to one door of the kernel's choice.");
    return 0;
}
