/* SPDX-License-Identifier: MIT */
/* <sys/trace.h> - marks in Faultline's event stream. Where nobody watches, and on Linux, a mark does nothing.
 *
 *     trace_mark("the first write");     until the thread's next mark, this is the cause of what is not malloc's doing */
#ifndef _SYS_TRACE_H
#define _SYS_TRACE_H

#define trace_mark(text) trace_mark_at(text, __FILE__, __LINE__)
void trace_mark_at(const char *text, const char *file, int line);

#endif
