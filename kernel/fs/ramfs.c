/* SPDX-License-Identifier: MIT */
/* ramfs.c - a tree of names in memory. What stands under a name, by its kind, is ramnode.c's.
 *
 *   ramfs_node "bin" ---entries---> "cat" -> "init" -> "ls"      in the order of their making, for listings
 *        ^                            |
 *        +---------parent-------------+      and each in one hash table, by (directory, name), for lookups
 *
 * A hard link is a node of its own that stands only for the one it was made from: lookups see through it, and it keeps a reference.
 * Being in a directory is a reference.
 *
 * A listing's position is the number that an entry got when it was made, not its place in the row: so a
 * listing that is interrupted by removals (rm -r) neither repeats nor skips. The place where the last listing
 * stopped is kept.
 *
 * Guarded by: ramfs_lock, names, links between nodes and link counts. */
#include <fs/ramfs.h>

#include <fs/path.h>
#include <fs/ramnode.h>
#include <mm/kmem.h>
#include <string.h>

#include <asm-generic/errno.h>
#include <linux/stat.h>

#define MEMORY_DEVICE 1U /* 0:1: what is in no tree at all */
#define BUCKETS 1024U

static LIST_HEAD(ramfs_bucket, ramfs_node)
buckets[BUCKETS]; /* guarded by: ramfs_lock */

static const struct node_ops directory_ops, alias_ops;

static struct ramfs_node *original_of(struct ramfs_node *entry)
{
    return entry->node.ops == &alias_ops ? entry->original : entry;
}

/* ---- names in directories: ramfs_lock held -------------------------------------------------------------- */

/* FNV-1a over the name, started from the directory's number. */
static unsigned bucket_of(const struct ramfs_node *directory, const char *name)
{
    uint32_t hash = 2166136261U ^ (uint32_t)directory->node.inode;

    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * 16777619U;
    return (hash ^ hash >> 16) % BUCKETS;
}

static struct ramfs_node *entry_find(const struct ramfs_node *directory, const char *name)
{
    struct ramfs_node *entry;

    LIST_FOREACH (entry, &buckets[bucket_of(directory, name)], bucket) {
        if (entry->parent == directory && strcmp(entry->name, name) == 0)
            return entry;
    }
    return NULL;
}

/* Takes over the reference and `name`. */
static void entry_add(struct ramfs_node *directory, char *name, struct ramfs_node *entry)
{
    assert(!entry->parent && directory->node.links > 0);
    kfree(entry->name); /* which a nameless one showed */
    entry->name = name;
    entry->parent = directory;
    entry->number = directory->next_number++;
    LIST_INSERT_HEAD(&buckets[bucket_of(directory, name)], entry, bucket);
    TAILQ_INSERT_TAIL(&directory->entries, entry, link);
    if (is_directory(entry)) {
        entry->node.parent = &directory->node;
        directory->node.links++;
    }
    directory->node.modified = directory->node.changed = node_now();
}

/* Gives the reference and the name back to the caller, who goes on with them. */
static char *entry_remove(struct ramfs_node *entry)
{
    struct ramfs_node *directory = entry->parent;
    char *name = entry->name;

    if (directory->hint == entry)
        directory->hint = TAILQ_NEXT(entry, link);
    LIST_REMOVE(entry, bucket);
    TAILQ_REMOVE(&directory->entries, entry, link);
    if (is_directory(entry)) {
        entry->node.parent = NULL;
        directory->node.links--;
    }
    directory->node.modified = directory->node.changed = node_now();
    entry->parent = NULL;
    entry->name = NULL;
    return name;
}

/* ---- making and freeing nodes -------------------------------------------------------------------------- */

static struct ramfs_node *make_directory(uint32_t mode)
{
    struct ramfs_node *ramfs = ramnode_alloc(mode, &directory_ops);
    if (!ramfs)
        return NULL;
    ramfs->node.links = 2;
    TAILQ_INIT(&ramfs->entries);
    return ramfs;
}

struct node *ramfs_create(void)
{
    struct ramfs_node *root = make_directory(S_IFDIR | 0755);
    if (!root)
        return NULL;
    root->parent = root;
    root->node.parent = &root->node;
    return &root->node;
}

/* A removed directory keeps the one that it was in, for whoever still stands in it and goes "..". That may be a long
 * row, so it is not walked by recursion. */
static void release_directory(struct node *node)
{
    while (node) {
        struct node *parent = node->parent;
        ramnode_free(ramfs_of(node));
        node = parent && __atomic_sub_fetch(&parent->refs, 1, __ATOMIC_ACQ_REL) == 0 ? parent : NULL;
    }
}

/* ---- directories --------------------------------------------------------------------------------------- */

static int ramfs_lookup(struct node *directory, const char *name, struct node **found)
{
    SPIN_GUARD(&ramfs_lock);
    struct ramfs_node *entry = entry_find(ramfs_of(directory), name);
    if (entry)
        *found = node_get(&original_of(entry)->node);
    return entry ? 0 : -ENOENT;
}

/* The entry itself, hard link or not, referenced; NULL: there is none. */
static struct ramfs_node *entry_get(struct node *directory, const char *name)
{
    SPIN_GUARD(&ramfs_lock);
    struct ramfs_node *entry = entry_find(ramfs_of(directory), name);
    if (entry)
        node_get(&entry->node);
    return entry;
}

/* The first entry whose number is at least `position`. */
static struct ramfs_node *entry_from(struct ramfs_node *directory, uint64_t position)
{
    struct ramfs_node *entry = directory->hint;

    if (!entry || entry->number > position)
        entry = TAILQ_FIRST(&directory->entries);
    while (entry && entry->number < position)
        entry = TAILQ_NEXT(entry, link);
    return entry;
}

static int ramfs_list(struct node *directory, uint64_t position, struct node_entry *entry)
{
    SPIN_GUARD(&ramfs_lock);
    struct ramfs_node *found = entry_from(ramfs_of(directory), position);
    ramfs_of(directory)->hint = found;
    if (!found)
        return 0;
    strcpy(entry->name, found->name);
    entry->inode = original_of(found)->node.inode;
    entry->mode = original_of(found)->node.mode;
    entry->next = found->number + 1;
    return 1;
}

/* Puts a new node into a directory. Takes over the reference. => 0, -EEXIST, -ENOMEM, -ENOENT (the directory
 * was removed). */
static int ramfs_insert(struct ramfs_node *directory, const char *name, struct ramfs_node *fresh)
{
    char *own_name = ramnode_text(name);
    int error = -ENOMEM;

    if (own_name) {
        SPIN_GUARD(&ramfs_lock);
        error = directory->node.links == 0 ? -ENOENT : entry_find(directory, name) ? -EEXIST : 0;
        if (!error)
            entry_add(directory, own_name, fresh);
    }
    if (error) {
        kfree(own_name);
        node_put(&fresh->node);
    }
    return error;
}

struct node *ramfs_memory_file(const char *shown)
{
    struct ramfs_node *fresh = ramnode_nameless(S_IFREG | 0777, shown);
    if (!fresh)
        return NULL;
    fresh->node.sealable = true;
    fresh->node.device = fresh->data.source.device = MEMORY_DEVICE;
    return &fresh->node;
}

static int ramfs_make(struct node *directory, const char *name, uint32_t mode, const char *target,
                      struct node **made)
{
    struct ramfs_node *fresh;

    switch (mode & S_IFMT) {
    case S_IFDIR:
        fresh = make_directory(mode);
        break;
    case S_IFLNK:
        fresh = ramnode_link(target);
        break;
    case S_IFREG:
        fresh = name ? ramnode_file(mode) : ramnode_temporary(directory, mode);
        break;
    case S_IFIFO:
    case S_IFSOCK:
        fresh = ramnode_pipe(mode);
        break;
    default:
        return -EPERM;
    }
    if (!fresh)
        return -ENOMEM;
    int error = name ? ramfs_insert(ramfs_of(directory), name, ramfs_of(node_get(&fresh->node))) : 0;
    if (error)
        node_put(&fresh->node);
    else
        *made = &fresh->node;
    return error;
}

static void release_alias(struct node *node)
{
    node_put(&ramfs_of(node)->original->node);
    ramnode_free(ramfs_of(node));
}

/* The first name of a file that was made without one: its own entry. */
static int link_first(struct node *directory, const char *name, struct node *target)
{
    target->links = 1;
    int error = ramfs_insert(ramfs_of(directory), name, ramfs_of(node_get(target)));
    target->linkable = error;
    target->links = !error;
    return error;
}

/* A directory cannot have a second name, and a file that has none left gets none back. */
static int ramfs_link(struct node *directory, const char *name, struct node *target)
{
    if (target->linkable)
        return link_first(directory, name, target);
    struct ramfs_node *alias = ramnode_alloc(target->mode, &alias_ops);
    if (!alias)
        return -ENOMEM;
    alias->original = ramfs_of(node_get(target));

    spin_lock(&ramfs_lock);
    int error = node_is(target, S_IFDIR) ? -EPERM : target->links == 0 ? -ENOENT : 0;
    target->links += !error;
    spin_unlock(&ramfs_lock);
    if (error) {
        node_put(&alias->node);
        return error;
    }
    node_get(target); /* the insertion may drop the alias with its reference */
    error = ramfs_insert(ramfs_of(directory), name, alias);
    if (error) {
        SPIN_GUARD(&ramfs_lock);
        target->links--;
    } else {
        target->changed = node_now();
    }
    node_put(target);
    return error;
}

int ramfs_add_device(struct node *directory, const struct device *device)
{
    struct ramfs_node *fresh = ramnode_device(device);

    return fresh ? ramfs_insert(ramfs_of(directory), device->name, fresh) : -ENOMEM;
}

/* The name for a node that is about to leave its directory while somebody still uses it: its path, as Linux
 * shows it.
 * => kmalloc'ed; NULL: nobody uses it (one reference is the directory's, one the caller's), or memory is
 * short. */
static char *deleted_name(struct ramfs_node *ramfs)
{
    char *path, *name = NULL;

    if ((ramfs->node.refs <= 2 && !ramnode_is_mapped(ramfs)) || ramfs->node.ops == &alias_ops)
        return NULL;
    path = kmalloc(PATH_LENGTH_MAX + sizeof(DELETED));
    if (!path)
        return NULL;
    if (path_of(&ramfs->node, path, PATH_LENGTH_MAX) > 0) {
        strcat(path, DELETED);
        name = ramnode_text(path);
    }
    kfree(path);
    return name;
}

/* May `entry` leave its directory, as the call's kind of thing? */
static int removal_refusal(const struct ramfs_node *entry, bool want_directory)
{
    if (want_directory && !is_directory(entry))
        return -ENOTDIR;
    if (!want_directory && is_directory(entry))
        return -EISDIR;
    if (is_directory(entry) && entry->node.mounted)
        return -EBUSY;
    if (is_directory(entry) && !TAILQ_EMPTY(&entry->entries))
        return -ENOTEMPTY;
    return 0;
}

/* Takes `entry` out of its directory for good: the directory's reference comes to the caller. ramfs_lock
 * held. */
static void entry_delete(struct ramfs_node *entry, char *last_name)
{
    struct node *node = &original_of(entry)->node, *directory = &entry->parent->node;

    kfree(entry_remove(entry));
    entry->name = last_name;
    node->changed = node_now();
    if (is_directory(entry)) {
        node->links = 0;
        node->parent = node_get(directory);
    } else {
        node->links--;
    }
}

static int ramfs_unlink(struct node *directory, const char *name, bool want_directory)
{
    struct ramfs_node *entry = entry_get(directory, name);
    if (!entry)
        return -ENOENT;

    char *last_name = deleted_name(entry);
    spin_lock(&ramfs_lock);
    /* It may have gone elsewhere while its path was put together. */
    int error = entry->parent == ramfs_of(directory) ? removal_refusal(entry, want_directory) : -ENOENT;
    if (!error)
        entry_delete(entry, last_name);
    spin_unlock(&ramfs_lock);
    if (error)
        kfree(last_name);
    else
        node_put(&entry->node);
    node_put(&entry->node);
    return error;
}

/* Does `directory` lie in `ancestor`, or is it the same? */
static bool lies_in(const struct ramfs_node *directory, const struct ramfs_node *ancestor)
{
    while (directory != ancestor && directory->parent && directory->parent != directory)
        directory = directory->parent;
    return directory == ancestor;
}

/* What rename(2) forbids. `target` is what has the new name now, or NULL. ramfs_lock held. */
static int rename_refusal(const struct ramfs_node *entry, const struct ramfs_node *to,
                          const struct ramfs_node *target)
{
    if (to->node.links == 0)
        return -ENOENT;
    if (is_directory(entry) && entry->node.mounted)
        return -EBUSY;
    if (is_directory(entry) && lies_in(to, entry))
        return -EINVAL;
    return target ? removal_refusal(target, is_directory(entry)) : 0;
}

static int ramfs_rename(struct node *from, const char *old_name, struct node *to, const char *new_name)
{
    char *own_name = ramnode_text(new_name), *last_name = NULL;
    int error = 0;

    if (!own_name)
        return -ENOMEM;
    struct ramfs_node *found = entry_get(to, new_name);
    if (found)
        last_name = deleted_name(found);

    spin_lock(&ramfs_lock);
    struct ramfs_node *entry = entry_find(ramfs_of(from), old_name);
    struct ramfs_node *target = entry_find(ramfs_of(to), new_name);
    bool same = entry && target && original_of(entry) == original_of(target);
    if (!entry)
        error = -ENOENT;
    else if (!same)
        error = rename_refusal(entry, ramfs_of(to), target);
    bool moves = !error && !same;
    if (moves && target) {
        entry_delete(target, last_name);
        last_name = NULL;
    }
    if (moves) {
        char *before = entry_remove(entry);
        entry_add(ramfs_of(to), own_name, entry);
        own_name = before;
    }
    spin_unlock(&ramfs_lock);

    if (moves && target)
        node_put(&target->node);
    if (found)
        node_put(&found->node);
    kfree(own_name);
    kfree(last_name);
    return error;
}

static const struct node_ops directory_ops = {
    .lookup = ramfs_lookup,
    .list = ramfs_list,
    .create = ramfs_make,
    .unlink = ramfs_unlink,
    .link = ramfs_link,
    .rename = ramfs_rename,
    .name = ramnode_name,
    .release = release_directory,
};

static const struct node_ops alias_ops = {.release = release_alias};

/* ---- checking ------------------------------------------------------------------------------------------ */

static const char *node_check(const struct ramfs_node *ramfs)
{
    uint32_t links = 2;
    uint64_t last = 0;
    const struct ramfs_node *entry;

    if (ramfs->node.refs == 0 || !ramfs->name || !ramfs->parent)
        return "ramfs: a node in a directory without reference, name or parent";
    if (!is_directory(ramfs))
        return ramnode_check(ramfs);
    TAILQ_FOREACH (entry, &ramfs->entries, link) {
        if (entry->parent != ramfs)
            return "ramfs: an entry's parent";
        if (entry->number < last || entry->number >= ramfs->next_number)
            return "ramfs: order of entries";
        last = entry->number + 1;
        links += is_directory(entry);
    }
    return links == ramfs->node.links ? NULL : "ramfs: link count of a directory";
}

const char *ramfs_check(void)
{
    const struct ramfs_node *ramfs;

    SPIN_GUARD(&ramfs_lock);
    for (unsigned i = 0; i < BUCKETS; i++) {
        LIST_FOREACH (ramfs, &buckets[i], bucket) {
            const char *error = node_check(ramfs);
            if (error)
                return error;
        }
    }
    return NULL;
}
