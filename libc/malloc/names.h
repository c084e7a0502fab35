/* SPDX-License-Identifier: MIT */
/* names.h - what the linker sees.
 *
 * A program may have a function of its own named heap_check: inside libc.a our names therefore begin with __malloc_, which the C
 * standard keeps for the library. What the files of classic/ and product/ have in common is local there (Makefile). With
 * MALLOC_PREFIXED (host tests) the public functions get a prefix too, so that they stand beside the host's own malloc.
 */
#pragma once

#define allocator_bump __malloc_allocator_bump
#define allocator_list __malloc_allocator_list
#define allocator_first __malloc_allocator_first
#define allocator_implicit __malloc_allocator_implicit
#define allocator_classic __malloc_allocator_classic
#define allocator_malloc __malloc_allocator_malloc
#define allocator_chosen __malloc_allocator_chosen
#define allocator_grow __malloc_allocator_grow
#define allocator_copy __malloc_allocator_copy
#define allocator_site __malloc_allocator_site
#define text_say __malloc_text_say
#define text_add __malloc_text_add
#define text_die __malloc_text_die
#define text_site __malloc_text_site
#define text_choose __malloc_text_choose

#define glue_pages_map __malloc_glue_pages_map
#define glue_pages_unmap __malloc_glue_pages_unmap
#define glue_pages_remap __malloc_glue_pages_remap
#define glue_break __malloc_glue_break
#define glue_break_set __malloc_glue_break_set
#define glue_pages_reserve __malloc_glue_pages_reserve
#define glue_pages_protect __malloc_glue_pages_protect
#define glue_pages_discard __malloc_glue_pages_discard
#define glue_take __malloc_glue_take
#define glue_try __malloc_glue_try
#define glue_drop __malloc_glue_drop
#define glue_processors __malloc_glue_processors
#define glue_thread_begins __malloc_glue_thread_begins
#define glue_lock __malloc_glue_lock
#define glue_unlock __malloc_glue_unlock
#define glue_note __malloc_glue_note
#define glue_watched __malloc_glue_watched
#define glue_operations __malloc_glue_operations
#define glue_tell __malloc_glue_tell
#define glue_random __malloc_glue_random
#define glue_environment __malloc_glue_environment
#define glue_say __malloc_glue_say
#define glue_die __malloc_glue_die

#ifdef MALLOC_PREFIXED
#define malloc fl_malloc
#define calloc fl_calloc
#define realloc fl_realloc
#define reallocarray fl_reallocarray
#define free fl_free
#define aligned_alloc fl_aligned_alloc
#define memalign fl_memalign
#define posix_memalign fl_posix_memalign
#define valloc fl_valloc
#define pvalloc fl_pvalloc
#define malloc_usable_size fl_malloc_usable_size
#define malloc_trim fl_malloc_trim
#define mallopt fl_mallopt
#define malloc_stats fl_malloc_stats
#define malloc_info fl_malloc_info
#define free_sized fl_free_sized
#define free_aligned_sized fl_free_aligned_sized
#define mallinfo(...) fl_mallinfo(__VA_ARGS__)
#define mallinfo2(...) fl_mallinfo2(__VA_ARGS__) /* but not the structs of these names */
#endif
