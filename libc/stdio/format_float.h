/* SPDX-License-Identifier: MIT */
/* format_float.h - the floating hook of struct format_sink, for sinks in user space. */
#pragma once

#include "format.h"

int format_floating(struct format_sink *sink, const struct format_spec *spec, va_list *arguments);
