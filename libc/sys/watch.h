/* SPDX-License-Identifier: MIT */
/* watch.h - see watch.c */
#pragma once

void trace_start(void);
