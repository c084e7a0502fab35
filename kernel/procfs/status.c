/* SPDX-License-Identifier: MIT */
/* status.c - a process in numbers, in Linux 6.1's order and words: proc_pid_status(5), proc_pid_stat(5), proc_pid_statm(5).
 *
 * What does not exist here (name spaces, capabilities' limits, seccomp, tracing, huge pages) has the value that
 * Linux shows for a process that uses none of it: everybody is root, with all capabilities that linux/capability.h knows. */
#include <procfs/files.h>

#include <fs/device.h>
#include <fs/tty.h>
#include <proc/process.h>
#include <procfs/snapshot.h>
#include <string.h>

#include <asm-generic/errno.h>
#include <asm/signal.h>
#include <linux/capability.h>
#include <linux/resource.h>

#define USER_HZ_NS 10000000UL /* /proc counts time in hundredths of a second on every Linux */
#define ALL_CAPABILITIES ((1UL << (CAP_LAST_CAP + 1)) - 1)

static const char *state_name(char state)
{
    return state == 'R'   ? "running"
           : state == 'S' ? "sleeping"
           : state == 'D' ? "disk sleep"
           : state == 'T' ? "stopped"
                          : "zombie";
}

static void identity(struct proctext *text, const struct proc_snapshot *now)
{
    proctext_printf(
        text,
        "Name:\t%s\nUmask:\t%04o\nState:\t%c (%s)\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n",
        now->name, now->umask, now->state, state_name(now->state), now->process, now->pid, now->parent);
    proctext_printf(text, "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nFDSize:\t%u\nGroups:\t \n", now->fd_size);
    proctext_printf(text, "NStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n", now->process, now->pid,
                    now->group, now->session);
}

/* "VmRSS:\t    1752 kB" */
static void pages(struct proctext *text, const char *name, uint64_t count)
{
    proctext_printf(text, "%s:\t%8lu kB\n", name, count * (PAGE_SIZE / KIB));
}

static void memory(struct proctext *text, const struct proc_snapshot *now)
{
    uint64_t own_code = MIN(now->text, now->exec); /* as Linux: the rest of what is executable is libraries */

    pages(text, "VmPeak", now->peak);
    pages(text, "VmSize", now->total);
    pages(text, "VmLck", now->locked);
    pages(text, "VmPin", 0);
    pages(text, "VmHWM", now->resident_peak);
    pages(text, "VmRSS", now->resident_all);
    pages(text, "RssAnon", now->resident[PAGE_ANON]);
    pages(text, "RssFile", now->resident[PAGE_FILE]);
    pages(text, "RssShmem", now->resident[PAGE_SHMEM]);
    pages(text, "VmData", now->data);
    pages(text, "VmStk", now->stack);
    pages(text, "VmExe", own_code);
    pages(text, "VmLib", now->exec - own_code);
    pages(text, "VmPTE", now->tables);
    pages(text, "VmSwap", now->swapped);
    pages(text, "HugetlbPages", 0);
    proctext_printf(text, "CoreDumping:\t0\nTHP_enabled:\t0\n");
}

static unsigned count_bits(uint64_t set)
{
    unsigned count = 0;

    for (; set != 0; set &= set - 1)
        count++;
    return count;
}

static void rights(struct proctext *text, const struct proc_snapshot *now)
{
    proctext_printf(text, "Threads:\t%u\nSigQ:\t%u/%lu\n", now->threads,
                    count_bits(now->pending) + count_bits(now->shared_pending), now->pending_limit);
    proctext_printf(text,
                    "SigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%016lx\n",
                    now->pending, now->shared_pending, now->blocked, now->ignored, now->caught);
    proctext_printf(text,
                    "CapInh:\t%016lx\nCapPrm:\t%016lx\nCapEff:\t%016lx\nCapBnd:\t%016lx\nCapAmb:\t%016lx\n",
                    0UL, ALL_CAPABILITIES, ALL_CAPABILITIES, ALL_CAPABILITIES, 0UL);
    proctext_printf(
        text, "NoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\nSpeculation_Store_Bypass:\tvulnerable\n"
              "SpeculationIndirectBranch:\talways enabled\n");
    proctext_printf(text, "Cpus_allowed:\t");
    proctext_put_mask(text, now->cpus);
    proctext_printf(text, "\nCpus_allowed_list:\t");
    proctext_put_list(text, now->cpus);
    proctext_printf(text, "\nMems_allowed:\t1\nMems_allowed_list:\t0\n");
    proctext_printf(text, "voluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n",
                    now->voluntary_switches, now->involuntary_switches);
}

void proc_status(struct proctext *text)
{
    struct proc_snapshot now;

    proc_snapshot(text, &now);
    identity(text, &now);
    if (now.has_memory)
        memory(text, &now);
    rights(text, &now);
}

static uint64_t ticks(uint64_t ns)
{
    return ns / USER_HZ_NS;
}

/* The numbers in brackets are the fields' in proc_pid_stat(5). */
void proc_stat(struct proctext *text)
{
    struct proc_snapshot now;

    proc_snapshot(text, &now);
    const struct tty *terminal = tty_of_session(now.session);
    /* [1-9] terminal and its group in the foreground; no flags of Linux's PF_ kind */
    proctext_printf(text, "%d (%s) %c %d %d %d %u %d 0", now.pid, now.name, now.state, now.parent, now.group,
                    now.session, terminal ? terminal->number : 0, terminal ? terminal->owner.group : -1);
    /* [10-13] faults, [14-17] times */
    proctext_printf(text, " %lu %lu %lu %lu %lu %lu %lu %lu", now.usage.minor_faults,
                    now.children.minor_faults, now.usage.major_faults, now.children.major_faults,
                    ticks(now.usage.user_ns), ticks(now.usage.system_ns), ticks(now.children.user_ns),
                    ticks(now.children.system_ns));
    /* [18-25] priority, nice, threads, itrealvalue, start, vsize in bytes, rss in pages and its limit */
    proctext_printf(text, " %d %d %u 0 %lu %lu %lu %lu", 20 + now.nice, now.nice, now.threads,
                    ticks(now.started_ns), now.total * PAGE_SIZE, now.resident_all, now.resident_limit);
    /* [26-30] code, stack; rsp and rip are 0 as on Linux unless it is dumping core */
    proctext_printf(text, " %lu %lu %lu 0 0", now.code_start, now.code_end, now.stack_start);
    /* [31-34] signal sets, the old 31 signals only */
    proctext_printf(text, " %lu %lu %lu %lu", now.pending & INT32_MAX, now.blocked & INT32_MAX,
                    now.ignored & INT32_MAX, now.caught & INT32_MAX);
    /* [35-44] wchan: 1 while it sleeps; nswap and cnswap, which Linux does not keep either; exit signal, CPU, real-time priority and
     * policy, delays, guest times */
    proctext_printf(text, " %d 0 0 %d %u 0 0 0 0 0", now.state == 'S' || now.state == 'D', SIGCHLD, now.cpu);
    /* [45-52] */
    proctext_printf(text, " %lu %lu %lu %lu %lu %lu %lu %d\n", now.data_start, now.data_end, now.brk_start,
                    now.arg_start, now.arg_end, now.env_start, now.env_end, now.exit_status);
}

void proc_statm(struct proctext *text)
{
    struct proc_snapshot now;

    proc_snapshot(text, &now);
    proctext_printf(text, "%lu %lu %lu %lu 0 %lu 0\n", now.total, now.resident_all,
                    now.resident[PAGE_FILE] + now.resident[PAGE_SHMEM], now.text, now.data + now.stack);
}

void proc_comm(struct proctext *text)
{
    proctext_printf(text, "%s\n", text->task != NULL ? task_name(text->task) : text->process->name);
}

/* A thread names itself and the others of its process; what is too long is cut off. */
ssize_t proc_comm_set(const struct proc_node *node, char *text, size_t size)
{
    struct process *process = proc_node_process(&node->node);
    struct task *task = node->tid != 0 ? task_find(node->tid) : NULL;

    if (process == NULL || (node->tid != 0 && task == NULL))
        return -ESRCH;
    if (process != current_process())
        return -EINVAL;
    strlcpy(task != NULL ? task_name(task) : process->name, text, PROCESS_NAME_SIZE);
    return (ssize_t)size;
}

static void limit(struct proctext *text, uint64_t value)
{
    if (value == RLIM64_INFINITY)
        proctext_printf(text, "%-20s ", "unlimited");
    else
        proctext_printf(text, "%-20lu ", value);
}

void proc_limits(struct proctext *text)
{
    static const struct {
        unsigned resource;
        const char *name, *unit;
    } rows[] = {
        {RLIMIT_CPU, "Max cpu time", "seconds"},
        {RLIMIT_FSIZE, "Max file size", "bytes"},
        {RLIMIT_DATA, "Max data size", "bytes"},
        {RLIMIT_STACK, "Max stack size", "bytes"},
        {RLIMIT_CORE, "Max core file size", "bytes"},
        {RLIMIT_RSS, "Max resident set", "bytes"},
        {RLIMIT_NPROC, "Max processes", "processes"},
        {RLIMIT_NOFILE, "Max open files", "files"},
        {RLIMIT_MEMLOCK, "Max locked memory", "bytes"},
        {RLIMIT_AS, "Max address space", "bytes"},
        {RLIMIT_LOCKS, "Max file locks", "locks"},
        {RLIMIT_SIGPENDING, "Max pending signals", "signals"},
        {RLIMIT_MSGQUEUE, "Max msgqueue size", "bytes"},
        {RLIMIT_NICE, "Max nice priority", ""},
        {RLIMIT_RTPRIO, "Max realtime priority", ""},
        {RLIMIT_RTTIME, "Max realtime timeout", "us"},
    };

    proctext_printf(text, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        proctext_printf(text, "%-25s ", rows[i].name);
        limit(text, text->process->limits[rows[i].resource].rlim_cur);
        limit(text, text->process->limits[rows[i].resource].rlim_max);
        proctext_printf(text, rows[i].unit[0] != '\0' ? "%-10s\n" : "\n", rows[i].unit);
    }
}
