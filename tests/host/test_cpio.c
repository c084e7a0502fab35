/* SPDX-License-Identifier: MIT */
/* test_cpio.c - the initramfs reader: what it makes of good archives, and that no bad one gets through or
 * does harm.
 *
 * The archives are made here, byte by byte, so that each can be broken in one place. */
/* sources: kernel/fs/cpio.c kernel/fs/ramfs.c kernel/fs/ramnode.c kernel/fs/filedata.c kernel/fs/pagetree.c kernel/fs/path.c
 * kernel/fs/pathops.c kernel/fs/node.c kernel/fs/file.c kernel/fs/io.c kernel/mm/kmem.c kernel/mm/page.c kernel/mm/buddy.c
 * kernel/mm/bootmem.c tests/host/shim/machine.c tests/host/shim/files.c */
/* flags: -isystem build/include -D__KERNEL__ -include tests/host/shim/files.h -Wl,--wrap=page_alloc
 * -Wl,--wrap=page_alloc_order -Wl,--wrap=page_alloc_zeroed -Wl,--wrap=log_line */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shim/files.h"
#include "shim/machine.h"

#include <fs/cpio.h>
#include <fs/file.h>
#include <fs/path.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <linux/stat.h>

#define HEADER 110
#define FIELD(n) (6 + 8 * (n)) /* where header field n begins: 1 mode, 4 links, 6 size, 11 name's size */

static struct {
    char bytes[65536];
    size_t size;
} archive;

static void add_bytes(const void *bytes, size_t count)
{
    memcpy(archive.bytes + archive.size, bytes, count);
    archive.size += count;
    while (archive.size % 4)
        archive.bytes[archive.size++] = '\0';
}

static void add_entry(const char *name, unsigned mode, unsigned links, const char *content, size_t size)
{
    char header[HEADER + 1 + 300];
    int length = snprintf(header, sizeof(header),
                          "070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X%s", 1, mode, 0, 0,
                          links, 77, size, 0, 0, 0, 0, strlen(name) + 1, 0, name);

    add_bytes(header, (size_t)length + 1);
    add_bytes(content, size);
}

static void add_file(const char *name, const char *content)
{
    add_entry(name, S_IFREG | 0644, 1, content, strlen(content));
}

static void add_trailer(void)
{
    add_entry("TRAILER!!!", 0, 1, "", 0);
}

static void begin(void)
{
    memset(&archive, 0, sizeof(archive));
    files_log[0] = '\0';
    files_log_lines = 0;
    files_start();
}

/* Unpacks from memory of exactly that size, so that a read behind its end is caught. */
static int unpack(void)
{
    char *exact = malloc(archive.size ? archive.size : 1);

    memcpy(exact, archive.bytes, archive.size);
    int result = cpio_unpack(path_root(), exact, archive.size);
    free(exact);
    const char *broken = files_check();
    if (broken)
        fail_msg("%s", broken);
    return result;
}

static void expect_refusal(const char *words)
{
    int result = unpack();

    assert_int_equal(result, -EINVAL);
    assert_int_equal(files_log_lines, 1);
    if (!strstr(files_log, words))
        fail_msg("the message is \"%s\", not about \"%s\"", files_log, words);
}

static const char *read_all(const char *path)
{
    static char text[1000];
    struct io io = io_kernel(text, sizeof(text) - 1);
    struct file *file;

    assert_int_equal(path_open(NULL, path, O_RDONLY, 0, &file), 0);
    ssize_t count = file_read(file, &io, NULL);
    assert_true(count >= 0);
    text[count] = '\0';
    file_put(file);
    return text;
}

static uint32_t mode_of(const char *path)
{
    struct node *node;
    int error = path_lookup(NULL, path, PATH_NO_FOLLOW, &node);

    if (error)
        return 0;
    uint32_t mode = node->mode;
    node_put(node);
    return mode;
}

static void all_kinds(void **state)
{
    (void)state;
    begin();
    add_entry(".", S_IFDIR | 0700, 2, "", 0);
    add_entry("bin", S_IFDIR | 0711, 2, "", 0);
    add_entry("bin/sh", S_IFREG | 0755, 1, "hello", 5);
    add_file("./etc/deep/motd", "first");
    add_file("/lib/x", "");
    add_entry("bin/link", S_IFLNK | 0777, 1, "../etc/deep", 11);
    add_entry("dev/sda", S_IFBLK | 0600, 1, "", 0);
    add_file("bin/link/through", "a link on the way");
    add_trailer();
    assert_int_equal(unpack(), 0);
    assert_int_equal(files_log_lines, 0);

    assert_int_equal(mode_of("/"), S_IFDIR | 0700);
    assert_int_equal(mode_of("/bin"), S_IFDIR | 0711);
    assert_int_equal(mode_of("/bin/sh"), S_IFREG | 0755);
    assert_int_equal(mode_of("/etc/deep"), S_IFDIR | 0755);
    assert_int_equal(mode_of("/bin/link"), S_IFLNK | 0777);
    assert_int_equal(mode_of("/dev/sda"), 0);
    assert_string_equal(read_all("/bin/sh"), "hello");
    assert_string_equal(read_all("/bin/link/motd"), "first");
    assert_string_equal(read_all("/etc/deep/through"), "a link on the way");
    assert_string_equal(read_all("/lib/x"), "");
    files_stop();
}

static void later_archives_replace(void **state)
{
    (void)state;
    begin();
    add_file("a", "a rather long text at first");
    add_file("b", "file");
    add_entry("c", S_IFLNK | 0777, 1, "a", 1);
    add_entry("d", S_IFDIR | 0755, 2, "", 0);
    add_file("e/kept", "yes");
    add_trailer();
    archive.size += 512;
    add_file("a", "short");
    add_entry("b", S_IFDIR | 0755, 2, "", 0);
    add_file("c", "no link any more");
    add_file("d", "no directory any more");
    add_entry("e", S_IFDIR | 0700, 2, "", 0);
    add_trailer();
    archive.size += 256;
    assert_int_equal(unpack(), 0);

    assert_string_equal(read_all("/a"), "short");
    assert_int_equal(mode_of("/b"), S_IFDIR | 0755);
    assert_string_equal(read_all("/c"), "no link any more");
    assert_string_equal(read_all("/d"), "no directory any more");
    assert_string_equal(read_all("/e/kept"), "yes");
    assert_int_equal(mode_of("/e"), S_IFDIR | 0700);
    files_stop();
}

static void small_archive(void)
{
    add_entry("dir", S_IFDIR | 0755, 2, "", 0);
    add_file("dir/file", "some content");
    add_entry("link", S_IFLNK | 0777, 1, "dir/file", 8);
    add_trailer();
}

/* Wherever the end is missing, something is said and nothing is read that is not there. */
static void truncated_anywhere(void **state)
{
    (void)state;
    begin();
    small_archive();
    size_t whole = archive.size;
    /* What may be missing: the zeros that pad the trailer's name. */
    size_t needed = whole - 3;
    for (size_t size = 0; size < whole; size++) {
        begin();
        small_archive();
        archive.size = size;
        int result = unpack();
        assert_int_equal(result, size < needed ? -EINVAL : 0);
        assert_int_equal(files_log_lines, size < needed ? 1 : 0);
    }
    files_stop();
}

/* Every byte of the archive, changed in several ways: it may be refused or mean something else, but it does
 * no harm. */
static void changed_anywhere(void **state)
{
    static const unsigned char changes[] = {0x00, 0xff, '0', 'F', '8', '/', '.'};
    (void)state;
    begin();
    uint64_t before = files_objects();
    small_archive();
    size_t whole = archive.size;
    for (size_t at = 0; at < whole; at++) {
        for (size_t i = 0; i < sizeof(changes); i++) {
            begin();
            small_archive();
            archive.bytes[at] = (char)changes[i];
            int result = unpack();
            assert_int_equal(files_log_lines, result ? 1 : 0);
        }
    }
    begin();
    assert_int_equal(files_objects(), before);
    files_stop();
}

static void set_field(size_t field, const char *digits)
{
    memcpy(archive.bytes + FIELD(field), digits, 8);
}

static void refusals(void **state)
{
    (void)state;
    begin();
    expect_refusal("there is no archive");
    begin();
    archive.size = 1024; /* zeros only */
    expect_refusal("there is no archive");
    begin();
    add_bytes(
        "this is no archive at all, but it is long enough to look for a header in it, so that the magic "
        "number is the problem, really",
        124);
    expect_refusal("no newc header");
    begin();
    add_file("x", "content");
    archive.bytes[5] = '7'; /* the old ASCII format */
    expect_refusal("no newc header");
    begin();
    add_file("x", "content");
    add_trailer();
    set_field(6, "0000000g");
    expect_refusal("not hexadecimal");
    begin();
    add_file("x", "content");
    add_trailer();
    set_field(6, "FFFFFFFF");
    expect_refusal("content is cut off");
    begin();
    add_file("x", "content");
    add_trailer();
    set_field(11, "FFFFFFFF");
    expect_refusal("name's length is not");
    begin();
    add_file("x", "content");
    set_field(11, "00000000");
    expect_refusal("name's length is not");
    begin();
    add_file("x", "content");
    set_field(11, "00000001");
    expect_refusal("does not agree");
    begin();
    add_file("x", "content");
    set_field(11, "00000FFF");
    expect_refusal("name is cut off");
    begin();
    add_file("x", "content");
    expect_refusal("ends without its TRAILER");
    begin();
    add_entry("x", S_IFREG | 0644, 2, "", 0);
    expect_refusal("hard link");
    begin();
    add_entry("x", 0644, 1, "", 0);
    expect_refusal("no known type");
    begin();
    add_entry(".", S_IFREG | 0644, 1, "x", 1);
    expect_refusal("root can only be a directory");
    begin();
    add_entry("x/", S_IFREG | 0644, 1, "x", 1);
    expect_refusal("ends in a slash");
    begin();
    add_entry("x", S_IFLNK | 0777, 1, "", 0);
    expect_refusal("target of a symbolic link");
    begin();
    add_entry("x", S_IFLNK | 0777, 1, "a\0b", 3);
    expect_refusal("zero byte");
    begin();
    add_file("x", "content");
    add_trailer();
    archive.size += 2;
    add_file("y", "content");
    archive.size -= 2;
    memmove(archive.bytes + 250, archive.bytes + 252, 4000); /* the second archive begins two bytes early */
    expect_refusal("multiple of 4");
    files_stop();
}

/* These name the entry, and are about the tree, not about the archive's form. */
static void entries_that_cannot_be_made(void **state)
{
    char name[300];
    (void)state;

    begin();
    add_file("file", "content");
    add_file("file/below", "content");
    add_trailer();
    assert_int_equal(unpack(), -ENOTDIR);
    assert_non_null(strstr(files_log, "\"file/below\""));
    begin();
    add_file("dir/below", "content");
    add_file("dir", "content");
    add_trailer();
    assert_int_equal(unpack(), -ENOTEMPTY);
    begin();
    add_entry("a", S_IFLNK | 0777, 1, "b", 1);
    add_entry("b", S_IFLNK | 0777, 1, "a", 1);
    add_file("a/x", "content");
    add_trailer();
    assert_int_equal(unpack(), -ELOOP);
    begin();
    memset(name, 'n', 256);
    name[256] = '\0';
    add_file(name, "content");
    add_trailer();
    assert_int_equal(unpack(), -ENAMETOOLONG);
    begin();
    add_file("\x1b[31mred\n", "content");
    set_field(6, "FFFFFFFF");
    expect_refusal("?[31mred?"); /* nothing in it reaches the terminal */
    files_stop();
}

/* The way up ends at the root, whatever an archive says. */
static void names_stay_below_the_root(void **state)
{
    (void)state;
    begin();
    add_file("../../../up", "still inside");
    add_file("a/../../b", "inside too");
    add_trailer();
    assert_int_equal(unpack(), 0);
    assert_string_equal(read_all("/up"), "still inside");
    assert_string_equal(read_all("/b"), "inside too");
    files_stop();
}

/* With the n-th frame missing, for every n: an error, one line, and nothing lost. */
static void out_of_memory(void **state)
{
    static char content[3 * 4096];
    unsigned long n;
    (void)state;

    memset(content, 'c', sizeof(content));
    begin();
    uint64_t before = files_objects();
    for (n = 1;; n++) {
        begin();
        small_archive();
        archive.size = 0;
        add_entry("large", S_IFREG | 0644, 1, content, sizeof(content));
        small_archive();
        machine_fail_after(n);
        int result = unpack();
        bool failed = machine_has_failed();
        machine_fail_after(0);
        assert_int_equal(result, failed ? result : 0);
        if (result) {
            assert_true(result == -ENOMEM || result == -ENOSPC);
            assert_non_null(strstr(files_log, "not enough memory"));
        }
        begin();
        assert_int_equal(files_objects(), before);
        if (!failed)
            break;
    }
    assert_true(n > 3);
    files_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_kinds),
        cmocka_unit_test(later_archives_replace),
        cmocka_unit_test(truncated_anywhere),
        cmocka_unit_test(changed_anywhere),
        cmocka_unit_test(refusals),
        cmocka_unit_test(entries_that_cannot_be_made),
        cmocka_unit_test(names_stay_below_the_root),
        cmocka_unit_test(out_of_memory),
    };

    machine_start(8 << 20);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
