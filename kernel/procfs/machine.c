/* SPDX-License-Identifier: MIT */
/* machine.c - the machine in numbers, but for its memory. Formats as in proc(5). */
#include <procfs/files.h>

#include <arch/x86/bootinfo.h>
#include <arch/x86/clock.h>
#include <arch/x86/machine.h>
#include <arch/x86/percpu.h>
#include <mm/page.h>
#include <mm/reclaim.h>
#include <mm/swap.h>
#include <proc/process.h>
#include <sched/load.h>
#include <version.h>
#include <x86/cpu.h>

#define CENTISECOND_NS 10000000UL /* times in /proc are in hundredths of a second */

void proc_uptime(struct proctext *text)
{
    uint64_t up = clock_now() / CENTISECOND_NS, idle = sched_idle_ns() / CENTISECOND_NS;

    proctext_printf(text, "%lu.%02lu %lu.%02lu\n", up / 100, up % 100, idle / 100, idle % 100);
}

/* The highest pid in use, which on Linux is the last one given. */
static int last_pid(void)
{
    int last = 0;

    PROCESS_FOREACH (process)
        last = process->pid;
    return last;
}

void proc_loadavg(struct proctext *text)
{
    uint64_t loads[LOAD_AVERAGES];
    const uint64_t one = 1UL << LOAD_SHIFT;

    load_averages(loads);
    for (unsigned i = 0; i < LOAD_AVERAGES; i++) {
        uint64_t rounded = loads[i] + one / 200;
        proctext_printf(text, "%lu.%02lu ", rounded / one, rounded % one * 100 / one);
    }
    proctext_printf(text, "%u/%u %d\n", sched_ready_count(), process_count(), last_pid());
}

void proc_version(struct proctext *text)
{
    proctext_printf(text, "%s version %s (gcc %s) %s\n", VERSION_SYSTEM, VERSION_RELEASE, __VERSION__,
                    VERSION_TEXT);
}

void proc_kernel_cmdline(struct proctext *text)
{
    proctext_printf(text, "%s\n", bootinfo.command_line);
}

void proc_filesystems(struct proctext *text)
{
    proctext_printf(text, "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\n");
}

/* Linux adds up the same, and some that it gathers where it must wait for a disk. */
static uint64_t faults(uint64_t *major)
{
    uint64_t minor = 0;

    *major = 0;

    PROCESS_FOREACH (process) {
        process_refresh_usage(process);
        minor += process->usage.minor_faults + process->children_usage.minor_faults;
        *major += process->usage.major_faults + process->children_usage.major_faults;
    }
    return minor + *major;
}

/* Only what is counted here: a name that is missing means nothing of that kind exists. */
void proc_vmstat(struct proctext *text)
{
    struct page_ledger ledger;

    page_ledger(&ledger);
    const uint64_t *frames = ledger.frames;
    proctext_printf(text, "nr_free_pages %lu\nnr_anon_pages %lu\nnr_file_pages %lu\nnr_shmem %lu\n",
                    frames[PAGE_FREE], frames[PAGE_ANON], frames[PAGE_FILE] + frames[PAGE_SHMEM],
                    frames[PAGE_SHMEM]);
    proctext_printf(text, "nr_dirty 0\nnr_writeback 0\nnr_slab_reclaimable 0\nnr_slab_unreclaimable %lu\n",
                    frames[PAGE_SLAB]);
    proctext_printf(text, "nr_kernel_stack %lu\nnr_page_table_pages %lu\n",
                    frames[PAGE_KSTACK] * (PAGE_SIZE / KIB), frames[PAGE_TABLE]);
    const struct swap_state swap = swap_state();
    proctext_printf(text, "pgpgin %lu\npgpgout %lu\npswpin %lu\npswpout %lu\n",
                    swap.pages_in * (PAGE_SIZE / KIB), swap.pages_out * (PAGE_SIZE / KIB), swap.pages_in,
                    swap.pages_out);
    uint64_t major, all = faults(&major);
    proctext_printf(text, "pgfault %lu\npgmajfault %lu\npgscan_direct %lu\npgsteal_direct %lu\n", all, major,
                    reclaim_count.seen, reclaim_count.freed);
}

static void put_times(struct proctext *text, uint64_t user_ns, uint64_t system_ns, uint64_t idle_ns)
{
    proctext_printf(text, " %lu 0 %lu %lu 0 0 0 0 0 0\n", user_ns / CENTISECOND_NS,
                    system_ns / CENTISECOND_NS, idle_ns / CENTISECOND_NS);
}

/* All time is user, system or idle: nobody is nice, nothing waits for a disk. */
void proc_machine_stat(struct proctext *text)
{
    uint64_t user[MAX_CPUS], system[MAX_CPUS], idle[MAX_CPUS], all_user = 0, all_system = 0, all_idle = 0;

    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        struct cpu_times times;
        sched_cpu_times(cpu, &times);
        system[cpu] = usage_system_share(times.busy_ns, times.user_ticks, times.system_ticks);
        user[cpu] = times.busy_ns - system[cpu];
        idle[cpu] = times.idle_ns;
        all_user += user[cpu];
        all_system += system[cpu];
        all_idle += idle[cpu];
    }
    proctext_printf(text, "cpu ");
    put_times(text, all_user, all_system, all_idle);
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        proctext_printf(text, "cpu%u", cpu);
        put_times(text, user[cpu], system[cpu], idle[cpu]);
    }
    proctext_printf(text, "ctxt %lu\nbtime %ld\nprocesses %lu\nprocs_running %u\nprocs_blocked 0\n",
                    sched_switches(), proc_boot_time, process_forks(), sched_ready_count());
}

#define SWAPS_WIDE 10000000 /* kB: such numbers need no second tab (Linux's swap_show) */

void proc_swaps(struct proctext *text)
{
    const struct swap_state swap = swap_state();
    uint64_t total = swap.total * (PAGE_SIZE / KIB), taken = swap.taken * (PAGE_SIZE / KIB);

    proctext_printf(text, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
    if (swap.name != NULL)
        proctext_printf(text, "/dev/%-35spartition\t%lu\t%s%lu\t%s-2\n", swap.name, total,
                        total < SWAPS_WIDE ? "\t" : "", taken, taken < SWAPS_WIDE ? "\t" : "");
}

static void one_cpuinfo(struct proctext *text, unsigned number)
{
    const struct cpu_features *cpu = &cpu_features;
    uint32_t eax, ebx, ecx, edx;

    cpu_cpuid(1, 0, &eax, &ebx, &ecx, &edx);
    /* SDM vol. 2, CPUID: family and model have extensions for when the old fields are full */
    uint32_t family = (eax >> 8 & 15) + ((eax >> 8 & 15) == 15 ? eax >> 20 & 255 : 0);
    uint32_t model = (eax >> 4 & 15) | (family >= 6 ? eax >> 12 & 0xf0 : 0);
    proctext_printf(text,
                    "processor\t: %u\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\nmodel name\t: %s\n",
                    number, cpu->vendor, family, model, cpu->model);
    proctext_printf(text,
                    "stepping\t: %u\nphysical id\t: 0\nsiblings\t: %u\ncore id\t\t: %u\ncpu cores\t: %u\n",
                    eax & 15, cpu_count, number, cpu_count);
    proctext_printf(
        text,
        "fpu\t\t: yes\nflags\t\t: fpu pse tsc msr pae cx8 apic pge cmov mmx fxsr sse sse2 syscall nx lm%s%s%s%s%s%s\n",
        cpu->smep ? " smep" : "", cpu->smap ? " smap" : "", cpu->umip ? " umip" : "",
        cpu->fsgsbase ? " fsgsbase" : "", cpu->gigabyte_pages ? " pdpe1gb" : "",
        cpu->rdrand ? " rdrand" : "");
    proctext_printf(text, "clflush size\t: %u\naddress sizes\t: 48 bits virtual\n\n", (ebx >> 8 & 255) * 8);
}

void proc_cpuinfo(struct proctext *text)
{
    for (unsigned number = 0; number < cpu_count; number++)
        one_cpuinfo(text, number);
}
