/* SPDX-License-Identifier: MIT */
/* machine.c - see machine.h. Formats as in proc(5). One CPU runs yet, so lines that Linux repeats for each CPU come once. */
#include <procfs/machine.h>

#include <arch/x86/bootinfo.h>
#include <arch/x86/clock.h>
#include <arch/x86/machine.h>
#include <proc/process.h>
#include <procfs/entry.h>
#include <version.h>

#define CENTISECOND_NS 10000000UL /* times in /proc are in hundredths of a second */

int proc_uptime(struct proctext *text, struct process *process)
{
    uint64_t up = clock_now() / CENTISECOND_NS, idle = sched_idle_ns() / CENTISECOND_NS;

    (void)process;
    proctext_printf(text, "%lu.%02lu %lu.%02lu\n", up / 100, up % 100, idle / 100, idle % 100);
    return 0;
}

/* The highest pid in use, which on Linux is the last one given. */
static int last_pid(void)
{
    int last = 0;

    for (struct process *process = process_next(1); process != NULL; process = process_next(process->pid + 1))
        last = process->pid;
    return last;
}

/* No averages are kept: all three say how many are ready now. */
int proc_loadavg(struct proctext *text, struct process *process)
{
    unsigned ready = sched_ready_count();

    (void)process;
    proctext_printf(text, "%u.00 %u.00 %u.00 %u/%u %d\n", ready, ready, ready, ready, process_count(),
                    last_pid());
    return 0;
}

int proc_version(struct proctext *text, struct process *process)
{
    (void)process;
    proctext_printf(text, "%s version %s (gcc %s) %s\n", VERSION_SYSTEM, VERSION_RELEASE, __VERSION__,
                    VERSION_TEXT);
    return 0;
}

int proc_kernel_cmdline(struct proctext *text, struct process *process)
{
    (void)process;
    proctext_printf(text, "%s\n", bootinfo.command_line);
    return 0;
}

int proc_mounts(struct proctext *text, struct process *process)
{
    (void)process;
    proctext_printf(text, "rootfs / rootfs rw 0 0\nproc /proc proc rw,relatime 0 0\n");
    return 0;
}

int proc_filesystems(struct proctext *text, struct process *process)
{
    (void)process;
    proctext_printf(text, "nodev\tproc\nnodev\tramfs\n");
    return 0;
}

/* The sum over the processes that live now and those that were waited for by ones that live: pid 1 inherits the rest. */
static void cpu_times(uint64_t *user, uint64_t *system)
{
    *user = *system = 0;
    for (struct process *process = process_next(1); process != NULL;
         process = process_next(process->pid + 1)) {
        uint64_t own_user, own_system;
        process_times(process, &own_user, &own_system);
        *user += own_user + process->children_usage.user_ns;
        *system += own_system + process->children_usage.system_ns;
    }
}

int proc_machine_stat(struct proctext *text, struct process *process)
{
    uint64_t user, system, idle = sched_idle_ns(), switches = 0;

    (void)process;
    cpu_times(&user, &system);
    for (struct process *each = process_next(1); each != NULL; each = process_next(each->pid + 1)) {
        process_refresh_usage(each);
        switches += each->usage.voluntary_switches + each->usage.involuntary_switches;
    }
    proctext_printf(text, "cpu  %lu 0 %lu %lu 0 0 0 0 0 0\ncpu0 %lu 0 %lu %lu 0 0 0 0 0 0\n",
                    user / CENTISECOND_NS, system / CENTISECOND_NS, idle / CENTISECOND_NS,
                    user / CENTISECOND_NS, system / CENTISECOND_NS, idle / CENTISECOND_NS);
    proctext_printf(text, "ctxt %lu\nbtime %ld\nprocesses %lu\nprocs_running %u\nprocs_blocked 0\n", switches,
                    proc_boot_time, process_forks(), sched_ready_count());
    return 0;
}

int proc_cpuinfo(struct proctext *text, struct process *process)
{
    const struct cpu_features *cpu = &cpu_features;

    (void)process;
    proctext_printf(text, "processor\t: 0\nvendor_id\t: %s\nmodel name\t: %s\n", cpu->vendor, cpu->model);
    proctext_printf(
        text,
        "flags\t\t: fpu pse tsc msr pae cx8 apic pge cmov mmx fxsr sse sse2 syscall nx lm%s%s%s%s%s%s\n",
        cpu->smep ? " smep" : "", cpu->smap ? " smap" : "", cpu->umip ? " umip" : "",
        cpu->fsgsbase ? " fsgsbase" : "", cpu->gigabyte_pages ? " pdpe1gb" : "",
        cpu->rdrand ? " rdrand" : "");
    proctext_printf(text, "address sizes\t: 48 bits virtual\n\n");
    return 0;
}
