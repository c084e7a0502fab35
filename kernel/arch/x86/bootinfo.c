/* SPDX-License-Identifier: MIT */
/* bootinfo.c - reads what the loader left in memory and copies what is worth keeping, before anything is overwritten.
 *
 * Formats: the Multiboot2 specification 2.0, section 3.6; Xen's start_info.h (PVH). All of it lies below 4 GiB, where the
 * first page tables have a direct map. */
#include <arch/x86/acpi.h>
#include <arch/x86/bootinfo.h>
#include <assert.h>
#include <mm/frame.h>
#include <string.h>

#define MULTIBOOT2_MAGIC 0x36d76289
#define PVH_MAGIC 0x336ec578
#define MEMORY_RAM 1 /* the same number in both */

struct bootinfo bootinfo;

/* Keeps the ranges sorted; drops what is not a whole page. Loaders do not report overlaps, so none are looked for. */
static void ram_add(uint64_t start, uint64_t size)
{
    uint64_t first = page_ceil(start), end = page_floor(start + size);
    unsigned at = bootinfo.ram_count;

    if (first >= end || bootinfo.ram_count == BOOT_RANGES)
        return;
    while (at > 0 && bootinfo.ram[at - 1].start > first) {
        bootinfo.ram[at] = bootinfo.ram[at - 1];
        at--;
    }
    bootinfo.ram[at] = (struct boot_range){first, end};
    bootinfo.ram_count++;
}

static void text_copy(char *to, const char *from, size_t size)
{
    size_t i = 0;

    for (; i + 1 < size && from[i]; i++)
        to[i] = from[i];
    to[i] = 0;
}

static void multiboot2_read(paddr_t info)
{
    struct tag {
        uint32_t type, size;
        union {
            char text[1];
            struct {
                uint32_t start, end;
                char text[];
            } module;
            struct {
                uint32_t entry_size, version;
                uint8_t entries[];
            } memory;
            uint32_t words[1];
        };
    };
    struct memory_entry {
        uint64_t start, size;
        uint32_t type, reserved;
    };
    enum { END, COMMAND_LINE, LOADER_NAME, MODULE, MEMORY_MAP = 6, ACPI_OLD = 14, ACPI_NEW = 15 };

    bootinfo.loader = "multiboot2";
    for (paddr_t at = info + 8;;) {
        const struct tag *tag = paddr_to_virt(at);

        if (tag->type == END)
            return;
        if (tag->type == COMMAND_LINE)
            text_copy(bootinfo.command_line, tag->text, sizeof(bootinfo.command_line));
        if (tag->type == MODULE && bootinfo.initramfs_size == 0) {
            bootinfo.initramfs = tag->module.start;
            bootinfo.initramfs_size = tag->module.end - tag->module.start;
        }
        if (tag->type == MEMORY_MAP)
            for (uint32_t offset = 16; offset + tag->memory.entry_size <= tag->size;
                 offset += tag->memory.entry_size) {
                const struct memory_entry *entry = paddr_to_virt(at + offset);
                if (entry->type == MEMORY_RAM)
                    ram_add(entry->start, entry->size);
            }
        if (tag->type == ACPI_OLD || tag->type == ACPI_NEW)
            bootinfo.rsdp = at + 8;
        at += (tag->size + 7) & ~7UL;
    }
}

static void pvh_read(paddr_t info)
{
    struct start_info {
        uint32_t magic, version, flags, modules;
        uint64_t module_list, command_line, rsdp, memory_map;
        uint32_t memory_entries, reserved;
    };
    struct module {
        uint64_t start, size, command_line, reserved;
    };
    struct memory_entry {
        uint64_t start, size;
        uint32_t type, reserved;
    };
    const struct start_info *start = paddr_to_virt(info);

    assert(start->magic == PVH_MAGIC && start->version >= 1);
    bootinfo.loader = "PVH";
    bootinfo.rsdp = start->rsdp;
    if (start->command_line)
        text_copy(bootinfo.command_line, paddr_to_virt(start->command_line), sizeof(bootinfo.command_line));
    if (start->modules > 0) {
        const struct module *module = paddr_to_virt(start->module_list);
        bootinfo.initramfs = module->start;
        bootinfo.initramfs_size = module->size;
    }
    const struct memory_entry *entries = paddr_to_virt(start->memory_map);
    for (uint32_t i = 0; i < start->memory_entries; i++)
        if (entries[i].type == MEMORY_RAM)
            ram_add(entries[i].start, entries[i].size);
}

void bootinfo_read(uint32_t magic, paddr_t info)
{
    if (magic == MULTIBOOT2_MAGIC)
        multiboot2_read(info);
    else if (magic == PVH_MAGIC)
        pvh_read(info);
    else
        panic("started by an unknown loader (magic %#x): use GRUB with multiboot2, or QEMU -kernel", magic);
    assert(bootinfo.ram_count > 0);
    bootinfo.cpus = acpi_cpus(bootinfo.rsdp, bootinfo.apic_ids, MAX_CPUS);
}

bool boot_option(const char *name, char *buffer, size_t size)
{
    size_t length = strlen(name);

    for (const char *word = bootinfo.command_line; *word;) {
        const char *end = word;
        while (*end && *end != ' ')
            end++;
        if (strncmp(word, name, length) == 0 && (word[length] == '=' || word + length == end)) {
            const char *value = word + length + (word[length] == '=');
            size_t count = MIN((size_t)(end - value), size - 1);
            memcpy(buffer, value, count);
            buffer[count] = 0;
            return true;
        }
        word = end;
        while (*word == ' ')
            word++;
    }
    return false;
}
