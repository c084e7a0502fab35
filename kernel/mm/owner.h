/* SPDX-License-Identifier: MIT */
/* owner.h - the owner classes of the frame ledger. */
#pragma once

/* Who has a frame. The classes add up to the RAM of the machine, always. */
enum page_owner {
    PAGE_FREE,
    PAGE_FIRMWARE, /* RAM below 1 MiB that the firmware keeps, and odd ends */
    PAGE_IMAGE,    /* the kernel's text and data */
    PAGE_ARRAY,    /* the array of struct page */
    PAGE_TABLE,    /* page tables, the kernel's and the users' */
    PAGE_KSTACK,   /* kernel stacks */
    PAGE_SLAB,     /* kernel objects */
    PAGE_BUFFER,   /* other kernel memory: pipe buffers, /proc text, argument pages */
    PAGE_ANON,     /* anonymous user memory */
    PAGE_FILE,     /* files' pages: the page cache, and the ramfs, whose only copy it is */
    PAGE_SHMEM,    /* shared anonymous memory */
    PAGE_OWNERS
};
