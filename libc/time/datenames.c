/* SPDX-License-Identifier: MIT */
/* datenames.c - the words that strftime writes and strptime reads. */
#include "datenames.h"

const char *const __day_names[DAY_NAMES] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                            "Thursday", "Friday", "Saturday"};
const char *const __month_names[MONTH_NAMES] = {"January",   "February", "March",    "April",
                                                "May",       "June",     "July",     "August",
                                                "September", "October",  "November", "December"};
