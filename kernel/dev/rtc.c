/* SPDX-License-Identifier: MIT */
/* rtc.c - the battery clock of a PC (Motorola MC146818A data sheet), read once.
 *
 * The clock counts on while it is read, so it is read until two readings agree. Not here: setting it, its
 * alarm. */
#include <dev/rtc.h>

#include <arch/x86/clock.h>
#include <string.h>
#include <x86/cpu.h>

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71

/* Registers (data sheet, figure 10), and the bits of A and B that count here. The century is where ACPI's FADT and QEMU have it;
 * it reads 0 where there is none. */
enum field { SECOND, MINUTE, HOUR, DAY, MONTH, YEAR, CENTURY, FIELDS };
static const uint8_t registers[FIELDS] = {
    [SECOND] = 0, [MINUTE] = 2, [HOUR] = 4, [DAY] = 7, [MONTH] = 8, [YEAR] = 9, [CENTURY] = 0x32,
};
#define RTC_REG_A 10
#define RTC_UIP 0x80 /* an update is under way */
#define RTC_REG_B 11
#define RTC_24H 0x02
#define RTC_DM_BINARY 0x04
#define TRIES 1000000 /* an update takes 2 ms at most; a missing clock reads 0xff for ever */

static uint8_t cmos_read(uint8_t reg)
{
    cpu_out8(CMOS_INDEX, reg); /* bit 7 stays 0: NMI not masked */
    return cpu_in8(CMOS_DATA);
}

/* => false if the clock never comes to rest: there is none. */
static bool rtc_snapshot(unsigned time[FIELDS])
{
    unsigned tries = TRIES;

    while (cmos_read(RTC_REG_A) & RTC_UIP) {
        if (--tries == 0)
            return false;
    }
    for (unsigned i = 0; i < FIELDS; i++)
        time[i] = cmos_read(registers[i]);
    return true;
}

static void rtc_decode(unsigned time[FIELDS], uint8_t format)
{
    bool afternoon = (time[HOUR] & 0x80) && !(format & RTC_24H);

    time[HOUR] &= 0x7f;
    for (unsigned i = 0; i < FIELDS && !(format & RTC_DM_BINARY); i++)
        time[i] = (time[i] & 0x0f) + (time[i] >> 4) * 10;
    if (!(format & RTC_24H))
        time[HOUR] = time[HOUR] % 12 + (afternoon ? 12 : 0);
    if (time[CENTURY] < 19 || time[CENTURY] > 29)
        time[CENTURY] = 20;
    time[YEAR] += time[CENTURY] * 100;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar. The year is counted from March, so that the leap
 * day is its last day and the months before it have lengths that repeat every five: 153 days. */
static uint64_t days_since_1970(unsigned year, unsigned month, unsigned day)
{
    unsigned from_march = (month + 9) % 12;
    uint64_t march_year = year - (month <= 2);
    uint64_t days = march_year * 365 + march_year / 4 - march_year / 100 + march_year / 400;

    return days + (153 * from_march + 2) / 5 + (day - 1) - 719468;
}

uint64_t rtc_read(void)
{
    unsigned time[FIELDS], again[FIELDS];

    do {
        if (!rtc_snapshot(time) || !rtc_snapshot(again))
            return 0;
    } while (memcmp(time, again, sizeof(time)) != 0);

    rtc_decode(time, cmos_read(RTC_REG_B));
    if (time[MONTH] < 1 || time[MONTH] > 12 || time[DAY] < 1 || time[DAY] > 31 || time[YEAR] < 1970)
        return 0;
    return days_since_1970(time[YEAR], time[MONTH], time[DAY]) * 86400 + time[HOUR] * 3600UL +
           time[MINUTE] * 60UL + time[SECOND];
}

static uint64_t boot_realtime; /* atomic; 0: not read yet */

uint64_t clock_boot_realtime(void)
{
    if (unlikely(boot_realtime == 0))
        clock_set_boot_realtime(rtc_read() * NS_PER_SECOND - clock_now());
    return boot_realtime;
}

void clock_set_boot_realtime(uint64_t ns)
{
    __atomic_store_n(&boot_realtime, ns, __ATOMIC_RELAXED);
}
