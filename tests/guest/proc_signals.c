/* SPDX-License-Identifier: MIT */
/* proc_signals.c - what a program must not do, each in a child: the signal that ends it is Linux's, the parent goes on. */
#include <sys/mman.h>

#include "check.h"

static char data[64] = {(char)0xc3}; /* ret, in a page that holds data */
static const char constant[] = "read-only";

/* A misaligned 16-byte access: SSE2 takes #GP for it. */
static void misaligned(void *unused)
{
    (void)unused;
    __asm__ volatile("movaps %%xmm0, (%0)" : : "r"(data + 1) : "memory");
}

static void call_it(void *address)
{
    void (*function)(void);

    memcpy(&function, &address, sizeof(function));
    function();
}

#define INSTRUCTION(name, ...)                                                                               \
    static void name(void *unused)                                                                           \
    {                                                                                                        \
        (void)unused;                                                                                        \
        __asm__ volatile(__VA_ARGS__);                                                                       \
    }

INSTRUCTION(cli, "cli")
INSTRUCTION(hlt, "hlt")
INSTRUCTION(read_port, "in $0x60, %%al" : : : "rax")
INSTRUCTION(write_port, "out %%al, $0x80" : : : "memory")
INSTRUCTION(read_msr, "mov $0xc0000080, %%ecx; rdmsr" : : : "rax", "rcx", "rdx")
INSTRUCTION(load_cr3, "mov %%rax, %%cr3" : : "a"(0L))
INSTRUCTION(read_cr0, "mov %%cr0, %%rax" : : : "rax")
INSTRUCTION(load_gdt, "lgdt (%%rsp)" : : : "memory")
INSTRUCTION(flush_page, "invlpg (%%rsp)" : : : "memory")
INSTRUCTION(swap_gs, "swapgs")
INSTRUCTION(return_as_kernel, "sysretq")
INSTRUCTION(divide, "xor %%ecx, %%ecx; mov $1, %%eax; cltd; idiv %%ecx" : : : "rax", "rcx", "rdx")
INSTRUCTION(undefined, "ud2")
INSTRUCTION(breakpoint, "int3")
INSTRUCTION(kernel_vector, "int $0x0e")
INSTRUCTION(clock_vector, "int $0x20")
INSTRUCTION(single_step, "pushf; orq $0x100, (%%rsp); popf; nop" : : : "memory", "cc")
INSTRUCTION(no_stack, "xor %%esp, %%esp; push %%rax" : : : "memory")
INSTRUCTION(kernel_code_segment, "push $0x08; lea 1f(%%rip), %%rax; push %%rax; lretq; 1:"
            :
            :
            : "rax", "memory")
INSTRUCTION(null_stack_segment, "xor %%eax, %%eax; mov %%eax, %%ss" : : : "rax")

static void hardware(void)
{
    expect_signal("cli", cli, NULL, 11);
    expect_signal("hlt", hlt, NULL, 11);
    expect_signal("in", read_port, NULL, 11);
    expect_signal("out", write_port, NULL, 11);
    expect_signal("rdmsr", read_msr, NULL, 11);
    expect_signal("mov to cr3", load_cr3, NULL, 11);
    expect_signal("mov from cr0", read_cr0, NULL, 11);
    expect_signal("lgdt", load_gdt, NULL, 11);
    expect_signal("invlpg", flush_page, NULL, 11);
    expect_signal("swapgs", swap_gs, NULL, 11);
    expect_signal("sysret", return_as_kernel, NULL, 11);
    expect_signal("a kernel code segment", kernel_code_segment, NULL, 11);
    expect_signal("the null stack segment", null_stack_segment, NULL, 11);
    expect_signal("int of an exception's vector", kernel_vector, NULL, 11);
    expect_signal("int of an interrupt's vector", clock_vector, NULL, 11);
    expect_signal("misaligned SSE", misaligned, NULL, 11);
    expect_signal("division by zero", divide, NULL, 8);
    expect_signal("undefined instruction", undefined, NULL, 4);
    expect_signal("breakpoint", breakpoint, NULL, 5);
    expect_signal("single step", single_step, NULL, 5);
}

static void memory(void)
{
    expect_signal("read null", read_byte, NULL, 11);
    expect_signal("write null", write_byte, NULL, 11);
    expect_signal("call null", call_it, NULL, 11);
    expect_signal("read a wild address", read_byte, (void *)0x123456789000, 11);
    expect_signal("write a constant", write_byte, (void *)(uintptr_t)constant, 11);
    expect_signal("write to text", write_byte, (void *)(uintptr_t)memory, 11);
    expect_signal("execute data", call_it, data, 11);
    expect_signal("read the kernel", read_byte, (void *)0xffffffff80100000, 11);
    expect_signal("write the kernel", write_byte, (void *)0xffffffff80100000, 11);
    expect_signal("call the kernel", call_it, (void *)0xffffffff80100000, 11);
    expect_signal("read the direct map", read_byte, (void *)0xffff888000000000, 11);
    expect_signal("read a non-canonical address", read_byte, (void *)0x8000000000000000, 11);
    expect_signal("call a non-canonical address", call_it, (void *)0x8000000000000000, 11);
    expect_signal("no stack", no_stack, NULL, 11);
}

int main(void)
{
    hardware();
    memory();
    return finish();
}
