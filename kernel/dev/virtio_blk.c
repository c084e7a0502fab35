/* SPDX-License-Identifier: MIT */
/* virtio_blk.c - the disk of a virtual machine: virtio-blk on the PCI bus.
 *
 * Requests go through memory that kernel and device share, the queue (Virtual I/O Device 1.1, 2.6):
 *
 *   descriptors   [0] header ->  [1] frames ->  [2] frames -> ... -> [n] status     one chain: the request
 *   available     heads of chains for the device: always 0, there is only one request at a time
 *   used          what the device has done: its index moves when the request is finished
 *
 * It is the "legacy" interface (4.1.4.8): a few ports instead of tables in device memory; every QEMU has it (disable-modern=on).
 * The device is polled. What swaps waits for the page anyway, a transfer takes 50 to 80 microseconds (QEMU, 1 to 32 frames), and
 * nobody has to sleep with an address space half evicted.
 *
 * Not here: interrupts, several requests at a time, other disks than the first, discarding.
 * Guards: `lock`, for one request at a time. */
#include <asm-generic/errno.h>
#include <dev/pci.h>
#include <dev/virtio_blk.h>
#include <lib/log.h>
#include <mm/page.h>
#include <sched/spinlock.h>
#include <string.h>
#include <x86/cpu.h>

#include <linux/pci_regs.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h> /* with the layout of the legacy queue: vring_init */

#define VENDOR 0x1af4
#define DEVICE 0x1001       /* a legacy, or transitional, disk (Virtual I/O Device 1.1, 4.1.2.1) */
#define MOST_FRAMES 64      /* 256 KiB in one request */
#define OTHER_DESCRIPTORS 2 /* header and status */

static struct spinlock lock;
static struct blkdev disk;
static uint16_t ports;
static struct vring queue;

/* Beside the queue, in memory that the device may read and write. */
static struct request {
    struct virtio_blk_outhdr header;
    volatile uint8_t status;
} * request;

static void status_add(uint8_t bits)
{
    uint16_t port = (uint16_t)(ports + VIRTIO_PCI_STATUS);

    cpu_out8(port, cpu_in8(port) | bits);
}

/* The i-th descriptor of the chain; all but the last lead to the next. */
static void describe(unsigned i, paddr_t address, uint32_t bytes, uint16_t flags)
{
    queue.desc[i] =
        (struct vring_desc){.addr = address, .len = bytes, .flags = flags, .next = (uint16_t)(i + 1)};
}

/* Frames that lie side by side are one piece of memory. => how many descriptors that took, from [1] on */
static unsigned describe_frames(const uint32_t *pfns, unsigned count, uint16_t flags)
{
    unsigned pieces = 0;

    for (unsigned i = 0, run; i < count; i += run) {
        run = 1;
        while (i + run < count && pfns[i + run] == pfns[i] + run)
            run++;
        describe(++pieces, (paddr_t)pfns[i] << PAGE_SHIFT, run * (uint32_t)PAGE_SIZE, flags);
    }
    return pieces;
}

/* The chain at [0] goes to the device; returns when it has come back. At each `pause` QEMU may turn to its devices: a run that is recorded
 * takes more than twenty times as long without. */
static void chain_run(void)
{
    uint16_t before = __atomic_load_n(&queue.used->idx, __ATOMIC_RELAXED);

    queue.avail->ring[queue.avail->idx % queue.num] = 0;
    __atomic_store_n(&queue.avail->idx, (uint16_t)(queue.avail->idx + 1), __ATOMIC_RELEASE);
    cpu_out16((uint16_t)(ports + VIRTIO_PCI_QUEUE_NOTIFY), 0);
    while (__atomic_load_n(&queue.used->idx, __ATOMIC_ACQUIRE) == before)
        cpu_pause();
}

static int transfer(struct blkdev *which, bool write, uint64_t sector, const uint32_t *pfns, unsigned count)
{
    assert(which == &disk && count > 0 && count <= disk.most);
    SPIN_GUARD(&lock);
    request->header =
        (struct virtio_blk_outhdr){.type = write ? VIRTIO_BLK_T_OUT : VIRTIO_BLK_T_IN, .sector = sector};
    request->status = 0xff; /* none of the three that a device gives */
    unsigned pieces = describe_frames(pfns, count, VRING_DESC_F_NEXT | (write ? 0 : VRING_DESC_F_WRITE));
    describe(0, virt_to_paddr(&request->header), sizeof(request->header), VRING_DESC_F_NEXT);
    describe(pieces + 1, virt_to_paddr((const void *)&request->status), 1, VRING_DESC_F_WRITE);
    chain_run();
    return request->status == VIRTIO_BLK_S_OK ? 0 : -EIO;
}

/* Memory for the queue, and behind it for the request. => false: there is none */
static bool queue_make(void)
{
    cpu_out16((uint16_t)(ports + VIRTIO_PCI_QUEUE_SEL), 0);
    unsigned size = cpu_in16((uint16_t)(ports + VIRTIO_PCI_QUEUE_NUM)), order = 0;
    size_t bytes = page_ceil(vring_size(size, VIRTIO_PCI_VRING_ALIGN));

    while (PAGE_SIZE << order < bytes + sizeof(*request))
        order++;
    struct page *page = size > OTHER_DESCRIPTORS ? page_alloc_order(PAGE_BUFFER, order) : NULL;
    if (!page)
        return false;
    memset(page_to_virt(page), 0, PAGE_SIZE << order);
    vring_init(&queue, size, page_to_virt(page), VIRTIO_PCI_VRING_ALIGN);
    request = (struct request *)((char *)page_to_virt(page) + bytes);
    queue.avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
    cpu_out32((uint16_t)(ports + VIRTIO_PCI_QUEUE_PFN), (uint32_t)page_to_pfn(page));
    return true;
}

static uint64_t capacity(void)
{
    uint16_t port = (uint16_t)(ports + VIRTIO_PCI_CONFIG_OFF(false)); /* virtio_blk_config.capacity */

    return cpu_in32(port) | (uint64_t)cpu_in32((uint16_t)(port + 4)) << 32;
}

/* => what is wrong with the device; NULL: it is ready */
static const char *start(uint32_t function)
{
    uint32_t base = pci_read(function, PCI_BASE_ADDRESS_0);

    if (!(base & PCI_BASE_ADDRESS_SPACE_IO))
        return "it has no ports";
    ports = (uint16_t)(base & (uint32_t)PCI_BASE_ADDRESS_IO_MASK);
    pci_enable(function);
    cpu_out8((uint16_t)(ports + VIRTIO_PCI_STATUS), 0); /* reset */
    status_add(VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
    if (cpu_in32((uint16_t)(ports + VIRTIO_PCI_HOST_FEATURES)) & 1U << VIRTIO_BLK_F_RO)
        return "it cannot be written to";
    cpu_out32((uint16_t)(ports + VIRTIO_PCI_GUEST_FEATURES), 0);
    if (!queue_make())
        return "no memory for its queue";
    status_add(VIRTIO_CONFIG_S_DRIVER_OK);
    return NULL;
}

struct blkdev *virtio_blk_find(void)
{
    uint32_t function = pci_find(VENDOR, DEVICE);

    if (function == NO_FUNCTION)
        return NULL;
    const char *wrong = start(function);
    if (wrong) {
        status_add(VIRTIO_CONFIG_S_FAILED);
        log_line("disk: vda is not used: %s", wrong);
        return NULL;
    }
    disk = (struct blkdev){.name = "vda",
                           .sectors = capacity(),
                           .most = (unsigned)MIN(MOST_FRAMES, queue.num - OTHER_DESCRIPTORS),
                           .transfer = transfer};
    return &disk;
}
