/* SPDX-License-Identifier: MIT */
/* cpu.c - one CPU made ready: descriptor tables, control registers, the SYSCALL door, per-CPU data.
 *
 * Protection switched on here, where CPUID has it: WP (ring 0 obeys read-only pages), NX, SMEP (ring 0 never executes user
 * pages), SMAP (ring 0 touches them only between stac and clac), UMIP (ring 3 cannot read the descriptor tables), global
 * pages. A CR4 bit that the CPU lacks is never set: QEMU's TCG hangs on it without a word.
 *
 * A double fault, an NMI and a machine check get stacks of their own (IST), so that even a lost kernel stack is reported.
 * CR4.OSXSAVE stays off: C libraries then choose their SSE2 code, and FXSAVE is all the state there is. */
#include <arch/x86/machine.h>
#include <arch/x86/percpu.h>
#include <arch/x86/switch.h>
#include <arch/x86/usercopy.h>
#include <string.h>
#include <x86/cpu.h>
#include <x86/trapframe.h>

#define GDT_ENTRIES 10
#define TSS_SELECTOR 0x40
#define IST_STACK_SIZE 4096

/* Segment descriptors (SDM vol. 3, 3.4.5); the numbers are Linux's, which user programs can see in CS and SS. */
#define DESCRIPTOR_KERNEL_CODE 0x00af9b000000ffffUL
#define DESCRIPTOR_KERNEL_DATA 0x00cf93000000ffffUL
#define DESCRIPTOR_USER_DATA 0x00cff3000000ffffUL
#define DESCRIPTOR_USER_CODE 0x00affb000000ffffUL
#define SYSRET_BASE 0x23 /* SYSRET takes SS = base + 8 and CS = base + 16 */

struct idt_gate {
    uint16_t offset_low, selector;
    uint8_t ist, type;
    uint16_t offset_middle;
    uint32_t offset_high, reserved;
};

struct table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

#define GATE_INTERRUPT 0x8e      /* present, ring 0 only, interrupts off on entry */
#define GATE_INTERRUPT_USER 0xee /* ring 3 may use it: int3, into */

extern const uint64_t trap_stubs[256];
void syscall_start(void), syscall_start_several(void);

struct cpu_features cpu_features;

static uint64_t gdt[MAX_CPUS][GDT_ENTRIES];
static uint8_t ist_stacks[MAX_CPUS][3][IST_STACK_SIZE] __attribute__((aligned(16)));
static struct idt_gate idt[256];

static void features_read(void)
{
    uint32_t eax, ebx, ecx, edx, last;

    cpu_cpuid(0, 0, &last, &ebx, &ecx, &edx);
    memcpy(cpu_features.vendor, &ebx, 4);
    memcpy(cpu_features.vendor + 4, &edx, 4);
    memcpy(cpu_features.vendor + 8, &ecx, 4);
    cpu_cpuid(1, 0, &eax, &ebx, &ecx, &edx);
    cpu_features.rdrand = ecx >> 30 & 1;
    if (last >= 7) {
        cpu_cpuid(7, 0, &eax, &ebx, &ecx, &edx);
        cpu_features.fsgsbase = ebx & 1;
        cpu_features.smep = ebx >> 7 & 1;
        cpu_features.smap = ebx >> 20 & 1;
        cpu_features.umip = ecx >> 2 & 1;
    }
    cpu_cpuid(0x80000000, 0, &last, &ebx, &ecx, &edx);
    cpu_cpuid(0x80000001, 0, &eax, &ebx, &ecx, &edx);
    cpu_features.gigabyte_pages = edx >> 26 & 1;
    cpu_features.rdtscp = edx >> 27 & 1;
    for (uint32_t leaf = 0; last >= 0x80000004 && leaf < 3; leaf++) {
        uint32_t *text = (uint32_t *)(void *)(cpu_features.model + 16 * leaf);
        cpu_cpuid(0x80000002 + leaf, 0, &text[0], &text[1], &text[2], &text[3]);
    }
}

static void gdt_load(struct percpu *cpu)
{
    uint64_t base = (uint64_t)&cpu->tss;
    uint64_t *table = gdt[cpu->number];

    table[KERNEL_CODE / 8] = DESCRIPTOR_KERNEL_CODE;
    table[KERNEL_DATA / 8] = DESCRIPTOR_KERNEL_DATA;
    table[USER_DATA / 8] = DESCRIPTOR_USER_DATA;
    table[USER_CODE / 8] = DESCRIPTOR_USER_CODE;
    /* A TSS descriptor fills two entries (SDM vol. 3, 7.2.3): type 9, present. */
    table[TSS_SELECTOR / 8] = (sizeof(struct tss) - 1) | (base & 0xffffff) << 16 | 0x89UL << 40 |
                              (base >> 24 & 0xff) << 56;
    table[TSS_SELECTOR / 8 + 1] = base >> 32;

    cpu->tss.io_map = sizeof(struct tss); /* no port is open to ring 3 */
    for (int i = 0; i < 3; i++)
        cpu->tss.ist[i] = (uint64_t)ist_stacks[cpu->number][i] + IST_STACK_SIZE;

    /* No LDT: the machine starts with one of 64 KiB at address 0, where ring 3 could put call gates. */
    struct table_pointer pointer = {GDT_ENTRIES * 8 - 1, (uint64_t)table};
    __asm__ volatile("lgdt %0\n\t"
                     "pushq %1\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1:\n\t"
                     "movl %2, %%eax\n\t"
                     "movl %%eax, %%ss\n\t"
                     "movl %%eax, %%ds\n\t"
                     "movl %%eax, %%es\n\t"
                     "movw %w3, %%ax\n\t"
                     "ltr %%ax\n\t"
                     "xorl %%eax, %%eax\n\t"
                     "lldt %%ax"
                     :
                     : "m"(pointer), "i"(KERNEL_CODE), "i"(KERNEL_DATA), "i"(TSS_SELECTOR)
                     : "rax", "memory");
}

static void idt_fill(void)
{
    for (int vector = 0; vector < 256; vector++) {
        uint64_t stub = trap_stubs[vector];
        idt[vector] = (struct idt_gate){
            .offset_low = (uint16_t)stub,
            .selector = KERNEL_CODE,
            .type = GATE_INTERRUPT,
            .offset_middle = (uint16_t)(stub >> 16),
            .offset_high = (uint32_t)(stub >> 32),
        };
    }
    idt[TRAP_BREAKPOINT].type = GATE_INTERRUPT_USER;
    idt[TRAP_OVERFLOW].type = GATE_INTERRUPT_USER;
    idt[TRAP_DOUBLE_FAULT].ist = 1;
    idt[TRAP_NMI].ist = 2;
    idt[TRAP_MACHINE_CHECK].ist = 3;
}

static void idt_load(void)
{
    struct table_pointer pointer = {sizeof(idt) - 1, (uint64_t)idt};
    __asm__ volatile("lidt %0" : : "m"(pointer));
}

static void control_registers_load(void)
{
    uint64_t cr4 = cpu_read_cr4() | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT;

    if (cpu_features.smep)
        cr4 |= CR4_SMEP;
    if (cpu_features.smap)
        cr4 |= CR4_SMAP;
    if (cpu_features.umip)
        cr4 |= CR4_UMIP;
    cpu_write_cr4(cr4);
    cpu_write_cr0((cpu_read_cr0() | CR0_WP | CR0_MP | CR0_NE) & ~(CR0_EM | CR0_TS));
}

void syscall_door_open(void)
{
    cpu_wrmsr(MSR_EFER, cpu_rdmsr(MSR_EFER) | EFER_SCE | EFER_NXE);
    cpu_wrmsr(MSR_STAR, (uint64_t)SYSRET_BASE << 48 | (uint64_t)KERNEL_CODE << 32);
    cpu_wrmsr(MSR_LSTAR, (uint64_t)(cpu_count > 1 ? syscall_start_several : syscall_start));
    cpu_wrmsr(MSR_SFMASK, RFLAGS_IF | RFLAGS_TF | RFLAGS_DF | RFLAGS_NT | RFLAGS_AC);
}

/* The kernel's text is still writable: the real page tables come after this. */
static void smap_sites_fill(void)
{
    struct smap_site {
        uint8_t *at;
        uint8_t opcode, padding[7];
    };
    extern struct smap_site smap_sites_start[], smap_sites_end[];

    if (!cpu_features.smap)
        return;
    for (struct smap_site *site = smap_sites_start; site < smap_sites_end; site++) {
        site->at[0] = 0x0f;
        site->at[1] = 0x01;
        site->at[2] = site->opcode;
    }
}

void cpu_init(void)
{
    features_read();
    idt_fill();
    smap_sites_fill();
    cpu_init_this(0);
}

void cpu_init_this(uint32_t number)
{
    struct percpu *cpu = cpu_data(number);

    cpu->self = cpu;
    cpu->number = number;
    gdt_load(cpu);
    idt_load();
    control_registers_load();
    cpu_wrmsr(MSR_GS_BASE, (uint64_t)cpu);
    cpu_wrmsr(MSR_KERNEL_GS_BASE, 0);
    if (cpu_features.rdtscp)
        cpu_wrmsr(MSR_TSC_AUX, cpu->number); /* what RDTSCP tells the vDSO's getcpu */
    syscall_door_open();
}

uint64_t switch_prepare(vaddr_t stack_top, void (*entry)(void *), void *argument)
{
    /* What switch_stacks and thread_begin take off it, below the place of the thread's user registers. */
    struct switch_frame {
        uint64_t rip, entry, argument;
    };
    void thread_begin(void);
    struct switch_frame *frame = (struct switch_frame *)(void *)((uint8_t *)thread_frame(stack_top) - 16) - 1;

    *frame = (struct switch_frame){(uint64_t)thread_begin, (uint64_t)entry, (uint64_t)argument};
    return (uint64_t)frame;
}

void power_off(uint8_t code)
{
    cpu_out32(0xf4, code); /* isa-debug-exit: QEMU ends with (code << 1) | 1 */
    /* Without that device: ACPI S5 where QEMU's PIIX4 has it, else stop here. */
    __asm__ volatile("outw %%ax, %%dx" : : "a"(0x2000), "d"(0x604));
    cpu_halt_forever();
}
