/* SPDX-License-Identifier: MIT */
/* datenames.h - the words of the C locale for days and months, of which the first three letters are the short ones. */
#pragma once

#define DAY_NAMES 7
#define MONTH_NAMES 12

extern const char *const __day_names[DAY_NAMES]; /* from Sunday on, as tm_wday */
extern const char *const __month_names[MONTH_NAMES];
