/* SPDX-License-Identifier: MIT */
/* apic.c - interrupt controllers: the local APIC (ends interrupts, has the timer) and the I/O APIC (routes ISA lines).
 *
 * Both old PICs are masked for good: the firmware leaves them open with IRQ0 on vector 8. The controllers' registers are
 * handed in already mapped (uncached) by main.c, because mapping is a higher layer's work. */
#include <arch/x86/apic.h>
#include <arch/x86/percpu.h>
#include <x86/cpu.h>
#include <x86/trapframe.h>

/* Local APIC registers, as indexes of 32-bit words (SDM vol. 3, table 11-1). */
#define LOCAL_ID (0x20 / 4)
#define LOCAL_TASK_PRIORITY (0x80 / 4)
#define LOCAL_EOI (0xb0 / 4)
#define LOCAL_SPURIOUS (0xf0 / 4)
#define LOCAL_TIMER (0x320 / 4)
#define LOCAL_LINT0 (0x350 / 4)
#define LOCAL_LINT1 (0x360 / 4)
#define LOCAL_TIMER_INITIAL (0x380 / 4)
#define LOCAL_TIMER_CURRENT (0x390 / 4)
#define LOCAL_TIMER_DIVIDE (0x3e0 / 4)
#define LOCAL_ENABLE (1U << 8)
#define LOCAL_MASKED (1U << 16)
#define LOCAL_PERIODIC (1U << 17)
#define LOCAL_DIVIDE_BY_16 3

/* I/O APIC (82093AA data sheet): an index register and a window. */
#define IO_SELECT 0
#define IO_WINDOW (0x10 / 4)
#define IO_REDIRECTION(line) (0x10 + 2 * (line))

static volatile uint32_t *local;
static volatile uint32_t *io;

void pic_mask_all(void)
{
    cpu_out8(0x21, 0xff);
    cpu_out8(0xa1, 0xff);
}

void apic_init(volatile uint32_t *local_registers, volatile uint32_t *io_registers)
{
    local = local_registers;
    io = io_registers;
    local[LOCAL_SPURIOUS] = LOCAL_ENABLE | TRAP_SPURIOUS;
    local[LOCAL_TASK_PRIORITY] = 0;
    local[LOCAL_LINT0] = LOCAL_MASKED;
    local[LOCAL_TIMER] = LOCAL_MASKED;
    local[LOCAL_TIMER_DIVIDE] = LOCAL_DIVIDE_BY_16;
    this_cpu()->apic_id = local[LOCAL_ID] >> 24;
}

paddr_t apic_local_address(void)
{
    return cpu_rdmsr(MSR_APIC_BASE) & 0xffffff000UL;
}

void apic_route(unsigned isa_line, unsigned vector)
{
    /* Edge triggered, active high, fixed delivery to this CPU. ISA line n is input n on every PC but for line 0. */
    io[IO_SELECT] = IO_REDIRECTION(isa_line) + 1;
    io[IO_WINDOW] = this_cpu()->apic_id << 24;
    io[IO_SELECT] = IO_REDIRECTION(isa_line);
    io[IO_WINDOW] = vector;
}

void apic_end_of_interrupt(void)
{
    local[LOCAL_EOI] = 0;
}

void apic_timer_count_from(uint32_t count)
{
    local[LOCAL_TIMER_INITIAL] = count;
}

uint32_t apic_timer_count(void)
{
    return local[LOCAL_TIMER_CURRENT];
}

void apic_timer_periodic(uint32_t count, unsigned vector)
{
    local[LOCAL_TIMER] = LOCAL_PERIODIC | vector;
    local[LOCAL_TIMER_INITIAL] = count;
}
