/* SPDX-License-Identifier: MIT */
/* signal.c - what is pending, what is blocked, what is wanted: the book-keeping of signals.
 *
 * A signal that would be ignored is dropped at once, so whatever is pending has an effect once it is let
 * through; then the thread carries THREAD_SIGNAL and the return path calls deliver.c. The information that
 * goes with a signal is queued; when memory is short the signal still comes, with none. Standard signals are
 * pending at most once, real-time ones queue.
 *
 * Lock: signals->lock guards a process's state; the process itself stays while the caller does not sleep.
 * Not here: groups of threads; every signal is for the process's only thread. */
#include <asm-generic/errno.h>
#include <mm/kmem.h>
#include <proc/process.h>
#include <proc/signal.h>
#include <string.h>

#include <asm/signal.h>

#include <asm-generic/siginfo.h>

#define HANDLER_DEFAULT 0UL /* SIG_DFL, SIG_IGN as numbers */
#define HANDLER_IGNORE 1UL

struct queued_signal {
    struct signal_info info;
    TAILQ_ENTRY(queued_signal) link;
};

static struct kmem_cache signals_cache = KMEM_CACHE("signals", struct signals);
static struct kmem_cache queued_cache = KMEM_CACHE("queued_signal", struct queued_signal);

#define BIT(number) (1UL << ((number)-1))
#define NOT_BLOCKABLE (BIT(SIGKILL) | BIT(SIGSTOP))
#define DEFAULT_IGNORE (BIT(SIGCHLD) | BIT(SIGCONT) | BIT(SIGURG) | BIT(SIGWINCH))
#define DEFAULT_STOP (BIT(SIGSTOP) | BIT(SIGTSTP) | BIT(SIGTTIN) | BIT(SIGTTOU))
/* Taken first: they belong to the instruction that was interrupted. */
#define SYNCHRONOUS (BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGILL) | BIT(SIGTRAP) | BIT(SIGFPE) | BIT(SIGSYS))

enum signal_default signal_default(int number)
{
    if (signal_bit(number) & DEFAULT_IGNORE)
        return SIGNAL_IGNORE;
    return signal_bit(number) & DEFAULT_STOP ? SIGNAL_STOP : SIGNAL_TERMINATE;
}

/* ---- Life ---- */

struct signals *signals_create(void)
{
    struct signals *signals = kmem_zalloc(&signals_cache);
    if (signals)
        TAILQ_INIT(&signals->queue);
    return signals;
}

struct signals *signals_fork(const struct signals *from)
{
    struct signals *signals = kmem_alloc(&signals_cache);
    if (!signals)
        return NULL;
    memcpy(signals, from, sizeof(*signals));
    signals->lock = (struct spinlock){0};
    signals->pending = 0;
    signals->restore_blocked = false;
    TAILQ_INIT(&signals->queue);
    return signals;
}

void signals_exec(struct signals *signals)
{
    spin_lock(&signals->lock);
    for (uint64_t caught = signals->caught; caught; caught &= caught - 1)
        signals->actions[__builtin_ctzl(caught)].handler = HANDLER_DEFAULT;
    signals->caught = 0;
    for (unsigned i = 0; i < SIGNAL_MAX; i++) {
        signals->actions[i].flags = 0;
        signals->actions[i].mask = 0;
    }
    signals->stack_size = 0;
    signals->stack_base = 0;
    signals->stack_disarm = false;
    spin_unlock(&signals->lock);
}

/* Takes the infos of these signals out of the queue, and the signals out of the pending set. */
static void forget(struct signals *signals, uint64_t set)
{
    struct queued_signal *queued = TAILQ_FIRST(&signals->queue);
    while (queued) {
        struct queued_signal *next = TAILQ_NEXT(queued, link);
        if (signal_bit(queued->info.number) & set) {
            TAILQ_REMOVE(&signals->queue, queued, link);
            kmem_free(&queued_cache, queued);
        }
        queued = next;
    }
    signals->pending &= ~set;
}

void signals_free(struct signals *signals)
{
    forget(signals, ~0UL);
    kmem_free(&signals_cache, signals);
}

/* ---- Sending ---- */

/* Keeps THREAD_SIGNAL of the thread equal to "a signal waits that is not blocked". */
static void update_thread(struct process *process)
{
    struct signals *signals = process->signals;
    struct thread *thread = process->thread;
    if (!thread)
        return;
    if (signals->pending & ~signals->blocked)
        thread_notify(thread, THREAD_SIGNAL);
    else if (thread->pending & THREAD_SIGNAL)
        __atomic_and_fetch(&thread->pending, ~THREAD_SIGNAL, __ATOMIC_RELAXED);
}

/* A blocked signal is kept even if it is ignored now: the action may change before it is let through. */
static bool would_be_ignored(const struct process *process, const struct signal_info *info)
{
    const struct signals *signals = process->signals;
    uint64_t bit = signal_bit(info->number);
    if (signals->blocked & bit & ~NOT_BLOCKABLE)
        return false;
    if (signals->ignored & bit)
        return true;
    if (signals->caught & bit)
        return false;
    if (signal_default(info->number) == SIGNAL_IGNORE)
        return true;
    /* Of others pid 1 gets only signals that it asked for: nobody would be left to take its children. */
    return process->pid == 1 && info->code <= 0;
}

static void resume(struct process *process, bool tell)
{
    if (process->stop_signal == 0)
        return;
    process->stop_signal = 0;
    process->stop_unreported = false;
    process->continue_unreported = tell;
    waitq_wake(&process->stopped, WAKE_ALL);
    if (tell && process->parent)
        waitq_wake(&process->parent->child_exited, WAKE_ALL);
}

/* What a signal does to others by merely being sent: continuing cancels stopping, and the other way round. */
static void cancel_opposites(struct process *process, int number)
{
    uint64_t bit = signal_bit(number);
    if (bit & DEFAULT_STOP)
        forget(process->signals, BIT(SIGCONT));
    if (number == SIGCONT)
        forget(process->signals, DEFAULT_STOP);
    if (number == SIGCONT || number == SIGKILL)
        resume(process, number == SIGCONT);
}

static void enqueue(struct signals *signals, const struct signal_info *info)
{
    uint64_t bit = signal_bit(info->number);
    if ((signals->pending & bit) && info->number < SIGRTMIN)
        return;
    signals->pending |= bit;
    struct queued_signal *queued = kmem_alloc(&queued_cache);
    if (!queued)
        return;
    queued->info = *info;
    TAILQ_INSERT_TAIL(&signals->queue, queued, link);
}

int signal_send(struct process *process, const struct signal_info *info)
{
    if (info->number < 0 || info->number > SIGNAL_MAX)
        return -EINVAL;
    struct signals *signals = process->signals;
    if (info->number == 0 || !signals)
        return 0;
    spin_lock(&signals->lock);
    cancel_opposites(process, info->number);
    if (!would_be_ignored(process, info)) {
        enqueue(signals, info);
        update_thread(process);
    }
    spin_unlock(&signals->lock);
    return 0;
}

/* kill(0), kill(-group), kill(-1): all whose group it is, or all but pid 1 and the caller. */
static int send_to_many(int group, bool everybody, const struct signal_info *info)
{
    int result = -ESRCH;
    const struct process *self = current_process();
    for (struct process *process = process_next(1); process; process = process_next(process->pid + 1)) {
        bool chosen = everybody ? process->pid != 1 && process != self : process->group == group;
        if (!chosen)
            continue;
        result = signal_send(process, info);
    }
    return result;
}

int signal_kill(int pid, int number)
{
    if (number < 0 || number > SIGNAL_MAX)
        return -EINVAL;
    struct signal_info info = {.number = number, .code = SI_USER, .pid = current_process()->pid};
    if (pid > 0) {
        struct process *process = process_find(pid);
        return process ? signal_send(process, &info) : -ESRCH;
    }
    if (pid == 0)
        return send_to_many(current_process()->group, false, &info);
    if (pid == INT32_MIN)
        return -ESRCH;
    return send_to_many(-pid, pid == -1, &info);
}

/* ---- Taking ---- */

bool signal_pending(struct process *process)
{
    const struct signals *signals = process->signals;
    return signals && (signals->pending & ~signals->blocked);
}

static int choose(uint64_t ready)
{
    if (ready & BIT(SIGKILL))
        return SIGKILL;
    if (ready & SYNCHRONOUS)
        ready &= SYNCHRONOUS;
    return __builtin_ctzl(ready) + 1;
}

/* The oldest info of the signal; *more: another one of the same number waits. */
static struct queued_signal *find_queued(struct signals *signals, int number, bool *more)
{
    struct queued_signal *first = NULL, *queued = NULL;
    *more = false;
    TAILQ_FOREACH (queued, &signals->queue, link) {
        if (queued->info.number != number)
            continue;
        if (first) {
            *more = true;
            break;
        }
        first = queued;
    }
    return first;
}

static void take_number(struct signals *signals, int number, struct signal_info *info)
{
    bool more;
    struct queued_signal *queued = find_queued(signals, number, &more);
    *info = (struct signal_info){.number = number, .code = SI_USER};
    if (queued) {
        *info = queued->info;
        TAILQ_REMOVE(&signals->queue, queued, link);
        kmem_free(&queued_cache, queued);
    }
    if (!more)
        signals->pending &= ~signal_bit(number);
}

bool signal_take(struct process *process, struct signal_info *info)
{
    struct signals *signals = process->signals;
    spin_lock(&signals->lock);
    uint64_t ready = signals->pending & ~signals->blocked;
    if (ready)
        take_number(signals, choose(ready), info);
    update_thread(process);
    spin_unlock(&signals->lock);
    return ready != 0;
}

/* ---- Wanting ---- */

void signal_set_blocked(struct process *process, uint64_t blocked)
{
    struct signals *signals = process->signals;
    spin_lock(&signals->lock);
    signals->blocked = blocked & ~NOT_BLOCKABLE;
    update_thread(process);
    spin_unlock(&signals->lock);
}

void signal_mask_begin(struct process *process, uint64_t blocked)
{
    process->signals->saved_blocked = process->signals->blocked;
    process->signals->restore_blocked = true;
    signal_set_blocked(process, blocked);
}

void signal_mask_end(struct process *process)
{
    process->signals->restore_blocked = false;
    signal_set_blocked(process, process->signals->saved_blocked);
}

static void apply_action(struct process *process, int number, const struct signal_action *wanted)
{
    struct signals *signals = process->signals;
    uint64_t bit = signal_bit(number);
    signals->actions[number - 1] = *wanted;
    signals->actions[number - 1].mask &= ~NOT_BLOCKABLE;
    signals->ignored &= ~bit;
    signals->caught &= ~bit;
    if (wanted->handler == HANDLER_IGNORE)
        signals->ignored |= bit;
    else if (wanted->handler != HANDLER_DEFAULT)
        signals->caught |= bit;
    /* What waits and is not wanted any more goes, blocked or not (POSIX). */
    if ((signals->ignored & bit) ||
        (wanted->handler == HANDLER_DEFAULT && signal_default(number) == SIGNAL_IGNORE)) {
        forget(signals, bit);
        update_thread(process);
    }
}

int signal_set_action(struct process *process, int number, const struct signal_action *wanted,
                      struct signal_action *old)
{
    if (number < 1 || number > SIGNAL_MAX)
        return -EINVAL;
    if (wanted && (signal_bit(number) & NOT_BLOCKABLE))
        return -EINVAL;
    struct signals *signals = process->signals;
    spin_lock(&signals->lock);
    if (old)
        *old = signals->actions[number - 1];
    if (wanted)
        apply_action(process, number, wanted);
    spin_unlock(&signals->lock);
    return 0;
}

bool signal_children_ignored(const struct process *parent)
{
    const struct signals *signals = parent->signals;
    return (signals->ignored & BIT(SIGCHLD)) || (signals->actions[SIGCHLD - 1].flags & SA_NOCLDWAIT);
}
