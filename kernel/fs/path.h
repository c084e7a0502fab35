/* SPDX-License-Identifier: MIT */
/* path.h - from a path to a node, through mounts and symbolic links; and from a node back to its path. */
#pragma once

#include <fs/node.h>
#include <types.h>

struct file;

/* The root of everything (the ramfs). */
struct node *path_root(void);
/* Sets it, once; takes over the reference. */
void path_set_root(struct node *root);

#define PATH_NO_FOLLOW 1U /* do not follow a symbolic link in the last component */
#define PATH_DIRECTORY 2U /* refuse with -ENOTDIR what is not a directory */

/* "." or ".."? */
bool path_is_dots(const char *name);
/* `start`: where a relative path begins. => a referenced node; -ENOENT, -ENOTDIR, -ELOOP (40 links),
 * -ENAMETOOLONG, -EACCES: *found is as it was. */
int path_lookup(struct node *start, const char *path, unsigned flags, struct node **found);
/* Resolves all but the last component, which is copied to `name`: "" for the root, possibly "." or "..",
 * without the slashes behind it. => the directory, referenced. */
int path_lookup_parent(struct node *start, const char *path, struct node **directory,
                       char name[NAME_LENGTH_MAX + 1]);
/* open(2): lookup, O_CREAT, O_EXCL, O_TRUNC, O_DIRECTORY, O_NOFOLLOW. => an open file; after an error *file is as it was. */
int path_open(struct node *start, const char *path, uint32_t flags, uint32_t mode, struct file **file);
/* The absolute path of a node, NUL-terminated; "... (deleted)" if it is in no directory any more. => length,
 * -ENAMETOOLONG, -ENOENT. */
ssize_t path_of(struct node *node, char *buffer, size_t size);
/* A buffer of PATH_LENGTH_MAX bytes, a quarter of a kernel stack. => NULL when memory is short. */
char *path_buffer_alloc(void);
void path_buffer_free(char *buffer);
/* Covers a directory with the root of another file system (takes over the reference). */
int path_mount(const char *directory, struct node *root);

/* The verbs that change the tree (pathops.c), with the errnos of their man pages. */
/* mkdir, symlink, mknod of a regular file: mode has S_IFDIR, S_IFLNK (then `target` is the text) or
 * S_IFREG. */
int path_make(struct node *start, const char *path, uint32_t mode, const char *target);
/* unlink; want_directory: rmdir. */
int path_remove(struct node *start, const char *path, bool want_directory);
#define PATH_NO_REPLACE 1U /* RENAME_NOREPLACE */
int path_rename(struct node *old_start, const char *old_path, struct node *new_start, const char *new_path,
                unsigned flags);
/* `target` is not followed by name any more: the caller has looked it up. */
int path_link(struct node *target, struct node *start, const char *path);

/* Makes the root ramfs, unpacks the initramfs (newc archives, several one after the other), makes /dev and
 * its nodes (init.c).
 * => 0, or -EINVAL/-ENOMEM after a message that says what is wrong with the archive. */
int fs_init(const void *initramfs, size_t size);
