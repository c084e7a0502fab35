/* SPDX-License-Identifier: MIT */
/* sysfs.c - /sys: the processors, which the C libraries, lscpu and stress-ng count here. Nothing else that Linux shows is there.
 *
 * Each is a core of its own, all in one package: so QEMU describes them unless it is told otherwise. */
#include <procfs/procfs.h>

#include <arch/x86/bootinfo.h>
#include <arch/x86/percpu.h>
#include <procfs/files.h>
#include <string.h>

#include <linux/stat.h>

#define DIRECTORY (S_IFDIR | 0755)
#define NUMBER (S_IFREG | 0444)
#define FILES 10 /* in topology/ */

static struct proc_entry topology[MAX_CPUS][FILES];

/* The CPU whose file it is. */
static unsigned own_number(const struct proctext *text)
{
    return (unsigned)(text->entry - topology[0]) / FILES;
}

static void put_list(struct proctext *text, uint32_t cpus)
{
    proctext_put_list(text, cpus);
    proctext_printf(text, "\n");
}

static void put_mask(struct proctext *text, uint32_t cpus)
{
    proctext_put_mask(text, cpus);
    proctext_printf(text, "\n");
}

static void own_list(struct proctext *text) /* also the number of the core */
{
    put_list(text, 1U << own_number(text));
}

static void own_mask(struct proctext *text)
{
    put_mask(text, 1U << own_number(text));
}

static void all_list(struct proctext *text)
{
    put_list(text, CPUS_ONLINE);
}

static void all_mask(struct proctext *text)
{
    put_mask(text, CPUS_ONLINE);
}

static void zero(struct proctext *text)
{
    proctext_printf(text, "0\n");
}

static void no_list(struct proctext *text)
{
    put_list(text, 0);
}

static void last_cpu(struct proctext *text)
{
    proctext_printf(text, "%u\n", MAX_CPUS - 1);
}

static const struct proc_entry topology_files[FILES] = {
    {"core_cpus", NUMBER, &proc_text_ops, .text = own_mask},
    {"core_cpus_list", NUMBER, &proc_text_ops, .text = own_list},
    {"core_id", NUMBER, &proc_text_ops, .text = own_list},
    {"core_siblings", NUMBER, &proc_text_ops, .text = all_mask},
    {"core_siblings_list", NUMBER, &proc_text_ops, .text = all_list},
    {"package_cpus", NUMBER, &proc_text_ops, .text = all_mask},
    {"package_cpus_list", NUMBER, &proc_text_ops, .text = all_list},
    {"physical_package_id", NUMBER, &proc_text_ops, .text = zero},
    {"thread_siblings", NUMBER, &proc_text_ops, .text = own_mask},
    {"thread_siblings_list", NUMBER, &proc_text_ops, .text = own_list},
};

static const struct proc_entry cpu_files[] = {
    {"isolated", NUMBER, &proc_text_ops, .text = no_list},
    {"kernel_max", NUMBER, &proc_text_ops, .text = last_cpu},
    {"offline", NUMBER, &proc_text_ops, .text = no_list},
    {"online", NUMBER, &proc_text_ops, .text = all_list},
    {"possible", NUMBER, &proc_text_ops, .text = all_list},
    {"present", NUMBER, &proc_text_ops, .text = all_list},
};
#define CPU_FILES ARRAY_SIZE(cpu_files)

/* The files, and a directory for each CPU: sysfs_init() */
static struct proc_entry cpu[CPU_FILES + MAX_CPUS];
static struct proc_table cpu_table = {cpu, CPU_FILES};
static const struct proc_entry system[] = {{"cpu", DIRECTORY, &proc_directory_ops, .table = &cpu_table}};
PROC_TABLE(system);
static const struct proc_entry devices[] = {
    {"system", DIRECTORY, &proc_directory_ops, .table = &system_table}};
PROC_TABLE(devices);
static const struct proc_entry top[] = {{"devices", DIRECTORY, &proc_directory_ops, .table = &devices_table}};
PROC_TABLE(top);
static const struct proc_entry root_entry = {"sys", S_IFDIR | 0555, &proc_directory_ops, .table = &top_table};

static void add_cpu(unsigned number)
{
    static char names[MAX_CPUS][sizeof("cpu0")];
    static struct proc_entry inside[MAX_CPUS];
    static struct proc_table topology_tables[MAX_CPUS], inside_tables[MAX_CPUS];

    memcpy(topology[number], topology_files, sizeof(topology_files));
    topology_tables[number] = (struct proc_table){topology[number], FILES};
    inside[number] =
        (struct proc_entry){"topology", DIRECTORY, &proc_directory_ops, .table = &topology_tables[number]};
    inside_tables[number] = (struct proc_table){&inside[number], 1};
    memcpy(names[number], "cpu0", sizeof(names[number]));
    names[number][3] = (char)('0' + number);
    cpu[cpu_table.count++] =
        (struct proc_entry){names[number], DIRECTORY, &proc_directory_ops, .table = &inside_tables[number]};
}

int sysfs_init(void)
{
    static struct proc_node root;

    memcpy(cpu, cpu_files, sizeof(cpu_files));
    for (unsigned number = 0; number == 0 || number < MIN(bootinfo.cpus, MAX_CPUS); number++)
        add_cpu(number);
    return proc_mount("/sys", &root, &root_entry, SYS_DEVICE);
}
