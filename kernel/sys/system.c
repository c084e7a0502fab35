/* SPDX-License-Identifier: MIT */
/* system.c - the system calls about the machine as a whole. */
#include <sys/calls.h>

#include <arch/x86/clock.h>
#include <arch/x86/usercopy.h>
#include <dev/random.h>
#include <mm/page.h>
#include <mm/swap.h>
#include <proc/process.h>
#include <sched/load.h>
#include <string.h>
#include <version.h>

#include <asm-generic/errno.h>
#include <linux/personality.h>
#include <linux/random.h>
#include <linux/reboot.h>
#include <linux/sysinfo.h>
#include <linux/utsname.h>

#define RANDOM_CHUNK 256

int64_t sys_uname(struct trapframe *frame)
{
    struct new_utsname names = {
        .sysname = VERSION_SYSTEM,
        .nodename = VERSION_NODE,
        .release = VERSION_RELEASE,
        .version = VERSION_TEXT,
        .machine = VERSION_MACHINE,
        .domainname = "(none)",
    };

    return copy_to_user(ARG0(frame), &names, sizeof(names));
}

/* Addresses are never randomised, and there is one kind of program; so this is what can be had. */
int64_t sys_personality(struct trapframe *frame)
{
    uint32_t wanted = (uint32_t)ARG0(frame);

    return wanted == UINT32_MAX || (wanted & ~(uint32_t)ADDR_NO_RANDOMIZE) == PER_LINUX ? ADDR_NO_RANDOMIZE
                                                                                        : -EINVAL;
}

/* totalram is MemTotal of /proc/meminfo: RAM without what the kernel image and the frame array took for ever. */
int64_t sys_sysinfo(struct trapframe *frame)
{
    struct page_ledger ledger;
    struct sysinfo info = {.mem_unit = 1};
    const struct swap_state swap = swap_state();
    uint64_t loads[LOAD_AVERAGES];

    page_ledger(&ledger);
    uint64_t reserved = ledger.frames[PAGE_FIRMWARE] + ledger.frames[PAGE_IMAGE] + ledger.frames[PAGE_ARRAY];
    info.uptime = (long)(clock_now() / NS_PER_SECOND);
    info.totalram = (ledger.total - reserved) * PAGE_SIZE;
    info.freeram = ledger.frames[PAGE_FREE] * PAGE_SIZE;
    info.sharedram = ledger.frames[PAGE_SHMEM] * PAGE_SIZE;
    info.totalswap = swap.total * PAGE_SIZE;
    info.freeswap = (swap.total - swap.taken) * PAGE_SIZE;
    info.procs = (uint16_t)process_count();
    load_averages(loads);
    for (unsigned i = 0; i < LOAD_AVERAGES; i++)
        info.loads[i] = loads[i] << (SI_LOAD_SHIFT - LOAD_SHIFT);
    return copy_to_user(ARG0(frame), &info, sizeof(info));
}

int64_t sys_getrandom(struct trapframe *frame)
{
    vaddr_t buffer = ARG0(frame);
    size_t left = MIN(ARG1(frame), (uint64_t)INT32_MAX);
    size_t wanted = left;
    uint8_t chunk[RANDOM_CHUNK];

    if ((uint32_t)ARG2(frame) & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
        return -EINVAL;
    if (((uint32_t)ARG2(frame) & (GRND_RANDOM | GRND_INSECURE)) == (GRND_RANDOM | GRND_INSECURE))
        return -EINVAL;
    while (left != 0) {
        size_t count = MIN(left, sizeof(chunk));
        random_bytes(chunk, count);
        if (copy_to_user(buffer, chunk, count) != 0)
            break;
        buffer += count;
        left -= count;
    }
    explicit_bzero(chunk, sizeof(chunk));
    return left == wanted && wanted != 0 ? -EFAULT : (int64_t)(wanted - left);
}

int64_t sys_reboot(struct trapframe *frame)
{
    uint32_t magic2 = (uint32_t)ARG1(frame);

    if ((uint32_t)ARG0(frame) != LINUX_REBOOT_MAGIC1)
        return -EINVAL;
    if (magic2 != LINUX_REBOOT_MAGIC2 && magic2 != LINUX_REBOOT_MAGIC2A && magic2 != LINUX_REBOOT_MAGIC2B &&
        magic2 != LINUX_REBOOT_MAGIC2C)
        return -EINVAL;
    switch ((uint32_t)ARG2(frame)) {
    case LINUX_REBOOT_CMD_CAD_ON:
    case LINUX_REBOOT_CMD_CAD_OFF:
        return 0;                  /* there is no Ctrl-Alt-Del to be told about */
    case LINUX_REBOOT_CMD_RESTART: /* nothing can start the machine again from here: it ends */
    case LINUX_REBOOT_CMD_HALT:
    case LINUX_REBOOT_CMD_POWER_OFF:
        process_all_done(0);
    default:
        return -EINVAL;
    }
}
