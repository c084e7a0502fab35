/* SPDX-License-Identifier: MIT */
/* timer.h - signals when a time has come: alarm(2), setitimer(2), timer_create(2). See timer.c. */
#pragma once

#include <proc/timers.h>

struct process;

void timers_init(struct process *process);
/* execve: what timer_create made is gone. */
void timers_exec(struct process *process);
/* The end: none rings any more. */
void timers_end(struct process *process);

/* due: as the timer's clock counts; 0: never. */
void timer_set(struct timer *timer, uint64_t due, uint64_t interval);
uint64_t timer_now(const struct timer *timer);  /* by its clock */
uint64_t timer_left(const struct timer *timer); /* until it is due; 0: it is not set */
/* A copy of the template (process, clock, clock_tid, signal, tid, value) with a number of its own. => NULL when memory is short. */
struct timer *timer_make(const struct timer *template);
struct timer *timer_find(struct process *process, int id); /* NULL: none */
void timer_delete(struct timer *timer);
/* A signal of the timer is taken: what timer_getoverrun(2) tells from now on. */
void timer_told(struct process *process, int id, int overrun);
