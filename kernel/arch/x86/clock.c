/* SPDX-License-Identifier: MIT */
/* clock.c - time.
 *
 * The TSC is the clock; the PIT, whose frequency is the only one that a PC guarantees, tells once at boot how fast the TSC and
 * the local APIC's timer run. Calibration takes 2 ms: long enough for 0.1 %, short enough to stay a small part of the boot
 * (under -icount one nanosecond is one instruction). Each end of the interval is read several times and the reading with
 * the shortest bracket is taken, so that a host that looks away for a moment does not spoil it.
 */
#include <arch/x86/apic.h>
#include <arch/x86/clock.h>
#include <x86/cpu.h>
#include <x86/trapframe.h>

#define PIT_HZ 1193182UL
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_GATE 0x61
#define CALIBRATION_PIT_TICKS (PIT_HZ / 500) /* 2 ms */

extern uint64_t boot_tsc; /* boot32.asm; at its load address, which the first page tables map */

struct clock_scale clock_scale;
static uint32_t apic_counts_per_tick;

struct reading {
    uint64_t tsc;
    uint32_t pit, apic;
};

static uint32_t pit_read(void)
{
    cpu_out8(PIT_COMMAND, 0x80); /* latch channel 2 */
    uint32_t low = cpu_in8(PIT_CHANNEL2);
    return low | (uint32_t)cpu_in8(PIT_CHANNEL2) << 8;
}

static struct reading clocks_read(void)
{
    struct reading best = {0};
    uint64_t best_bracket = ~0UL;

    for (int i = 0; i < 4; i++) {
        uint64_t before = cpu_rdtsc();
        uint32_t pit = pit_read();
        uint32_t apic = apic_timer_count();
        uint64_t bracket = cpu_rdtsc() - before;
        if (bracket < best_bracket) {
            best_bracket = bracket;
            best = (struct reading){before + bracket / 2, pit, apic};
        }
    }
    return best;
}

void clock_init(void)
{
    /* Channel 2 counts down from 65535 with the speaker off: mode 0, both bytes. */
    cpu_out8(PIT_GATE, (uint8_t)((cpu_in8(PIT_GATE) & ~2) | 1));
    cpu_out8(PIT_COMMAND, 0xb0);
    cpu_out8(PIT_CHANNEL2, 0xff);
    cpu_out8(PIT_CHANNEL2, 0xff);
    apic_timer_count_from(0xffffffff);

    struct reading first = clocks_read();
    while (first.pit - pit_read() < CALIBRATION_PIT_TICKS)
        cpu_pause();
    struct reading last = clocks_read();

    uint64_t pit_ticks = first.pit - last.pit;
    uint64_t tsc_hz = (last.tsc - first.tsc) * PIT_HZ / pit_ticks;
    uint64_t apic_hz = (uint64_t)(first.apic - last.apic) * PIT_HZ / pit_ticks;

    clock_scale.start = *(uint64_t *)(0xffffffff80000000UL + (uint64_t)&boot_tsc);
    clock_scale.ns_per_tick_32 = (NS_PER_SECOND << 32) / tsc_hz;
    apic_counts_per_tick = (uint32_t)(apic_hz / CLOCK_TICK_HZ);
}

uint64_t clock_ticks_since_entry(void)
{
    return cpu_rdtsc() - clock_scale.start;
}

uint64_t clock_now(void)
{
    return clock_scaled(&clock_scale, cpu_rdtsc());
}

void clock_start_tick(void)
{
    apic_timer_periodic(apic_counts_per_tick, TRAP_TIMER);
}
