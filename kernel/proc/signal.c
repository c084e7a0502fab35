/* SPDX-License-Identifier: MIT */
/* signal.c - what is pending, what is blocked, what is wanted: the book-keeping of signals.
 *
 * A signal that would be ignored is dropped at once, so whatever is pending has an effect once it is let
 * through; then the thread carries THREAD_SIGNAL and the return path calls deliver.c. The information that
 * goes with a signal is queued; when memory is short the signal still comes, with none. Standard signals are
 * pending at most once, real-time ones queue.
 *
 * A signal is for a process, and then any thread that does not block it may take it, or for one thread. Only a
 * thread itself takes THREAD_SIGNAL off: one that was called and finds nothing left (another took it) still has
 * to see that its interrupted system call is started again.
 *
 * Lock: signals->lock guards a process's state and its threads'; both stay while the caller does not sleep. */
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
/* Others are taken away: so a program can ask which there are (sigaction(2), SA_UNSUPPORTED). */
#define KNOWN_FLAGS                                                                                          \
    (SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_EXPOSE_TAGBITS | SA_ONSTACK | SA_RESTART | SA_NODEFER |   \
     SA_RESETHAND | SA_RESTORER)
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

/* All defaults. */
struct signals *signals_create(void)
{
    struct signals *signals = kmem_alloc(&signals_cache);
    if (!signals)
        return NULL;
    memset(signals, 0, offsetof(struct signals, actions));
    TAILQ_INIT(&signals->pending.queue);
    return signals;
}

struct signals *signals_fork(const struct signals *from)
{
    struct signals *signals = signals_create();
    if (!signals)
        return NULL;
    signals->set = from->set;
    signals->ignored = from->ignored;
    signals->caught = from->caught;
    for (uint64_t set = from->set; set; set &= set - 1)
        signals->actions[__builtin_ctzl(set)] = from->actions[__builtin_ctzl(set)];
    return signals;
}

void signals_exec(struct signals *signals)
{
    SPIN_GUARD(&signals->lock);
    signals->set &= signals->ignored;
    for (uint64_t set = signals->set; set; set &= set - 1)
        signals->actions[__builtin_ctzl(set)] = (struct signal_action){.handler = HANDLER_IGNORE};
    signals->caught = 0;
}

/* Takes the infos of these signals out of the queue, and the signals out of the pending set. */
static void forget(struct pending_signals *pending, uint64_t set)
{
    struct queued_signal *queued = TAILQ_FIRST(&pending->queue);
    while (queued) {
        struct queued_signal *next = TAILQ_NEXT(queued, link);
        if (signal_bit(queued->info.number) & set) {
            TAILQ_REMOVE(&pending->queue, queued, link);
            kmem_free(&queued_cache, queued);
        }
        queued = next;
    }
    pending->set &= ~set;
}

/* The process's and those of each of its threads. */
static void forget_all(struct process *process, uint64_t set)
{
    struct task *task = NULL;
    forget(&process->signals->pending, set);
    TAILQ_FOREACH (task, &process->tasks, sibling)
        forget(&task->pending, set);
}

void signals_free(struct signals *signals)
{
    forget(&signals->pending, ~0UL);
    kmem_free(&signals_cache, signals);
}

void signals_task_end(struct task *task)
{
    forget(&task->pending, ~0UL);
}

/* ---- Sending ---- */

uint64_t signal_waiting(const struct task *task, uint64_t mask)
{
    return (task->pending.set | task->thread.process->signals->pending.set) & mask;
}

/* Those that wake the thread when they come. */
static uint64_t let_through(const struct task *task)
{
    return ~task->blocked | task->wanted;
}

/* The oldest thread that takes this signal of the process's. => NULL: all block it. */
static struct task *choose_task(const struct process *process, uint64_t bit, const struct task *except)
{
    struct task *task = NULL;
    TAILQ_FOREACH (task, &process->tasks, sibling)
        if (task != except && (let_through(task) & bit))
            return task;
    return NULL;
}

void signal_summon(struct process *process, const struct task *except)
{
    struct task *task = NULL;
    TAILQ_FOREACH (task, &process->tasks, sibling)
        if (task != except)
            thread_notify(&task->thread, THREAD_SIGNAL);
}

/* Of what waits for the process, each of `set` that this thread will not take any more goes to another one. */
static void hand_over(struct task *task, uint64_t set)
{
    const struct process *process = task->thread.process;
    for (set &= process->signals->pending.set; set; set &= set - 1) {
        struct task *other = choose_task(process, set & -set, task);
        if (other)
            thread_notify(&other->thread, THREAD_SIGNAL);
    }
}

void signal_hand_over(struct task *task)
{
    SPIN_GUARD(&task->thread.process->signals->lock);
    hand_over(task, ~task->blocked);
    task->blocked = ~0UL;
}

/* A blocked signal is kept even if it is ignored now: the action may change before it is let through. */
static bool would_be_ignored(const struct process *process, const struct task *task,
                             const struct signal_info *info)
{
    const struct signals *signals = process->signals;
    uint64_t bit = signal_bit(info->number);
    if (task && (task->blocked & bit & ~NOT_BLOCKABLE))
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
        forget_all(process, BIT(SIGCONT));
    if (number == SIGCONT)
        forget_all(process, DEFAULT_STOP);
    if (number == SIGCONT || number == SIGKILL)
        resume(process, number == SIGCONT);
}

/* A timer's signal waits already: then it has overrun. Other signals of the same number are no reason not to queue it. */
static bool count_overrun(struct pending_signals *pending, const struct signal_info *info)
{
    struct queued_signal *queued = NULL;
    TAILQ_FOREACH (queued, &pending->queue, link)
        if (queued->info.code == SI_TIMER && queued->info.pid == info->pid)
            break;
    if (queued && __builtin_add_overflow(queued->info.uid, info->uid + 1, &queued->info.uid))
        queued->info.uid = INT32_MAX;
    return queued;
}

static void enqueue(struct pending_signals *pending, const struct signal_info *info)
{
    uint64_t bit = signal_bit(info->number);
    if (info->code == SI_TIMER ? count_overrun(pending, info)
                               : (pending->set & bit) && info->number < SIGRTMIN)
        return;
    pending->set |= bit;
    struct queued_signal *queued = kmem_alloc(&queued_cache);
    if (!queued)
        return;
    queued->info = *info;
    TAILQ_INSERT_TAIL(&pending->queue, queued, link);
}

/* task NULL: for the process. What the first thread blocks counts as blocked, as on Linux. */
static int send(struct process *process, struct task *task, const struct signal_info *info)
{
    if (info->number < 0 || info->number > SIGNAL_MAX)
        return -EINVAL;
    struct signals *signals = process->signals;
    if (info->number == 0 || !signals)
        return 0;
    SPIN_GUARD(&signals->lock);
    cancel_opposites(process, info->number);
    if (would_be_ignored(process, task ? task : process_main(process), info))
        return 0;
    uint64_t bit = signal_bit(info->number);
    enqueue(task ? &task->pending : &signals->pending, info);
    if (!task)
        task = choose_task(process, bit, NULL);
    if (task && (let_through(task) & bit))
        thread_notify(&task->thread, THREAD_SIGNAL);
    return 0;
}

int signal_send(struct process *process, const struct signal_info *info)
{
    return send(process, NULL, info);
}

int signal_send_task(struct task *task, const struct signal_info *info)
{
    return send(task->thread.process, task, info);
}

/* kill(0), kill(-group), kill(-1): all whose group it is, or all but pid 1 and the caller. */
static int send_to_many(int group, bool everybody, const struct signal_info *info)
{
    int result = -ESRCH;
    const struct process *self = current_process();
    PROCESS_FOREACH (process) {
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

static int choose(uint64_t ready)
{
    if (ready & BIT(SIGKILL))
        return SIGKILL;
    if (ready & SYNCHRONOUS)
        ready &= SYNCHRONOUS;
    return __builtin_ctzl(ready) + 1;
}

/* The oldest info of the signal; *more: another one of the same number waits. */
static struct queued_signal *find_queued(struct pending_signals *pending, int number, bool *more)
{
    struct queued_signal *first = NULL, *queued = NULL;
    *more = false;
    TAILQ_FOREACH (queued, &pending->queue, link) {
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

static void take_number(struct pending_signals *pending, int number, struct signal_info *info)
{
    bool more;
    struct queued_signal *queued = find_queued(pending, number, &more);
    *info = (struct signal_info){.number = number, .code = SI_USER};
    if (queued) {
        *info = queued->info;
        TAILQ_REMOVE(&pending->queue, queued, link);
        kmem_free(&queued_cache, queued);
    }
    if (!more)
        pending->set &= ~signal_bit(number);
}

/* Keeps THREAD_SIGNAL of the current thread equal to "there is something to do in signal_deliver()". */
static inline void update_self(struct task *task)
{
    const struct process *process = task->thread.process;
    if (signal_waiting(task, let_through(task)) || process->ending || process->stop_signal)
        thread_notify(&task->thread, THREAD_SIGNAL);
    else if (task->thread.pending & THREAD_SIGNAL)
        __atomic_and_fetch(&task->thread.pending, ~THREAD_SIGNAL, __ATOMIC_RELAXED);
}

/* The thread's own first. */
bool signal_take(struct task *task, uint64_t mask, struct signal_info *info)
{
    struct signals *signals = task->thread.process->signals;
    SPIN_GUARD(&signals->lock);
    struct pending_signals *pending = task->pending.set & mask ? &task->pending : &signals->pending;
    uint64_t ready = pending->set & mask;
    if (ready)
        take_number(pending, choose(ready), info);
    update_self(task);
    return ready != 0;
}

/* ---- Wanting ---- */

void signal_set_wanted(struct task *task, uint64_t wanted)
{
    SPIN_GUARD(&task->thread.process->signals->lock);
    task->wanted = wanted;
    update_self(task);
}

void signal_set_blocked(struct task *task, uint64_t blocked)
{
    struct signals *signals = task->thread.process->signals;
    SPIN_GUARD(&signals->lock);
    uint64_t newly = blocked & ~task->blocked;
    task->blocked = blocked & ~NOT_BLOCKABLE;
    if (signals->pending.set & newly)
        hand_over(task, newly);
    update_self(task);
}

void signal_mask_begin(struct task *task, uint64_t blocked)
{
    task->saved_blocked = task->blocked;
    task->restore_blocked = true;
    signal_set_blocked(task, blocked);
}

void signal_mask_end(struct task *task)
{
    task->restore_blocked = false;
    signal_set_blocked(task, task->saved_blocked);
}

static void apply_action(struct process *process, int number, const struct signal_action *wanted)
{
    struct signals *signals = process->signals;
    uint64_t bit = signal_bit(number);
    signals->set |= bit;
    signals->actions[number - 1] = *wanted;
    signals->actions[number - 1].mask &= ~NOT_BLOCKABLE;
    signals->actions[number - 1].flags &= KNOWN_FLAGS;
    signals->ignored &= ~bit;
    signals->caught &= ~bit;
    if (wanted->handler == HANDLER_IGNORE)
        signals->ignored |= bit;
    else if (wanted->handler != HANDLER_DEFAULT)
        signals->caught |= bit;
    /* What waits and is not wanted any more goes, blocked or not (POSIX). */
    if ((signals->ignored & bit) ||
        (wanted->handler == HANDLER_DEFAULT && signal_default(number) == SIGNAL_IGNORE))
        forget_all(process, bit);
}

int signal_set_action(struct process *process, int number, const struct signal_action *wanted,
                      struct signal_action *old)
{
    if (number < 1 || number > SIGNAL_MAX)
        return -EINVAL;
    if (wanted && (signal_bit(number) & NOT_BLOCKABLE))
        return -EINVAL;
    struct signals *signals = process->signals;
    SPIN_GUARD(&signals->lock);
    if (old)
        *old = signal_action(signals, number);
    if (wanted)
        apply_action(process, number, wanted);
    return 0;
}

bool signal_children_ignored(const struct process *parent)
{
    const struct signals *signals = parent->signals;
    return (signals->ignored & BIT(SIGCHLD)) || (signal_action(signals, SIGCHLD).flags & SA_NOCLDWAIT);
}
