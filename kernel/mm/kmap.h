/* SPDX-License-Identifier: MIT */
/* kmap.h - the kernel half of the address space: built once at boot, shared by all. */
#pragma once

#include <types.h>
#include <x86/pte.h>

/* Builds the kernel's page tables from bootmem (direct map, image with W^X, frame array) and switches to them. */
void kmap_init(bool gigabyte_pages);
/* The frame allocator runs: tables come from there from now on. */
void kmap_done(void);
/* Maps device registers, uncached. Before kmap_done() only. => their virtual address. */
volatile uint32_t *kmap_device(paddr_t address, size_t size);
/* The root that a CPU uses when no user address space is wanted, and the template of every other root's upper half. */
pte_t *kmap_root(void);
paddr_t kmap_cr3(void);
/* Page-table frames of the kernel half: what stays in the ledger when no address space is left. */
uint64_t kmap_tables(void);

/* Kernel pages one by one, for kernel stacks. => 0 or -ENOMEM. unmap gives the frame back to the caller once no CPU's TLB knows it. */
int kmap_page(vaddr_t va, paddr_t frame);
paddr_t kmap_unmap_page(vaddr_t va);
