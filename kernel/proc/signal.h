/* SPDX-License-Identifier: MIT */
/* signal.h - signals: sending, default actions, handlers.
 *
 * signal.c keeps what is pending, blocked and wanted; deliver.c acts on it on the way back to ring 3. */
#pragma once

#include <proc/task.h>
#include <sched/spinlock.h>
#include <types.h>

struct process;
struct trapframe;

#define SIGNAL_MAX 64

/* What caused a signal, for si_code, si_addr and the report. */
struct signal_info {
    int number, code;
    vaddr_t address;             /* of a fault */
    int pid, uid;                /* of kill; of the child that exited or stopped */
    uint64_t trap, error;        /* vector and error code, for the ucontext */
    int status;                  /* of SIGCHLD: exit code or signal */
    uint64_t user_ns, system_ns; /* of SIGCHLD */
    uint64_t value;              /* of sigqueue */
};

/* What a process wants done; laid out as rt_sigaction(2) passes it. */
struct signal_action {
    uint64_t handler; /* SIG_DFL, SIG_IGN or the address */
    uint64_t flags;   /* SA_ */
    uint64_t restorer;
    uint64_t mask;
};

/* What the threads of a process share. Each has pending signals, a blocked set and a stack of its own in struct
 * task. */
struct signals {
    struct spinlock lock;           /* guards all below, and what the tasks have of their own */
    struct pending_signals pending; /* for the process: any thread may take them */
    uint64_t set;                   /* those whose action was ever set; of others `actions` says nothing */
    uint64_t ignored, caught;       /* sets made from `actions` */
    struct signal_action actions[SIGNAL_MAX]; /* of signal n: [n - 1] */
};

static inline uint64_t signal_bit(int number)
{
    return 1UL << (number - 1);
}

static inline struct signal_action signal_action(const struct signals *signals, int number)
{
    return signals->set & signal_bit(number) ? signals->actions[number - 1] : (struct signal_action){0};
}

/* ---- signal.c ---- */

struct signals *signals_create(void); /* all defaults. => NULL when memory is short */
/* Actions are inherited, pending signals are not. */
struct signals *signals_fork(const struct signals *from);
/* execve: handlers are gone, what is ignored stays so. */
void signals_exec(struct signals *signals);
void signals_free(struct signals *signals);
/* A thread ends: what was sent to it alone is forgotten. */
void signals_task_end(struct task *task);

/* Makes the signal pending and wakes a thread of the process that does not block it. number 0 only tests.
 * => 0, -EINVAL. */
int signal_send(struct process *process, const struct signal_info *info);
/* The same for this thread alone. */
int signal_send_task(struct task *task, const struct signal_info *info);
/* All threads of the process, but for `except`, come to signal_deliver() soon. */
void signal_summon(struct process *process, const struct task *except);
/* Others may have to take what waits for the process: this thread is ending. */
void signal_hand_over(struct task *task);
/* kill(2) by pid, 0, -1, -group. => 0, -ESRCH, -EINVAL, -EPERM. */
int signal_kill(int pid, int number);
/* The signals of `mask` that wait for the thread, its own and its process's. */
uint64_t signal_waiting(const struct task *task, uint64_t mask);
/* Takes the signal of `mask` that is to be handled next by the current thread. => false: none. */
bool signal_take(struct task *task, uint64_t mask, struct signal_info *info);
/* The current thread sleeps for these although they are blocked; 0: no longer. */
void signal_set_wanted(struct task *task, uint64_t wanted);
/* The current thread's. */
void signal_set_blocked(struct task *task, uint64_t blocked);
/* Another set while a call waits. The old one comes back when a handler returns or the first signal has none (then
 * the call answers -EINTR); otherwise the call itself ends it. */
void signal_mask_begin(struct task *task, uint64_t blocked);
void signal_mask_end(struct task *task);
/* Replaces an action (wanted may be NULL) after it was copied to *old (may be NULL). => 0, -EINVAL. */
int signal_set_action(struct process *process, int number, const struct signal_action *wanted,
                      struct signal_action *old);
/* Does the parent want its children to go without a word (SIGCHLD ignored, SA_NOCLDWAIT)? */
bool signal_children_ignored(const struct process *parent);

/* As si_signo and so on: what a handler or rt_sigtimedwait is told. */
struct siginfo;
void signal_describe(const struct signal_info *info, struct siginfo *to);

enum signal_default { SIGNAL_TERMINATE, SIGNAL_IGNORE, SIGNAL_STOP };
enum signal_default signal_default(int number);

/* ---- deliver.c ---- */

/* A fault of the current thread: cannot be ignored or blocked (then it kills). */
void signal_fault(struct trapframe *frame, const struct signal_info *info);
/* Takes the pending signals of the current process: the default action (may not return), or sets `frame` up
 * for a handler. */
void signal_deliver(struct trapframe *frame);
