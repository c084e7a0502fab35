/* SPDX-License-Identifier: MIT */
/* pci.h - finding a device on the PCI bus. Offsets of registers are those of <linux/pci_regs.h>. */
#pragma once

#include <types.h>

/* The function with that vendor and device number. => its number; NO_FUNCTION: there is none. */
#define NO_FUNCTION UINT32_MAX
uint32_t pci_find(uint16_t vendor, uint16_t device);

uint32_t pci_read(uint32_t function, unsigned offset); /* the aligned 32 bits that hold it */
/* The device answers at its ports, and may read and write memory. */
void pci_enable(uint32_t function);
