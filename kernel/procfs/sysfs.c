/* SPDX-License-Identifier: MIT */
/* sysfs.c - /sys: the processors, which the C libraries, lscpu and stress-ng count here. Nothing else that Linux shows is there.
 *
 * One CPU runs yet: it is all of its core, of its package, and of what is possible. */
#include <procfs/procfs.h>

#include <arch/x86/percpu.h>
#include <procfs/files.h>

#include <linux/stat.h>

#define DIRECTORY (S_IFDIR | 0755)
#define NUMBER (S_IFREG | 0444)

/* A set of processors comes in two forms: a list of ranges, and a mask. (The list is also the number of the core and the package.) */
static void only_cpu_list(struct proctext *text)
{
    proctext_printf(text, "0\n");
}

static void only_cpu_mask(struct proctext *text)
{
    proctext_printf(text, "1\n");
}

static void no_cpu_list(struct proctext *text)
{
    proctext_printf(text, "\n");
}

static void last_cpu(struct proctext *text)
{
    proctext_printf(text, "%u\n", MAX_CPUS - 1);
}

static const struct proc_entry topology[] = {
    {"core_cpus", NUMBER, &proc_text_ops, .text = only_cpu_mask},
    {"core_cpus_list", NUMBER, &proc_text_ops, .text = only_cpu_list},
    {"core_id", NUMBER, &proc_text_ops, .text = only_cpu_list},
    {"core_siblings", NUMBER, &proc_text_ops, .text = only_cpu_mask},
    {"core_siblings_list", NUMBER, &proc_text_ops, .text = only_cpu_list},
    {"package_cpus", NUMBER, &proc_text_ops, .text = only_cpu_mask},
    {"package_cpus_list", NUMBER, &proc_text_ops, .text = only_cpu_list},
    {"physical_package_id", NUMBER, &proc_text_ops, .text = only_cpu_list},
    {"thread_siblings", NUMBER, &proc_text_ops, .text = only_cpu_mask},
    {"thread_siblings_list", NUMBER, &proc_text_ops, .text = only_cpu_list},
};
PROC_TABLE(topology);
static const struct proc_entry cpu0[] = {
    {"topology", DIRECTORY, &proc_directory_ops, .table = &topology_table}};
PROC_TABLE(cpu0);
static const struct proc_entry cpu[] = {
    {"cpu0", DIRECTORY, &proc_directory_ops, .table = &cpu0_table},
    {"isolated", NUMBER, &proc_text_ops, .text = no_cpu_list},
    {"kernel_max", NUMBER, &proc_text_ops, .text = last_cpu},
    {"offline", NUMBER, &proc_text_ops, .text = no_cpu_list},
    {"online", NUMBER, &proc_text_ops, .text = only_cpu_list},
    {"possible", NUMBER, &proc_text_ops, .text = only_cpu_list},
    {"present", NUMBER, &proc_text_ops, .text = only_cpu_list},
};
PROC_TABLE(cpu);
static const struct proc_entry system[] = {{"cpu", DIRECTORY, &proc_directory_ops, .table = &cpu_table}};
PROC_TABLE(system);
static const struct proc_entry devices[] = {
    {"system", DIRECTORY, &proc_directory_ops, .table = &system_table}};
PROC_TABLE(devices);
static const struct proc_entry top[] = {{"devices", DIRECTORY, &proc_directory_ops, .table = &devices_table}};
PROC_TABLE(top);
static const struct proc_entry root_entry = {"sys", S_IFDIR | 0555, &proc_directory_ops, .table = &top_table};

int sysfs_init(void)
{
    static struct proc_node root;

    return proc_mount("/sys", &root, &root_entry, SYS_DEVICE);
}
