/* SPDX-License-Identifier: MIT */
/* ttyline.h - the line discipline: what becomes of the bytes that somebody types, before a program reads
 * them. */
#pragma once

#include <types.h>

#include <asm/termios.h>

#define TTYLINE_SIZE 4096U /* Linux's N_TTY_BUF_SIZE */

/* Guarded by: its owner's lock. */
struct ttyline {
    struct termios modes;
    void (*echo)(const char *bytes, size_t count); /* sends to the terminal, as it is */
    /* A ring: `tail` <= `edit` <= `head` count bytes since boot. [tail, edit) may be read, [edit, head) is
     * the line that is being typed. An entry is a byte and the marks of ttyline.c. */
    uint32_t tail, edit, head;
    uint32_t lines;       /* complete ones between tail and edit (canonical mode) */
    unsigned column;      /* of the cursor, as far as we know */
    unsigned edit_column; /* where the line that is being typed begins */
    uint16_t ring[TTYLINE_SIZE];
};

void ttyline_init(struct ttyline *line, void (*echo)(const char *bytes, size_t count));
/* Can it take another byte now? Otherwise the sender has to wait until somebody reads. */
bool ttyline_has_room(const struct ttyline *line);
/* A byte was typed. => the signal that it stands for, or 0. */
int ttyline_input(struct ttyline *line, uint8_t byte);
/* Changes modes; `flush` drops all input. */
void ttyline_set_modes(struct ttyline *line, const struct termios *modes, bool flush);
void ttyline_flush(struct ttyline *line);

static inline bool ttyline_canonical(const struct ttyline *line)
{
    return line->modes.c_lflag & ICANON;
}

/* Bytes that a read would find; canonical mode: 0 unless a line, or an end of file, is complete. */
size_t ttyline_readable(const struct ttyline *line);
/* Is there a line, or in raw mode a byte? An end of file counts: it can be taken, and gives nothing. */
bool ttyline_ready(const struct ttyline *line);
/* Takes up to `size` bytes, in canonical mode of one line at most. *end: the line (or end of file) was taken
 * to its end. => bytes. */
size_t ttyline_take(struct ttyline *line, uint8_t *bytes, size_t size, bool *end);

/* Keeps count of the cursor's column while these bytes go to the terminal. */
void ttyline_track(struct ttyline *line, const char *bytes, size_t count);
