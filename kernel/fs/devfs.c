/* SPDX-License-Identifier: MIT */
/* devfs.c - /dev: ordinary nodes in the root file system, made once at boot from the list below. */
#include <fs/devfs.h>

#include <fs/device.h>
#include <fs/path.h>
#include <fs/ramfs.h>

#include <asm-generic/errno.h>
#include <linux/stat.h>

static const struct device *const devices[] = {
    &device_console, &device_tty,     &device_null,   &device_zero,    &device_full,
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

int devfs_make(void)
{
    struct node *dev;
    int error = unless_there(path_make(NULL, "/dev", S_IFDIR | 0755, NULL));
    if (error)
        return error;
    error = path_lookup(NULL, "/dev", PATH_DIRECTORY, &dev);
    if (error)
        return error;
    for (size_t i = 0; i < ARRAY_SIZE(devices) && !error; i++)
        error = unless_there(ramfs_add_device(dev, devices[i]));
    node_put(dev);
    for (size_t i = 0; i < ARRAY_SIZE(links) && !error; i++)
        error = unless_there(path_make(NULL, links[i].path, S_IFLNK | 0777, links[i].target));
    return error;
}
