/* SPDX-License-Identifier: MIT */
/* demo.h - how every experiment begins, speaks and ends.
 *
 * An experiment does one thing, prints numbers that it read at that very step, and ends with three lines:
 * what the article says, what was seen here, and why. It prints the same bytes on Linux and on Faultline, so
 * that one can be held against the other. What differs between kernels for good reasons (addresses that
 * depend on the size of the vDSO, how much memory is free, frame numbers) is printed only when `demo_exact`
 * is set: with -v, or when standard output is a terminal, where a person reads it.
 *
 * Nothing in this library calls malloc: watching the heap must not move it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define PAGE_SIZE 4096UL
#define KIB 1024UL
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

extern bool demo_exact;

/* Every main starts with this. `options` names what the program takes beside -v and -h, for the usage line,
 * as in "[-n MiB] [-forever]"; any other option ends the program with status 2. */
void demo_start(int argc, char **argv, const char *title, const char *options);
bool demo_option(int argc, char **argv, const char *name);
/* => the number behind option `name`, or `otherwise` when it is not there */
unsigned long demo_number(int argc, char **argv, const char *name, unsigned long otherwise);

/* The headline of a step; it is also a mark in the event stream, with the place that it stands at. */
#define demo_head(...) demo_head_at(__FILE__, __LINE__, __VA_ARGS__)
void demo_head_at(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A mark alone. Other C libraries have none, nor has Linux. */
#if __has_include(<sys/trace.h>)
#include <sys/trace.h>
#define demo_mark(text) trace_mark(text)
#else
#define demo_mark(text) ((void)0)
#define trace_mark_at(text, file, line) ((void)(file), (void)(line))
#endif

/* The three closing words, wrapped to 78 columns. */
void demo_article(const char *format, ...) __attribute__((format(printf, 1, 2)));
void demo_here(const char *format, ...) __attribute__((format(printf, 1, 2)));
void demo_why(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* An address as text. High ones are cut to their upper digits unless demo_exact is set: every mapping lies
 * under the vDSO, whose size depends on the kernel, and the stack's start depends on the environment. => one
 * of eight rotating buffers */
const char *demo_address(const void *address);
/* A size as people say it: 4 KiB, 132 KiB, 1 GiB. => one of eight rotating buffers */
const char *demo_size(unsigned long bytes);

/* Hides from the compiler where a pointer comes from, so that it neither warns about the errors that some
 * experiments make on purpose nor removes a malloc whose memory nobody reads. */
static inline void *demo_opaque(void *pointer)
{
    __asm__ volatile("" : "+r"(pointer) : : "memory");
    return pointer;
}
