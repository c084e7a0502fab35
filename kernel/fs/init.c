/* SPDX-License-Identifier: MIT */
/* init.c - the file systems as they are when the first program starts: the root in memory, the initramfs
 * unpacked into it, and /dev. /proc is mounted by procfs, which lies above. */
#include <fs/path.h>

#include <fs/cpio.h>
#include <fs/device.h>
#include <fs/filedata.h>
#include <fs/ramfs.h>
#include <lib/log.h>
#include <mm/page.h>

#include <asm-generic/errno.h>
#include <linux/stat.h>

static const struct device *const devices[] = {
    &device_console, &device_tty,     &device_ptmx,   &device_null,    &device_zero,    &device_full,
    &device_random,  &device_urandom, &device_hostin, &device_hostout, &device_hosterr,
};

static const struct {
    const char *path, *target;
} links[] = {
    {"/dev/fd", "/proc/self/fd"},
    {"/dev/stdin", "/proc/self/fd/0"},
    {"/dev/stdout", "/proc/self/fd/1"},
    {"/dev/stderr", "/proc/self/fd/2"},
};

/* What the initramfs has brought stays. */
static int unless_there(int error)
{
    return error == -EEXIST ? 0 : error;
}

/* Directories that everybody counts on, whatever the initramfs has. */
static const struct {
    const char *path;
    uint32_t mode;
} directories[] = {{"/dev", 0755}, {"/dev/shm", 01777}, {"/dev/pts", 0755}, {"/proc", 0555},
                   {"/run", 0755}, {"/sys", 0555},      {"/tmp", 01777}};

/* Those, and what stands in /dev: ordinary nodes of the root file system. */
static int make_nodes(void)
{
    struct node *dev NODE_HELD = NULL;
    int error = 0;

    for (size_t i = 0; i < ARRAY_SIZE(directories) && !error; i++)
        error = unless_there(path_make(NULL, directories[i].path, S_IFDIR | directories[i].mode, NULL));
    if (!error)
        error = path_lookup(NULL, "/dev", PATH_DIRECTORY, &dev);
    for (size_t i = 0; i < ARRAY_SIZE(devices) && !error; i++)
        error = unless_there(ramfs_add_device(dev, devices[i]));
    for (size_t i = 0; i < ARRAY_SIZE(links) && !error; i++)
        error = unless_there(path_make(NULL, links[i].path, S_IFLNK | 0777, links[i].target));
    return error;
}

int fs_init(const void *initramfs, size_t size)
{
    struct page_ledger ledger;
    struct node *root = ramfs_create();
    if (!root)
        return -ENOMEM;

    path_set_root(root);
    int error = cpio_unpack(root, initramfs, size);
    if (error)
        return error;
    error = make_nodes();
    if (error) {
        log_line("fs: /dev could not be made: not enough memory");
        return error;
    }
    page_ledger(&ledger);
    filedata_set_limit(pagetree_pages() + ledger.frames[PAGE_FREE] / 2);
    return 0;
}
