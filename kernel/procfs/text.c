/* SPDX-License-Identifier: MIT */
/* text.c - see text.h. A chain of frames, so that the text may be long when memory is in small pieces:
 *
 *     first -> [4096 bytes] -> [4096 bytes] -> [the rest] <- last
 *
 * The frames are PAGE_BUFFER in the ledger while the file is open. Nothing here sleeps while it writes, so that a text
 * can be made with an address space locked. Not guarded: a text belongs to one open file. */
#include <procfs/text.h>

#include <mm/page.h>
#include <string.h>

#include <asm-generic/errno.h>

static struct page *text_page(uint32_t pfn)
{
    return pfn_to_page(pfn);
}

/* => the room left in the last frame; a new one is added when it is full. 0: out of memory. */
static size_t text_room(struct proctext *text)
{
    size_t used = text->size % PAGE_SIZE;

    if (used != 0)
        return PAGE_SIZE - used;
    struct page *page = page_alloc(PAGE_BUFFER);
    if (page == NULL)
        return 0;
    page->next = 0;
    uint32_t pfn = (uint32_t)page_to_pfn(page);
    if (text->last == 0)
        text->first = pfn;
    else
        text_page(text->last)->next = pfn;
    text->last = pfn;
    return PAGE_SIZE;
}

static void text_put(struct format_sink *sink, const char *bytes, size_t count)
{
    struct proctext *text = CONTAINER_OF(sink, struct proctext, sink);

    while (count != 0 && text->error == 0) {
        size_t room = text_room(text);
        size_t taken = MIN(count, room);
        if (room == 0) {
            text->error = -ENOMEM;
            return;
        }
        memcpy((char *)page_to_virt(text_page(text->last)) + text->size % PAGE_SIZE, bytes, taken);
        text->size += taken;
        bytes += taken;
        count -= taken;
    }
}

void proctext_init(struct proctext *text)
{
    *text = (struct proctext){.sink.put = text_put};
}

void proctext_clear(struct proctext *text)
{
    uint32_t pfn = text->first;

    while (pfn != 0) {
        struct page *page = text_page(pfn);
        pfn = page->next;
        page_put(page);
    }
    proctext_init(text);
}

void proctext_printf(struct proctext *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    format_to(&text->sink, format, arguments);
    va_end(arguments);
}

/* The frame that holds byte `position`. Reads go forward, so the search begins where the last one ended. */
static struct page *text_find(struct proctext *text, uint64_t position)
{
    uint64_t index = position / PAGE_SIZE;

    if (text->at == 0 || index < text->at_index) {
        text->at = text->first;
        text->at_index = 0;
    }
    for (; text->at_index < index; text->at_index++)
        text->at = text_page(text->at)->next;
    return text_page(text->at);
}

ssize_t proctext_read(struct proctext *text, struct io *io, uint64_t *position)
{
    ssize_t total = 0;

    while (io->left != 0 && *position < text->size) {
        uint64_t within = *position % PAGE_SIZE;
        const char *bytes = (char *)page_to_virt(text_find(text, *position)) + within;
        size_t wanted = MIN(MIN(io->left, PAGE_SIZE - within), text->size - *position);
        ssize_t moved = io_put(io, bytes, wanted);
        if (moved <= 0)
            return total != 0 ? total : moved;
        *position += (uint64_t)moved;
        total += moved;
        if ((size_t)moved < wanted)
            break;
    }
    return total;
}
