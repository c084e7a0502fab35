/* SPDX-License-Identifier: MIT */
/* acpi.c - finds the table of interrupt controllers (MADT) and reads in it which CPUs there are. Nothing else of ACPI is used.
 *
 * Formats: ACPI specification 6.4, 5.2.5 (RSDP), 5.2.7 (RSDT), 5.2.12 (MADT). All tables lie below 4 GiB, as long as the old RSDT is followed
 * and not the XSDT, and there the first page tables have a direct map. A table whose bytes do not add up to 0 is not believed. */
#include <arch/x86/acpi.h>
#include <mm/frame.h>
#include <string.h>

#define BIOS_START 0xe0000UL /* where a PC keeps the RSDP, on 16 bytes (5.2.5.1) */
#define BIOS_END 0x100000UL
#define RSDP_SIZE 20

struct rsdp {
    char signature[8];
    uint8_t checksum, oem[6], revision;
    uint32_t rsdt;
} __attribute__((packed));

struct table {
    char signature[4];
    uint32_t size;
    uint8_t rest[28];
} __attribute__((packed));

struct madt_entry {
    uint8_t type, size;
    uint8_t processor, apic_id;
    uint32_t flags;
} __attribute__((packed));
#define MADT_FIXED 8 /* bytes between the head and the entries */
#define MADT_LOCAL_APIC 0
#define LOCAL_APIC_ENABLED 1U

static bool adds_up(const void *start, size_t size)
{
    uint8_t sum = 0;

    for (const uint8_t *byte = start; byte < (const uint8_t *)start + size; byte++)
        sum = (uint8_t)(sum + *byte);
    return sum == 0;
}

static bool is_rsdp(const struct rsdp *rsdp)
{
    return memcmp(rsdp->signature, "RSD PTR ", 8) == 0 && adds_up(rsdp, RSDP_SIZE);
}

static const struct rsdp *find_rsdp(paddr_t told)
{
    if (told && is_rsdp(paddr_to_virt(told)))
        return paddr_to_virt(told);
    for (paddr_t at = BIOS_START; at < BIOS_END; at += 16)
        if (is_rsdp(paddr_to_virt(at)))
            return paddr_to_virt(at);
    return NULL;
}

/* => the table with this signature, NULL: there is none. */
static const struct table *find_table(const struct rsdp *rsdp, const char *signature)
{
    const struct table *rsdt = paddr_to_virt(rsdp->rsdt);

    if (!adds_up(rsdt, rsdt->size))
        return NULL;
    for (size_t at = sizeof(*rsdt); at + sizeof(uint32_t) <= rsdt->size; at += sizeof(uint32_t)) {
        uint32_t address;
        memcpy(&address, (const uint8_t *)rsdt + at, sizeof(address));
        const struct table *table = paddr_to_virt(address);
        if (memcmp(table->signature, signature, 4) == 0 && adds_up(table, table->size))
            return table;
    }
    return NULL;
}

unsigned acpi_cpus(paddr_t told, uint8_t *apic_ids, unsigned most)
{
    const struct rsdp *rsdp = find_rsdp(told);
    const struct table *madt = rsdp ? find_table(rsdp, "APIC") : NULL;
    unsigned count = 0;

    if (!madt)
        return 0;
    const uint8_t *at = (const uint8_t *)(madt + 1) + MADT_FIXED, *end = (const uint8_t *)madt + madt->size;
    while (at + sizeof(struct madt_entry) <= end) {
        const struct madt_entry *entry = (const void *)at;
        if (entry->size == 0)
            break;
        if (entry->type == MADT_LOCAL_APIC && entry->flags & LOCAL_APIC_ENABLED) {
            if (count < most)
                apic_ids[count] = entry->apic_id;
            count++;
        }
        at += entry->size;
    }
    return count;
}
