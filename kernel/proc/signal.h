/* SPDX-License-Identifier: MIT */
/* signal.h - signals: sending, default actions, handlers.
 *
 * signal.c keeps what is pending, blocked and wanted; deliver.c acts on it on the way back to ring 3. */
#ifndef FAULTLINE_PROC_SIGNAL_H
#define FAULTLINE_PROC_SIGNAL_H

#include <list.h>
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
};

/* What a process wants done; laid out as rt_sigaction(2) passes it. */
struct signal_action {
    uint64_t handler; /* SIG_DFL, SIG_IGN or the address */
    uint64_t flags;   /* SA_ */
    uint64_t restorer;
    uint64_t mask;
};

struct queued_signal; /* signal.c */
TAILQ_HEAD(signal_queue, queued_signal);

/* A set of signals is a word: bit n - 1 is signal n. */
struct signals {
    struct spinlock lock; /* guards all below */
    uint64_t pending, blocked;
    uint64_t ignored, caught; /* sets made from `actions` */
    uint64_t saved_blocked;   /* rt_sigsuspend: the set to go back to */
    bool restore_blocked;
    struct signal_queue queue;                       /* the infos of pending signals, the oldest first */
    vaddr_t stack_base;                              /* sigaltstack */
    uint64_t stack_size;                             /* 0: none */
    bool stack_disarm;                               /* SS_AUTODISARM */
    uint64_t fault_trap, fault_error, fault_address; /* of the last fault, for the sigcontext */
    struct signal_action actions[SIGNAL_MAX];        /* of signal n: [n - 1] */
};

static inline uint64_t signal_bit(int number)
{
    return 1UL << (number - 1);
}

/* ---- signal.c ---- */

struct signals *signals_create(void); /* all defaults. => NULL when memory is short */
/* Actions, blocked set and alternate stack are inherited, pending signals are not. */
struct signals *signals_fork(const struct signals *from);
/* execve: handlers are gone, what is ignored stays so. */
void signals_exec(struct signals *signals);
void signals_free(struct signals *signals);

/* Makes the signal pending and wakes the process. number 0 only tests. => 0, -EINVAL. */
int signal_send(struct process *process, const struct signal_info *info);
/* kill(2) by pid, 0, -1, -group. => 0, -ESRCH, -EINVAL, -EPERM. */
int signal_kill(int pid, int number);
bool signal_pending(struct process *process); /* one that is not blocked */
/* Takes the signal that is to be handled next. => false: none. */
bool signal_take(struct process *process, struct signal_info *info);
void signal_set_blocked(struct process *process, uint64_t blocked);
/* Another set while a call waits. The old one comes back when a handler returns or the first signal has none (then
 * the call answers -EINTR); otherwise the call itself ends it. */
void signal_mask_begin(struct process *process, uint64_t blocked);
void signal_mask_end(struct process *process);
/* Replaces an action (wanted may be NULL) after it was copied to *old (may be NULL). => 0, -EINVAL. */
int signal_set_action(struct process *process, int number, const struct signal_action *wanted,
                      struct signal_action *old);
/* Does the parent want its children to go without a word (SIGCHLD ignored, SA_NOCLDWAIT)? */
bool signal_children_ignored(const struct process *parent);

enum signal_default { SIGNAL_TERMINATE, SIGNAL_IGNORE, SIGNAL_STOP };
enum signal_default signal_default(int number);

/* ---- deliver.c ---- */

/* A fault of the current thread: cannot be ignored or blocked (then it kills). */
void signal_fault(struct trapframe *frame, const struct signal_info *info);
/* Takes the pending signals of the current process: the default action (may not return), or sets `frame` up
 * for a handler. */
void signal_deliver(struct trapframe *frame);

#endif
