/* SPDX-License-Identifier: MIT */
/* text.h - a text that grows while it is written and is then read in pieces: what most files of /proc are. */
#ifndef FAULTLINE_PROCFS_TEXT_H
#define FAULTLINE_PROCFS_TEXT_H

#include <format.h>
#include <fs/io.h>
#include <types.h>

struct task;

struct proctext {
    struct format_sink sink;
    uint32_t first, last; /* pfns of its frames, linked through page->next; 0: none */
    uint64_t size;        /* bytes */
    bool failed;          /* a frame was missing: the text is not whole */
    uint32_t at;          /* where the last read ended: this frame ... */
    uint64_t at_index;    /* ... is the at_index-th */
    struct task *task;    /* whose text it is, of the process's threads; NULL: the process's as a whole */
};

void proctext_init(struct proctext *text);
/* Frees its frames; it is empty then. */
void proctext_clear(struct proctext *text);
void proctext_printf(struct proctext *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* => bytes, 0 at the end, -EFAULT. */
ssize_t proctext_read(struct proctext *text, struct io *io, uint64_t *position);

#endif
