/* SPDX-License-Identifier: MIT */
/* apic.h - interrupt controllers. */
#pragma once

#include <types.h>

#define IO_APIC_ADDRESS 0xfec00000UL /* where every PC has its first one (QEMU, Bochs) */

/* Masks both PICs: the very first thing (SeaBIOS leaves IRQ0 on vector 8, where it looks like a double fault). */
void pic_mask_all(void);
paddr_t apic_local_address(void);
void apic_init(volatile uint32_t *local_registers, volatile uint32_t *io_registers);
/* The same for a CPU that starts later: its own local APIC. */
void apic_init_this(void);
/* Routes an ISA interrupt line to a vector on this CPU. */
void apic_route(unsigned isa_line, unsigned vector);
void apic_end_of_interrupt(void);

/* An interrupt for another CPU, by the number of its local APIC. */
void apic_interrupt(uint32_t apic_id, unsigned vector);
/* All CPUs but this one start anew, and wait for apic_start(). (SDM vol. 3, 8.4.4.1) */
void apic_reset_others(void);
/* One of them begins in real mode, at `page`, which is below 1 MiB. */
void apic_start(uint32_t apic_id, paddr_t page);

/* The timer, for clock.c: counts down at the bus clock / 16. */
void apic_timer_count_from(uint32_t count);
uint32_t apic_timer_count(void);
void apic_timer_periodic(uint32_t count, unsigned vector);
