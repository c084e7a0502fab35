/* SPDX-License-Identifier: MIT */
/* init.c - the file systems as they are when the first program starts: the root in memory, the initramfs
 * unpacked into it, and /dev. /proc is mounted by procfs, which lies above. */
#include <fs/path.h>

#include <fs/cpio.h>
#include <fs/devfs.h>
#include <fs/filedata.h>
#include <fs/ramfs.h>
#include <lib/log.h>
#include <mm/page.h>

#include <asm-generic/errno.h>
#include <linux/stat.h>

/* Directories that everybody counts on, whatever the initramfs has. */
static const struct {
    const char *path;
    uint32_t mode;
} directories[] = {{"/proc", 0555}, {"/run", 0755}, {"/tmp", 01777}};

static int make_directories(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
        int error = path_make(NULL, directories[i].path, S_IFDIR | directories[i].mode, NULL);
        if (error && error != -EEXIST)
            return error;
    }
    return devfs_make();
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
    error = make_directories();
    if (error) {
        log_line("fs: /dev could not be made: not enough memory");
        return error;
    }
    page_ledger(&ledger);
    filedata_set_limit(pagetree_pages() + ledger.frames[PAGE_FREE] / 2);
    return 0;
}
