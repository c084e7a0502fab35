/* SPDX-License-Identifier: MIT */
/* elf.h - reads the headers of an ELF program, and maps it into an address space. */
#pragma once

#include <fs/node.h>
#include <mm/aspace.h>
#include <types.h>

#include <linux/elf.h>

#define ELF_PIE_BASE 0x555555554000UL /* ELF_ET_DYN_BASE of Linux: two thirds of the user half */

struct elf_image {
    vaddr_t entry;         /* where the process starts: the interpreter's entry if there is one */
    vaddr_t program_entry; /* AT_ENTRY */
    vaddr_t headers;       /* AT_PHDR; 0 if no segment contains them */
    unsigned header_count; /* AT_PHNUM */
    vaddr_t base;          /* AT_BASE: where the interpreter lies; 0 without one */
    vaddr_t vdso;          /* AT_SYSINFO_EHDR; set by the caller of elf_map */
    bool executable_stack;
};

struct elf_file {
    struct node *node; /* a reference; NULL: there is none */
    Elf64_Ehdr header;
    Elf64_Phdr *segments;
};

struct elf {
    struct elf_file program, interpreter;
};

/* The file at `path`, if it may be executed. => 0: *node is the caller's; -EACCES, and what looking it up gives. */
int program_find(struct node *start, const char *path, struct node **node);
/* Reads from the pages of a file that may be executed. => 0; -EIO if the file ends before; -EINVAL: no file is that long; -ENOMEM. */
int program_read(struct node *node, uint64_t offset, void *buffer, size_t size);

/* Reads the headers of the program in `node` and of its interpreter, whose path begins at `start`. => 0: *elf is to be closed;
 * -ENOEXEC, -ELIBBAD (the interpreter), -EIO, -EINVAL, -ENOMEM, and what looking up an interpreter gives. */
int elf_open(struct elf *elf, struct node *start, struct node *node);
void elf_close(struct elf *elf);
/* Maps it into an empty address space (not locked, not running) and sets its bounds and its break. => 0: *image is filled;
 * -ENOEXEC, -ENOMEM, -EINVAL, -EPERM, -EFAULT. */
int elf_map(struct aspace *aspace, const struct elf *elf, struct elf_image *image);
