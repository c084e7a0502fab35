/* SPDX-License-Identifier: MIT */
/* text.h - a text that grows while it is written and is then read in pieces: what most files of /proc are. */
#pragma once

#include <format.h>
#include <fs/io.h>
#include <mm/chain.h>
#include <types.h>

struct proc_entry;
struct process;
struct task;

struct proctext {
    struct format_sink sink;
    struct page_chain chain;
    int error;       /* 0; -ENOMEM: a frame was missing, the text is not whole; or whatever the writer met */
    struct page *at; /* where the last read ended: this frame ... */
    uint64_t at_index; /* ... is the at_index-th */
    /* whose text it is: /proc/<pid>/name's process (good until the writer sleeps), and of its threads this one. NULL: the
     * machine's; the process's as a whole */
    struct process *process;
    struct task *task;
    const struct proc_entry *entry; /* which file it is */
};

void proctext_init(struct proctext *text);
/* Frees its frames; it is empty then. */
void proctext_clear(struct proctext *text);
void proctext_put(struct proctext *text, const char *bytes, size_t count);
void proctext_printf(struct proctext *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A set of CPUs in the two forms that Linux has: a list of ranges, "0-2,5", and a mask, with as many hexadecimal digits as all take. */
void proctext_put_list(struct proctext *text, uint32_t cpus);
void proctext_put_mask(struct proctext *text, uint32_t cpus);
/* => bytes, 0 at the end, -EFAULT. */
ssize_t proctext_read(struct proctext *text, struct io *io, uint64_t *position);
