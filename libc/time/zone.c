/* SPDX-License-Identifier: MIT */
/* zone.c - the time zone, which is always UTC. */
#include <time.h>

char *tzname[2] = {"UTC", "UTC"};
long timezone;
int daylight;

void tzset(void)
{
}
