/* SPDX-License-Identifier: MIT */
/* usage.c - what processes and threads have used: time, faults, switches, memory at its highest. What threads used that are gone stands
 * in process->ended, what children used that are buried in their parent's children_usage. */
#include <arch/x86/clock.h>
#include <mm/mmstat.h>
#include <proc/process.h>
#include <string.h>

#include <linux/resource.h>

/* By tick, not in one product: it would overflow within the
 * hour. */
uint64_t usage_system_share(uint64_t total, uint64_t user_ticks, uint64_t system_ticks)
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
    *system_ns = usage_system_share(total, user_ticks, system_ticks);
    *user_ns = total - *system_ns;
}

void task_usage(const struct task *task, struct process_usage *usage)
{
    const struct thread *thread = &task->thread;
    uint64_t total = thread_cpu_ns(thread);
    uint64_t system_ns = usage_system_share(total, thread->user_ticks, thread->system_ticks);
    *usage = (struct process_usage){
        .minor_faults = task->minor_faults,
        .major_faults = task->major_faults,
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
    usage->major_faults = process->past_major_faults + process->aspace->major_faults;
    usage->peak_resident = MAX(usage->peak_resident, mmstat_peak_resident(process->aspace));
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
