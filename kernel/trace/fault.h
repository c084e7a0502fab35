/* SPDX-License-Identifier: MIT */
/* fault.h - among the files of trace/: the fault that is under way, and the run that it may join. */
#pragma once

#include <types.h>

/* The run so far becomes a record: before anything else is written. */
void trace_fault_flush(void);
/* The same when another thread runs, in the middle of a fault even. */
void trace_fault_leave(void);
/* Before an event is written. => true: it belongs to a fault that may yet be folded, and is kept here. *cause is the fault's while
 * there is one. */
bool trace_fault_keeps(unsigned event, const void *payload, uint32_t *cause);
