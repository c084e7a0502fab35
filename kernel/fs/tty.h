/* SPDX-License-Identifier: MIT */
/* tty.h - terminals: see tty.c. */
#pragma once

#include <fs/file.h>
#include <fs/ttyline.h>
#include <list.h>
#include <sched/wait.h>

struct tty;

/* The session whose terminal it is, and its group of processes in the foreground; 0: none. */
struct tty_owner {
    int session, group;
};

/* What is at the other end. */
struct tty_driver {
    /* Sends all, and sleeps for that unless at_once. => bytes; the first one's error (-EINTR, -EAGAIN, -EIO). */
    ssize_t (*send)(struct tty *tty, const char *bytes, size_t count, bool at_once);
    void (*echo)(struct tty *tty, const char *bytes, size_t count); /* never sleeps; tty->lock held */
    void (*has_room)(struct tty *tty); /* a program has read: input that did not fit may be typed */
    int (*opened)(struct tty *tty);    /* NULL: nothing to do */
    void (*closed)(struct tty *tty);   /* an open file is gone. NULL: nothing to do */
};

struct tty {
    const struct tty_driver *driver; /* NULL: not in use yet */
    uint32_t number;                 /* st_rdev of its device */
    struct spinlock lock;            /* guards: line */
    struct waitq readers;
    struct ttyline line;
    struct winsize size;
    bool hung_up;           /* the other end is gone for good */
    struct tty_owner owner; /* guarded by: ttys_lock of tty.c */
    LIST_ENTRY(tty) link;
};

/* A terminal begins and ends; the memory is the driver's. */
void tty_add(struct tty *tty, const struct tty_driver *driver, uint32_t number);
void tty_remove(struct tty *tty);
/* The other end is gone: who reads finds the end, and the session's leader is told. */
void tty_hang_up(struct tty *tty);
/* Types what a source gives, as long as there is room. */
typedef bool tty_source(void *from, uint8_t *byte);
void tty_type(struct tty *tty, tty_source *source, void *from);
/* Makes a file that is being opened one of this terminal. */
int tty_open(struct tty *tty, struct file *file);
/* ioctl, but for what concerns processes. */
int64_t tty_control(struct tty *tty, uint64_t request, vaddr_t argument);

bool tty_is(const struct file *file);
struct tty *tty_of(const struct file *file); /* NULL: no terminal */
struct tty *tty_of_session(int session);     /* NULL: it has none */
struct tty_owner tty_owner(const struct tty *tty);
void tty_set_owner(struct tty *tty, struct tty_owner owner);

/* What this layer, which knows no processes, asks of one that does (sys/terminal.c). */
struct tty_jobs {
    /* For ^C and its like, from the interrupt. */
    void (*signal)(int group, int number);
    /* May the current process read (SIGTTIN) or write (SIGTTOU) now? => 0; -EINTR: its group got the signal; -EIO. */
    int (*refuse)(const struct tty *tty, int number);
    int (*session)(void); /* the current process's */
    void (*hang_up)(int session);
};
extern const struct tty_jobs *tty_jobs; /* NULL before anybody uses a terminal */
