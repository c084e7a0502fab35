/* SPDX-License-Identifier: MIT */
/* bootinfo.h - what the loader told us, whichever it was: GRUB (multiboot2) or QEMU -kernel (PVH). */
#pragma once

#include <types.h>

#include <arch/x86/percpu.h>

#define BOOT_RANGES 64
#define BOOT_COMMAND_LINE 2048

struct boot_range {
    paddr_t start, end; /* usable RAM, page-aligned inwards, sorted, not overlapping */
};

struct bootinfo {
    const char *loader; /* "GRUB 2.06 (multiboot2)" or "PVH" */
    struct boot_range ram[BOOT_RANGES];
    unsigned ram_count;
    paddr_t initramfs;
    size_t initramfs_size;
    paddr_t rsdp;               /* 0: not told */
    unsigned cpus;              /* that the machine has; some may be more than MAX_CPUS */
    uint8_t apic_ids[MAX_CPUS]; /* of the first ones' local APICs */
    char command_line[BOOT_COMMAND_LINE];
};
extern struct bootinfo bootinfo;

void bootinfo_read(uint32_t magic, paddr_t info);

/* The value of `name=value` on the command line, copied to buffer; false if it is not there. A bare `name` gives "". */
bool boot_option(const char *name, char *buffer, size_t size);
