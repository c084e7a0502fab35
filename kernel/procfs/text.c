/* SPDX-License-Identifier: MIT */
/* text.c - see text.h. The bytes lie in a chain of frames (mm/chain.h) while the file is open, so that the text may be long
 * when memory is in small pieces. Not guarded: a text belongs to one open file. */
#include <procfs/text.h>

#include <arch/x86/percpu.h>
#include <string.h>

void proctext_put(struct proctext *text, const char *bytes, size_t count)
{
    if (text->error == 0)
        text->error = chain_append(&text->chain, bytes, count);
}

static void text_put(struct format_sink *sink, const char *bytes, size_t count)
{
    proctext_put(CONTAINER_OF(sink, struct proctext, sink), bytes, count);
}

void proctext_init(struct proctext *text)
{
    *text = (struct proctext){.sink.put = text_put};
}

void proctext_clear(struct proctext *text)
{
    chain_free(&text->chain);
    proctext_init(text);
}

void proctext_printf(struct proctext *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    format_to(&text->sink, format, arguments);
    va_end(arguments);
}

void proctext_put_list(struct proctext *text, uint32_t cpus)
{
    const char *before = "";

    for (unsigned first = 0, end; first < MAX_CPUS; first = end + 1) {
        for (end = first; cpus & 1U << end;)
            end++;
        if (end == first)
            continue;
        proctext_printf(text, end == first + 1 ? "%s%u" : "%s%u-%u", before, first, end - 1);
        before = ",";
    }
}

void proctext_put_mask(struct proctext *text, uint32_t cpus)
{
    proctext_printf(text, "%0*x", (int)(cpu_count + 3) / 4, cpus);
}

/* The frame that holds byte `position`. Reads go forward, so the search begins where the last one ended. */
static struct page *text_find(struct proctext *text, uint64_t position)
{
    uint64_t index = position / PAGE_SIZE;

    if (text->at == NULL || index < text->at_index) {
        text->at = text->chain.first;
        text->at_index = 0;
    }
    for (; text->at_index < index; text->at_index++)
        text->at = chain_next(text->at);
    return text->at;
}

ssize_t proctext_read(struct proctext *text, struct io *io, uint64_t *position)
{
    ssize_t total = 0;

    while (io->left != 0 && *position < text->chain.size) {
        uint64_t within = *position % PAGE_SIZE;
        const char *bytes = (char *)page_to_virt(text_find(text, *position)) + within;
        size_t wanted = MIN(MIN(io->left, PAGE_SIZE - within), text->chain.size - *position);
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
