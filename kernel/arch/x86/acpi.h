/* SPDX-License-Identifier: MIT */
/* acpi.h - the processors that the firmware tells of. */
#pragma once

#include <types.h>

/* rsdp: where the loader says that the tables begin, 0: it does not say. => how many usable CPUs there are, the one that runs included; the
 * numbers of their local APICs are in apic_ids, `most` at most. 0: nobody tells. Before the first page tables are replaced. */
unsigned acpi_cpus(paddr_t rsdp, uint8_t *apic_ids, unsigned most);
