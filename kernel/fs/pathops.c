/* SPDX-License-Identifier: MIT */
/* pathops.c - the verbs that change the tree: make, remove, rename, link. They find the directory and the
 * name, refuse what no file system would do, and leave the rest to the directory's own file system. */
#include <fs/path.h>

#include <string.h>

#include <asm-generic/errno.h>
#include <linux/stat.h>

static bool ends_in_slash(const char *path)
{
    size_t length = strlen(path);

    return length > 0 && path[length - 1] == '/';
}

/* "", "." and "..": names of directories that exist and that are not to be touched. */
static bool is_special(const char *name)
{
    return name[0] == '\0' || path_is_dots(name);
}

static bool exists(struct node *directory, const char *name)
{
    struct node *found NODE_HELD = NULL;

    return directory->ops->lookup(directory, name, &found) == 0;
}

/* Why there can be no new `name` in the directory. `slash`: the path ends in one, which only a directory's may. */
static int new_refusal(struct node *directory, const char *name, bool slash)
{
    if (is_special(name) || exists(directory, name))
        return -EEXIST;
    return slash || directory->links == 0 ? -ENOENT : 0;
}

int path_make(struct node *start, const char *path, uint32_t mode, const char *target)
{
    struct node *directory NODE_HELD = NULL, *made NODE_HELD = NULL;
    char name[NAME_LENGTH_MAX + 1];
    int error = path_lookup_parent(start, path, &directory, name);
    if (!error)
        error = new_refusal(directory, name, ends_in_slash(path) && (mode & S_IFMT) != S_IFDIR);
    if (error)
        return error;
    if (!directory->ops->create)
        return -ENOENT; /* as Linux says of /proc */
    return directory->ops->create(directory, name, mode, target, &made);
}

int path_link(struct node *target, struct node *start, const char *path)
{
    struct node *directory NODE_HELD = NULL;
    char name[NAME_LENGTH_MAX + 1];
    int error = path_lookup_parent(start, path, &directory, name);
    if (!error)
        error = new_refusal(directory, name, ends_in_slash(path));
    if (error)
        return error;
    if (directory->device != target->device)
        return -EXDEV;
    return directory->ops->link && target->ops->name ? directory->ops->link(directory, name, target) : -EPERM;
}

/* unlink("name/") */
static int refuse_slash(struct node *directory, const char *name)
{
    struct node *node NODE_HELD = NULL;
    int error = directory->ops->lookup(directory, name, &node);

    return error ? error : node_is(node, S_IFDIR) ? -EISDIR : -ENOTDIR;
}

int path_remove(struct node *start, const char *path, bool want_directory)
{
    struct node *directory NODE_HELD = NULL;
    char name[NAME_LENGTH_MAX + 1];
    int error = path_lookup_parent(start, path, &directory, name);
    if (error)
        return error;

    if (name[0] == '\0')
        return want_directory ? -EBUSY : -EISDIR;
    if (strcmp(name, ".") == 0)
        return want_directory ? -EINVAL : -EISDIR;
    if (strcmp(name, "..") == 0)
        return want_directory ? -ENOTEMPTY : -EISDIR;
    if (!directory->ops->unlink)
        return exists(directory, name) ? -EROFS : -ENOENT;
    if (!want_directory && ends_in_slash(path))
        return refuse_slash(directory, name);
    return directory->ops->unlink(directory, name, want_directory);
}

/* Both names are known; a slash behind one of them asks for a directory. */
static int rename_checked(struct node *from, const char *old_name, struct node *to, const char *new_name,
                          bool slash, unsigned flags)
{
    struct node *old NODE_HELD = NULL;

    if (is_special(old_name) || is_special(new_name))
        return -EBUSY;
    int error = from->ops->lookup(from, old_name, &old);
    if (error)
        return error;
    if (slash && !node_is(old, S_IFDIR))
        return -ENOTDIR;
    if ((flags & PATH_NO_REPLACE) && exists(to, new_name))
        return -EEXIST;
    if (from->device != to->device)
        return -EXDEV;
    if (!from->ops->rename || to->links == 0)
        return to->links == 0 ? -ENOENT : -EROFS;
    return from->ops->rename(from, old_name, to, new_name);
}

int path_rename(struct node *old_start, const char *old_path, struct node *new_start, const char *new_path,
                unsigned flags)
{
    struct node *from NODE_HELD = NULL, *to NODE_HELD = NULL;
    char old_name[NAME_LENGTH_MAX + 1], new_name[NAME_LENGTH_MAX + 1];
    int error = path_lookup_parent(old_start, old_path, &from, old_name);
    if (!error)
        error = path_lookup_parent(new_start, new_path, &to, new_name);
    bool slash = ends_in_slash(old_path) || ends_in_slash(new_path);
    return error ? error : rename_checked(from, old_name, to, new_name, slash, flags);
}
