/* SPDX-License-Identifier: MIT */
/* elf.h - maps an ELF program into an address space. */
#ifndef FAULTLINE_PROC_ELF_H
#define FAULTLINE_PROC_ELF_H

#include <fs/node.h>
#include <mm/aspace.h>
#include <types.h>

#define ELF_PIE_BASE 0x555555554000UL /* ELF_ET_DYN_BASE of Linux: two thirds of the user half */

struct elf_image {
    vaddr_t entry;         /* where the process starts: the interpreter's entry if there is one */
    vaddr_t program_entry; /* AT_ENTRY */
    vaddr_t headers;       /* AT_PHDR; 0 if no segment contains them */
    unsigned header_count; /* AT_PHNUM */
    vaddr_t base;          /* AT_BASE: where the interpreter lies; 0 without one */
    vaddr_t vdso;          /* AT_SYSINFO_EHDR; set by the caller of elf_load */
    bool executable_stack;
};

/* Reads from the pages of a file that may be executed. => 0; -EIO if the file ends before; -ENOMEM. */
int program_read(struct node *node, uint64_t offset, void *buffer, size_t size);

/* Maps the program of `node` into an empty address space (not locked, not running) and sets its bounds and
 * its break. => 0: *image is filled; -ENOEXEC, -ENOMEM, -EINVAL, -EPERM, -EFAULT, -EIO and what looking up an
 * interpreter gives. */
int elf_load(struct aspace *aspace, struct node *node, struct elf_image *image);

#endif
