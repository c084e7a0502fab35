/* SPDX-License-Identifier: MIT */
/* pci.c - the PCI bus, as little of it as one disk needs: bus 0, by the two ports of configuration mechanism #1 (PCI Local Bus
 * Specification 3.0, 3.2.2.3.2). The firmware has given all devices their addresses already.
 *
 * Not here: bridges and the buses behind them, interrupts, memory-mapped configuration.
 * Guards: used at boot only. */
#include <dev/pci.h>
#include <x86/cpu.h>

#include <linux/pci_regs.h>

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_ENABLE (1U << 31)
#define FUNCTIONS 256U /* of bus 0: 32 devices with eight each */

static void choose(uint32_t function, unsigned offset)
{
    cpu_out32(CONFIG_ADDRESS, CONFIG_ENABLE | function << 8 | (offset & 0xfcU));
}

uint32_t pci_read(uint32_t function, unsigned offset)
{
    choose(function, offset);
    return cpu_in32(CONFIG_DATA);
}

uint32_t pci_find(uint16_t vendor, uint16_t device)
{
    for (uint32_t function = 0; function < FUNCTIONS; function++)
        if (pci_read(function, PCI_VENDOR_ID) == ((uint32_t)device << 16 | vendor))
            return function;
    return NO_FUNCTION;
}

void pci_enable(uint32_t function)
{
    uint32_t command = pci_read(function, PCI_COMMAND) & 0xffff; /* ones in the status above would clear it */

    choose(function, PCI_COMMAND);
    cpu_out32(CONFIG_DATA, command | PCI_COMMAND_IO | PCI_COMMAND_MASTER);
}
