/* SPDX-License-Identifier: MIT */
/* process.c - the table of processes, and the one of threads.
 *
 * A process is found by pid through a hash; a bitmap of the pids in use gives the next free one and the next
 * used one, and with it the neighbour in the list of all, which is in pid order. So nothing here walks over
 * processes, except that after pids have wrapped around a free number must not be the name of a process group
 * or session that still lives. Threads have their numbers from the same store and a hash of their own; a
 * process's number stays in use when its first thread has ended before others.
 *
 * A process is more than this table: its memory, files and signals are made in fork.c and start.c and let go
 * in exit.c. Lock: process_table_lock guards the table, all family links and the states. Nothing sleeps with
 * it held. */
#include <arch/x86/clock.h>
#include <arch/x86/switch.h>
#include <asm-generic/errno.h>
#include <mm/kmap.h>
#include <mm/kmem.h>
#include <mm/kstack.h>
#include <mm/mmstat.h>
#include <proc/process.h>
#include <string.h>
#include <trace/trace.h>

#define PID_AFTER_WRAP 300 /* Linux keeps the low numbers for those who were there first (RESERVED_PIDS) */
#define HASH_SIZE 256
#define WORD_BITS 64

LIST_HEAD(process_bucket, process);
LIST_HEAD(task_bucket, task);

static struct kmem_cache process_cache = KMEM_CACHE("process", struct process);
static struct kmem_cache task_cache = KMEM_CACHE("task", struct task);

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
    spin_lock(&process_table_lock);
    int tid = task->thread.process->ending ? 0 : enter_task(task);
    spin_unlock(&process_table_lock);
    return tid ? 0 : -EAGAIN;
}

int process_enter(struct process *process, struct process *parent, struct task *task)
{
    spin_lock(&process_table_lock);
    int pid = enter_task(task);
    if (pid == 0) {
        spin_unlock(&process_table_lock);
        return -EAGAIN;
    }
    process->pid = pid;
    process->parent = parent;
    if (parent)
        TAILQ_INSERT_TAIL(&parent->children, process, sibling);
    insert_in_order(process);
    LIST_INSERT_HEAD(bucket_of(pid), process, hash);
    live_count++;
    spin_unlock(&process_table_lock);
    return 0;
}

bool task_leave(struct task *task)
{
    struct process *process = task->thread.process;
    struct process_usage used;
    task_usage(task, &used);
    spin_lock(&process_table_lock);
    TAILQ_REMOVE(&process->tasks, task, sibling);
    LIST_REMOVE(task, hash);
    if (task->thread.tid != process->pid)
        pid_release(task->thread.tid);
    used.user_ns += used.system_ns; /* it is split for all threads together */
    used.system_ns = 0;
    usage_add(&process->ended, &used);
    process->ended_user_ticks += task->thread.user_ticks;
    process->ended_system_ticks += task->thread.system_ticks;
    bool last = TAILQ_EMPTY(&process->tasks);
    if (process->survivor)
        waitq_wake(&process->task_gone, WAKE_ALL);
    spin_unlock(&process_table_lock);
    return last;
}

void task_become_main(struct task *task)
{
    struct process *process = task->thread.process;
    if (task->thread.tid == process->pid)
        return;
    spin_lock(&process_table_lock);
    LIST_REMOVE(task, hash);
    pid_release(task->thread.tid);
    task->thread.tid = process->pid;
    LIST_INSERT_HEAD(task_bucket_of(process->pid), task, hash);
    spin_unlock(&process_table_lock);
}

void process_leave(struct process *process)
{
    spin_lock(&process_table_lock);
    assert(TAILQ_EMPTY(&process->children));
    if (process->parent)
        TAILQ_REMOVE(&process->parent->children, process, sibling);
    TAILQ_REMOVE(&all_processes, process, all);
    LIST_REMOVE(process, hash);
    pid_release(process->pid);
    live_count--;
    spin_unlock(&process_table_lock);
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

/* ---- The structures ---- */

struct task *task_alloc(struct process *process)
{
    struct task *task = kmem_alloc(&task_cache);
    if (!task)
        return NULL;
    memset(task, 0, offsetof(struct task, fpu));
    task->thread.fpu = task->fpu;
    task->thread.process = process;
    TAILQ_INIT(&task->pending.queue);
    task->thread.stack_top = kstack_alloc();
    if (task->thread.stack_top)
        return task;
    kmem_free(&task_cache, task);
    return NULL;
}

struct process *process_alloc(void)
{
    struct process *process = kmem_zalloc(&process_cache);
    if (!process)
        return NULL;
    process->started_ns = clock_now();
    TAILQ_INIT(&process->tasks);
    TAILQ_INIT(&process->children);
    waitq_init(&process->task_gone);
    waitq_init(&process->child_exited);
    waitq_init(&process->stopped);
    return process;
}

void task_free(struct task *task)
{
    assert(TAILQ_EMPTY(&task->pending.queue));
    kstack_free(task->thread.stack_top);
    kmem_free(&task_cache, task);
}

void process_free(struct process *process)
{
    assert(TAILQ_EMPTY(&process->tasks) && !process->aspace && !process->files && !process->cwd &&
           !process->signals);
    kmem_free(&process_cache, process);
}

/* ---- What it owns, what it used ---- */

struct aspace *process_aspace(struct process *process)
{
    if (!process->aspace)
        return NULL;
    aspace_get(process->aspace);
    return process->aspace;
}

void process_drop_resources(struct process *process)
{
    process_refresh_usage(process);
    fdtable_put(process->files);
    process->files = NULL;
    node_put(process->cwd);
    process->cwd = NULL;
    if (process->executable)
        node_put(process->executable);
    process->executable = NULL;

    struct aspace *aspace = process->aspace;
    process->aspace = NULL;
    task_leave_memory();
    aspace_put(aspace);
}

void task_leave_memory(void)
{
    struct thread *thread = current_thread();
    thread->cr3 = kmap_cr3();
    switch_load(this_cpu(), thread->stack_top, thread->cr3, 0);
}

void process_vfork_done(struct process *process)
{
    struct vfork_wait *wait = process->vfork;
    if (!wait)
        return;
    spin_lock(&process_table_lock);
    process->vfork = NULL;
    wait->done = true;
    waitq_wake(&wait->queue, WAKE_ALL);
    spin_unlock(&process_table_lock);
}

/* Without a tick in ring 0 all counts as user time. By tick, not in one product: it would overflow within the
 * hour. */
static uint64_t system_share(uint64_t total, uint64_t user_ticks, uint64_t system_ticks)
{
    uint64_t ticks = user_ticks + system_ticks;
    return ticks ? MIN(total, total / ticks * system_ticks) : 0;
}

void process_times(const struct process *process, uint64_t *user_ns, uint64_t *system_ns)
{
    uint64_t total = process->ended.user_ns, user_ticks = process->ended_user_ticks,
             system_ticks = process->ended_system_ticks;
    const struct task *task = NULL;
    TAILQ_FOREACH (task, &process->tasks, sibling) {
        total += thread_cpu_ns(&task->thread);
        user_ticks += task->thread.user_ticks;
        system_ticks += task->thread.system_ticks;
    }
    *system_ns = system_share(total, user_ticks, system_ticks);
    *user_ns = total - *system_ns;
}

void task_usage(const struct task *task, struct process_usage *usage)
{
    const struct thread *thread = &task->thread;
    uint64_t total = thread_cpu_ns(thread);
    uint64_t system_ns = system_share(total, thread->user_ticks, thread->system_ticks);
    *usage = (struct process_usage){
        .minor_faults = task->minor_faults,
        .user_ns = total - system_ns,
        .system_ns = system_ns,
        .voluntary_switches = thread->voluntary_switches,
        .involuntary_switches = thread->involuntary_switches,
        .peak_resident = thread->process->usage.peak_resident,
    };
}

void process_refresh_usage(struct process *process)
{
    struct process_usage *usage = &process->usage;
    const struct task *task = NULL;
    process_times(process, &usage->user_ns, &usage->system_ns);
    usage->voluntary_switches = process->ended.voluntary_switches;
    usage->involuntary_switches = process->ended.involuntary_switches;
    TAILQ_FOREACH (task, &process->tasks, sibling) {
        usage->voluntary_switches += task->thread.voluntary_switches;
        usage->involuntary_switches += task->thread.involuntary_switches;
    }
    if (!process->aspace)
        return;
    usage->minor_faults = process->past_faults + process->aspace->faults;
    usage->peak_resident = MAX(usage->peak_resident, mmstat_peak_resident(process->aspace));
}

void process_reap(struct process *process)
{
    struct process *parent = process->parent;
    assert(process->state == PROCESS_ZOMBIE);
    if (parent) {
        usage_add(&parent->children_usage, &process->usage);
        usage_add(&parent->children_usage, &process->children_usage);
    }
    process_leave(process);
    process_free(process);
}

void usage_add(struct process_usage *to, const struct process_usage *from)
{
    to->minor_faults += from->minor_faults;
    to->major_faults += from->major_faults;
    to->user_ns += from->user_ns;
    to->system_ns += from->system_ns;
    to->voluntary_switches += from->voluntary_switches;
    to->involuntary_switches += from->involuntary_switches;
    to->peak_resident = MAX(to->peak_resident, from->peak_resident);
}

void usage_fill(const struct process_usage *usage, struct rusage *rusage)
{
    memset(rusage, 0, sizeof(*rusage));
    rusage->ru_utime.tv_sec = (long)(usage->user_ns / NS_PER_SECOND);
    rusage->ru_utime.tv_usec = (long)(usage->user_ns % NS_PER_SECOND / 1000);
    rusage->ru_stime.tv_sec = (long)(usage->system_ns / NS_PER_SECOND);
    rusage->ru_stime.tv_usec = (long)(usage->system_ns % NS_PER_SECOND / 1000);
    rusage->ru_maxrss = (long)(usage->peak_resident * (PAGE_SIZE / KIB));
    rusage->ru_minflt = (long)usage->minor_faults;
    rusage->ru_majflt = (long)usage->major_faults;
    rusage->ru_nvcsw = (long)usage->voluntary_switches;
    rusage->ru_nivcsw = (long)usage->involuntary_switches;
}
