/* SPDX-License-Identifier: MIT */
/* main.c - the boot order, in layer order: a table of contents of the kernel. */
#include <arch/x86/apic.h>
#include <arch/x86/bootinfo.h>
#include <arch/x86/clock.h>
#include <arch/x86/machine.h>
#include <arch/x86/percpu.h>
#include <arch/x86/smp.h>
#include <arch/x86/tlb.h>
#include <crash.h>
#include <dev/console.h>
#include <dev/serial.h>
#include <dev/virtio_blk.h>
#include <fs/path.h>
#include <lib/log.h>
#include <lib/panic.h>
#include <lib/words.h>
#include <mm/bootmem.h>
#include <mm/kmap.h>
#include <mm/kstack.h>
#include <mm/page.h>
#include <mm/pmap.h>
#include <mm/pt.h>
#include <mm/swap.h>
#include <mm/tell.h>
#include <proc/explain.h>
#include <proc/process.h>
#include <procfs/procfs.h>
#include <sched/giant.h>
#include <sched/thread.h>
#include <string.h>
#include <trace/trace.h>
#include <trap.h>
#include <vdso/vdso.h>
#include <version.h>

#define PANIC_EVENTS 16 /* that it shows */
#define INIT_WORDS 32   /* arguments and environment strings of init that the command line may give */

void kmain(uint32_t magic, uint32_t info);

void kmain_other(uint32_t number);

static void memory_init(void)
{
    extern char image_start[], image_end[];

    for (unsigned i = 0; i < bootinfo.ram_count; i++)
        bootmem_add_ram(bootinfo.ram[i].start, bootinfo.ram[i].end);
    bootmem_take((paddr_t)image_start - KERNEL_BASE, (paddr_t)image_end - KERNEL_BASE, PAGE_IMAGE);
    if (bootinfo.initramfs_size)
        bootmem_take(page_floor(bootinfo.initramfs), bootinfo.initramfs + bootinfo.initramfs_size,
                     PAGE_BUFFER);
    if (bootinfo.cpus > 1)
        bootmem_take(SMP_PAGE, SMP_PAGE + PAGE_SIZE, PAGE_IMAGE);
    kmap_init(cpu_features.gigabyte_pages);
    apic_init(kmap_device(apic_local_address(), PAGE_SIZE), kmap_device(IO_APIC_ADDRESS, PAGE_SIZE));
    page_init();
    kmap_done();
    pmap_init();
}

/* A disk with a swap header takes what does not fit into RAM. Without one the machine has its RAM. */
static void swap_init(void)
{
    struct blkdev *disk = virtio_blk_find();

    if (disk)
        (void)swap_begin(disk);
}

static void files_init(void)
{
    if (bootinfo.initramfs_size == 0)
        panic(
            "no initramfs: start the kernel with -initrd build/initramfs.cpio, or by GRUB with a module2 line");
    if (fs_init(paddr_to_virt(bootinfo.initramfs), bootinfo.initramfs_size) < 0)
        panic("the initramfs cannot be used");
    page_boot_release(page_floor(bootinfo.initramfs), bootinfo.initramfs + bootinfo.initramfs_size);
    if (procfs_init() < 0)
        panic("/proc cannot be mounted");
}

/* Words that mean something to the kernel itself; all others are init's, as on Linux. */
static bool kernel_word(const char *word)
{
    static const char *const names[] = {"log",          "console", "strace", "trace", "trace_pid",
                                        "trace_reader", "errors",  "panic",  "lang",  "BOOT_IMAGE"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        size_t length = strlen(names[i]);
        if (strncmp(word, names[i], length) == 0 && (word[length] == '=' || word[length] == 0))
            return true;
    }
    return false;
}

static void init_start(void)
{
    static char words[BOOT_COMMAND_LINE]; /* init's argv and envp point into it */
    static char *arguments[INIT_WORDS + 2] = {"/init"};
    static char *environment[INIT_WORDS + 3] = {"HOME=/", "TERM=linux"};
    unsigned argument_count = 1, environment_count = 2;
    char *rest = words;

    strlcpy(words, bootinfo.command_line, sizeof(words));
    for (char *word; (word = strsep(&rest, " ")) != NULL;) {
        if (*word == 0 || kernel_word(word))
            continue;
        if (strchr(word, '=') && environment_count < INIT_WORDS + 2)
            environment[environment_count++] = word;
        else if (!strchr(word, '=') && argument_count < INIT_WORDS + 1)
            arguments[argument_count++] = word;
    }
    int error = process_start_init("/init", arguments, environment);
    if (error < 0)
        panic("/init cannot be started (error %d): is it in the initramfs?", -error);
}

/* From here on the lock of the kernel is taken, if one comes: by this CPU until it goes idle or to ring 3. */
static void other_cpus_start(void)
{
    uint32_t most = MIN(bootinfo.cpus, MAX_CPUS), own = this_cpu()->apic_id;

    if (bootinfo.cpus <= 1)
        return;
    giant_enter();
    smp_prepare();
    for (uint32_t i = 0; i < most; i++) {
        if (bootinfo.apic_ids[i] == own)
            continue;
        vaddr_t stack = kstack_alloc();
        uint32_t number = cpu_count++;
        if (!stack || !smp_start(number, bootinfo.apic_ids[i], stack, kmap_cr3())) {
            log_line("cpu: the one with APIC %u does not start, the rest are not asked",
                     bootinfo.apic_ids[i]);
            cpu_count = number;
            break; /* it may still be on its way, with what it was given */
        }
    }
    if (cpu_count > 1)
        trap_way = trap_several;
    else
        giant_leave();
    syscall_door_open();
    log_line("cpu: %u of %u run", cpu_count, bootinfo.cpus);
}

/* The first steps of another CPU in C. */
void kmain_other(uint32_t number)
{
    cpu_init_this(number);
    page_tables_load(this_cpu(), kmap_cr3());
    apic_init_this();
    sched_init(kmap_cr3());
    if (!smp_arrived())
        cpu_halt_forever();
    giant_enter();
    clock_start_tick();
    sched_run();
}

static void tell_history(void)
{
    trace_print_tail(PANIC_EVENTS);
}

static void log_walk(uint64_t address)
{
    pt_log_walk(NULL, address);
}

static bool chinese_is_wanted(void)
{
    char language[4];

    return boot_option("lang", language, sizeof(language)) && strcmp(language, "zh") == 0;
}

void kmain(uint32_t magic, uint32_t info)
{
    pic_mask_all();
    cpu_init();
    bootinfo_read(magic, info);
    words_chinese = chinese_is_wanted();
    serial_init();
    console_start_log();
    log_line("Faultline " FAULTLINE_VERSION " on %s, loaded by %s", cpu_features.model, bootinfo.loader);

    memory_init();
    panic_hooks.page_walk = log_walk;
    clock_init();
    sched_init(bootinfo.cpus > 1 ? kmap_cr3() : 0);
    if (tell_level(trace_init()) < 0)
        log_line("trace: no memory for the ring of events: nothing is traced");
    swap_init();
    files_init();
    vdso_update();
    process_init();
    panic_hooks.context = explain_context;
    panic_hooks.history = tell_history;

    other_cpus_start();

    struct page_ledger ledger;
    page_ledger(&ledger);
    log_line("boot: %lu frames of 4 KiB, %lu free; %lu ticks since entry", (unsigned long)ledger.total,
             (unsigned long)ledger.frames[PAGE_FREE], (unsigned long)clock_ticks_since_entry());
    init_start();
    crash_on_purpose();
    clock_start_tick();
    sched_run();
}
