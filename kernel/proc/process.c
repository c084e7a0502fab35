/* SPDX-License-Identifier: MIT */
/* process.c - the table of processes, and the one of threads.
 *
 * A process is found by pid through a hash; a bitmap of the pids in use gives the next free one and the next
 * used one, and with it the neighbour in the list of all, which is in pid order. So nothing here walks over
 * processes, except that after pids have wrapped around a free number must not be the name of a process group
 * or session that still lives. Threads have their numbers from the same store and a hash of their own; a
 * process's number stays in use when its first thread has ended before others.
 *
 * A process is more than this table: life.c has its structure and what it owns, usage.c what it has used.
 * Lock: process_table_lock guards the table, all family links and the states. Nothing sleeps with it held. */
#include <asm-generic/errno.h>
#include <proc/process.h>
#include <trace/trace.h>

#define PID_AFTER_WRAP 300 /* Linux keeps the low numbers for those who were there first (RESERVED_PIDS) */
#define HASH_SIZE 256
#define WORD_BITS 64

LIST_HEAD(process_bucket, process);
LIST_HEAD(task_bucket, task);

struct spinlock process_table_lock;
static struct process_bucket buckets[HASH_SIZE];
static struct task_bucket task_buckets[HASH_SIZE];
TAILQ_HEAD(process_list, process);
static struct process_list all_processes = TAILQ_HEAD_INITIALIZER(all_processes);
static uint64_t pid_bits[PID_MAX / WORD_BITS];
static int last_pid;
static bool pids_wrapped;
static unsigned live_count;
static uint64_t forks; /* processes and threads, as Linux counts */

void process_init(void)
{
    pid_bits[0] = 1; /* 0 is nobody */
}

/* ---- Pids ---- */

/* The first pid >= `from` whose bit differs from `skip`'s (0: the next used one, ~0: the next free one), or
 * PID_MAX. */
static int pid_scan(int from, uint64_t skip)
{
    for (int pid = from; pid < PID_MAX; pid = (pid / WORD_BITS + 1) * WORD_BITS) {
        uint64_t word = (pid_bits[pid / WORD_BITS] ^ skip) >> (pid % WORD_BITS);
        if (word)
            return pid + __builtin_ctzl(word);
    }
    return PID_MAX;
}

static bool names_a_group(int pid)
{
    const struct process *process = NULL;
    TAILQ_FOREACH (process, &all_processes, all)
        if (process->group == pid || process->session == pid)
            return true;
    return false;
}

/* => a free pid above the last one given, or 0. */
static int pid_choose(void)
{
    int pid = last_pid + 1;
    for (unsigned rounds = 0; rounds < 2;) {
        pid = pid_scan(pid, ~0UL);
        if (pid >= PID_MAX) {
            pid = PID_AFTER_WRAP;
            pids_wrapped = true;
            rounds++;
        } else if (pids_wrapped && names_a_group(pid)) {
            pid++;
        } else {
            return pid;
        }
    }
    return 0;
}

static struct process_bucket *bucket_of(int pid)
{
    return &buckets[(unsigned)pid % HASH_SIZE];
}

struct process *process_find(int pid)
{
    if (pid <= 0 || pid >= PID_MAX)
        return NULL;
    struct process *process = NULL;
    LIST_FOREACH (process, bucket_of(pid), hash)
        if (process->pid == pid)
            return process;
    return NULL;
}

struct process *process_next(int pid)
{
    struct process *process = NULL;
    for (int next = pid - 1; !process && next < PID_MAX;) { /* threads are between */
        next = pid_scan(MAX(next + 1, 1), 0);
        process = process_find(next);
    }
    return process;
}

static struct task_bucket *task_bucket_of(int tid)
{
    return &task_buckets[(unsigned)tid % HASH_SIZE];
}

struct task *task_find(int tid)
{
    struct task *task = NULL;
    LIST_FOREACH (task, task_bucket_of(tid), hash)
        if (task->thread.tid == tid)
            return task;
    return NULL;
}

struct task *process_main(const struct process *process)
{
    struct task *first = TAILQ_FIRST(&process->tasks);
    return first && first->thread.tid == process->pid ? first : NULL;
}

char *task_name(struct task *task)
{
    struct process *process = task->thread.process;
    return task->thread.tid == process->pid ? process->name : task->name;
}

unsigned process_count(void)
{
    return live_count;
}

uint64_t process_forks(void)
{
    return forks;
}

/* ---- Entering and leaving ---- */

static void insert_in_order(struct process *process)
{
    struct process *after = TAILQ_LAST(&all_processes, process_list);
    if (after && after->pid > process->pid) /* pids have wrapped */
        after = process_next(process->pid + 1);
    else
        after = NULL;
    if (after)
        TAILQ_INSERT_BEFORE(after, process, all);
    else
        TAILQ_INSERT_TAIL(&all_processes, process, all);
}

static void pid_release(int pid)
{
    pid_bits[pid / WORD_BITS] &= ~(1UL << (pid % WORD_BITS));
}

/* => 0: no number is free. */
static int enter_task(struct task *task)
{
    struct process *process = task->thread.process;
    int tid = pid_choose();
    if (tid == 0)
        return 0;
    pid_bits[tid / WORD_BITS] |= 1UL << (tid % WORD_BITS);
    task->thread.tid = last_pid = tid;
    task->thread.pid = process->pid ? process->pid : tid;
    trace_thread_born(&task->thread, current_thread());
    TAILQ_INSERT_TAIL(&process->tasks, task, sibling);
    LIST_INSERT_HEAD(task_bucket_of(tid), task, hash);
    process->task_count++;
    forks++;
    return tid;
}

int task_enter(struct task *task)
{
    SPIN_GUARD(&process_table_lock);
    return !task->thread.process->ending && enter_task(task) ? 0 : -EAGAIN;
}

int process_enter(struct process *process, struct process *parent, struct task *task)
{
    SPIN_GUARD(&process_table_lock);
    int pid = enter_task(task);
    if (pid == 0)
        return -EAGAIN;
    process->pid = pid;
    process->parent = parent;
    if (parent)
        TAILQ_INSERT_TAIL(&parent->children, process, sibling);
    insert_in_order(process);
    LIST_INSERT_HEAD(bucket_of(pid), process, hash);
    live_count++;
    return 0;
}

bool task_leave(struct task *task)
{
    struct process *process = task->thread.process;
    struct process_usage used;
    task_usage(task, &used);
    SPIN_GUARD(&process_table_lock);
    TAILQ_REMOVE(&process->tasks, task, sibling);
    LIST_REMOVE(task, hash);
    if (task->thread.tid != process->pid)
        pid_release(task->thread.tid);
    used.user_ns += used.system_ns; /* it is split for all threads together */
    used.system_ns = 0;
    usage_add(&process->ended, &used);
    process->ended_user_ticks += task->thread.user_ticks;
    process->ended_system_ticks += task->thread.system_ticks;
    if (process->survivor)
        waitq_wake(&process->task_gone, WAKE_ALL);
    return TAILQ_EMPTY(&process->tasks);
}

void task_become_main(struct task *task)
{
    struct process *process = task->thread.process;
    if (task->thread.tid == process->pid)
        return;
    SPIN_GUARD(&process_table_lock);
    LIST_REMOVE(task, hash);
    pid_release(task->thread.tid);
    task->thread.tid = process->pid;
    LIST_INSERT_HEAD(task_bucket_of(process->pid), task, hash);
}

void process_leave(struct process *process)
{
    SPIN_GUARD(&process_table_lock);
    assert(TAILQ_EMPTY(&process->children));
    if (process->parent)
        TAILQ_REMOVE(&process->parent->children, process, sibling);
    TAILQ_REMOVE(&all_processes, process, all);
    LIST_REMOVE(process, hash);
    pid_release(process->pid);
    live_count--;
}

void process_trace_only(int pid)
{
    struct process *process = NULL;
    struct task *task = NULL;

    trace_pid = (uint32_t)pid;
    trace_begin_anew();
    TAILQ_FOREACH (process, &all_processes, all)
        TAILQ_FOREACH (task, &process->tasks, sibling)
            task->thread.traced = pid == 0 || process->pid == pid;
}
