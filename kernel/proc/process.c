/* SPDX-License-Identifier: MIT */
/* process.c - the table of processes.
 *
 * A process is found by pid through a hash; a bitmap of the pids in use gives the next free one and the next
 * used one, and with it the neighbour in the list of all, which is in pid order. So nothing here walks over
 * processes, except that after pids have wrapped around a free number must not be the name of a process group
 * or session that still lives.
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

#define PID_AFTER_WRAP 300 /* Linux keeps the low numbers for those who were there first (RESERVED_PIDS) */
#define HASH_SIZE 256
#define WORD_BITS 64

LIST_HEAD(process_bucket, process);

struct thread_block {
    struct thread thread;
    uint8_t fpu[FPU_STATE_SIZE] __attribute__((aligned(16)));
};

static struct kmem_cache process_cache = KMEM_CACHE("process", struct process);
static struct kmem_cache thread_cache = KMEM_CACHE("thread", struct thread_block);

struct spinlock process_table_lock;
static struct process_bucket buckets[HASH_SIZE];
TAILQ_HEAD(process_list, process);
static struct process_list all_processes = TAILQ_HEAD_INITIALIZER(all_processes);
static uint64_t pid_bits[PID_MAX / WORD_BITS];
static int last_pid;
static bool pids_wrapped;
static unsigned live_count;
static uint64_t forks;

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
    int next = pid_scan(MAX(pid, 1), 0);
    return next < PID_MAX ? process_find(next) : NULL;
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

int process_enter(struct process *process, struct process *parent)
{
    spin_lock(&process_table_lock);
    int pid = pid_choose();
    if (pid == 0) {
        spin_unlock(&process_table_lock);
        return -EAGAIN;
    }
    process->pid = last_pid = pid;
    process->thread->tid = pid;
    process->parent = parent;
    if (parent)
        TAILQ_INSERT_TAIL(&parent->children, process, sibling);
    insert_in_order(process);
    LIST_INSERT_HEAD(bucket_of(pid), process, hash);
    pid_bits[pid / WORD_BITS] |= 1UL << (pid % WORD_BITS);
    live_count++;
    forks++;
    spin_unlock(&process_table_lock);
    return 0;
}

void process_leave(struct process *process)
{
    spin_lock(&process_table_lock);
    assert(TAILQ_EMPTY(&process->children));
    if (process->parent)
        TAILQ_REMOVE(&process->parent->children, process, sibling);
    TAILQ_REMOVE(&all_processes, process, all);
    LIST_REMOVE(process, hash);
    pid_bits[process->pid / WORD_BITS] &= ~(1UL << (process->pid % WORD_BITS));
    live_count--;
    spin_unlock(&process_table_lock);
}

/* ---- The structures ---- */

static struct thread *thread_alloc(void)
{
    struct thread_block *block = kmem_alloc(&thread_cache);
    if (!block)
        return NULL;
    memset(&block->thread, 0, sizeof(block->thread));
    block->thread.fpu = block->fpu;
    block->thread.stack_top = kstack_alloc();
    if (block->thread.stack_top)
        return &block->thread;
    kmem_free(&thread_cache, block);
    return NULL;
}

struct process *process_alloc(void)
{
    struct process *process = kmem_zalloc(&process_cache);
    if (!process)
        return NULL;
    process->thread = thread_alloc();
    if (!process->thread) {
        kmem_free(&process_cache, process);
        return NULL;
    }
    process->thread->process = process;
    process->started_ns = clock_now();
    TAILQ_INIT(&process->children);
    waitq_init(&process->child_exited);
    waitq_init(&process->stopped);
    waitq_init(&process->vfork_done);
    return process;
}

void process_free_thread(struct process *process)
{
    struct thread *thread = process->thread;
    process->thread = NULL;
    kstack_free(thread->stack_top);
    kmem_free(&thread_cache, CONTAINER_OF(thread, struct thread_block, thread));
}

void process_free(struct process *process)
{
    assert(!process->thread && !process->aspace && !process->files && !process->cwd && !process->signals);
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
    struct thread *thread = process->thread;
    /* From here on it runs on the kernel's own page tables. */
    thread->cr3 = kmap_cr3();
    switch_load(thread->stack_top, thread->cr3, 0);
    aspace_put(aspace);
}

void process_vfork_done(struct process *process)
{
    struct process *parent = process->vfork_parent;
    if (!parent)
        return;
    spin_lock(&process_table_lock);
    process->vfork_parent = NULL;
    parent->vfork_waits = false;
    waitq_wake(&parent->vfork_done, WAKE_ALL);
    spin_unlock(&process_table_lock);
}

void process_times(const struct process *process, uint64_t *user_ns, uint64_t *system_ns)
{
    const struct thread *thread = process->thread;
    if (!thread) {
        *user_ns = process->usage.user_ns;
        *system_ns = process->usage.system_ns;
        return;
    }
    uint64_t total = thread_cpu_ns(thread);
    uint64_t ticks = thread->user_ticks + thread->system_ticks;
    /* Without a tick in ring 0 all counts as user time. By tick, not in one product: it would overflow within
     * the hour. */
    *system_ns = ticks ? MIN(total, total / ticks * thread->system_ticks) : 0;
    *user_ns = total - *system_ns;
}

void process_refresh_usage(struct process *process)
{
    struct process_usage *usage = &process->usage;
    process_times(process, &usage->user_ns, &usage->system_ns);
    if (process->thread) {
        usage->voluntary_switches = process->thread->voluntary_switches;
        usage->involuntary_switches = process->thread->involuntary_switches;
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
