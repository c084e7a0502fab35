/* SPDX-License-Identifier: MIT */
/* rtc.c - the battery clock of a PC (Motorola MC146818A data sheet), read once.
 *
 * The clock counts on while it is read, so it is read until two readings agree. Not here: setting it, its
 * alarm. */
#include <dev/rtc.h>

#include <arch/x86/clock.h>
#include <x86/cpu.h>

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71

/* Registers (data sheet, figure 10), and the bits of A and B that count here. */
#define RTC_SECONDS 0
#define RTC_MINUTES 2
#define RTC_HOURS 4
#define RTC_DAY_OF_MONTH 7
#define RTC_MONTH 8
#define RTC_YEAR 9
#define RTC_REG_A 10
#define RTC_UIP 0x80 /* an update is under way */
#define RTC_REG_B 11
#define RTC_24H 0x02
#define RTC_DM_BINARY 0x04
#define RTC_CENTURY 0x32 /* where ACPI's FADT and QEMU have it; 0 where there is none */
#define TRIES 1000000    /* an update takes 2 ms at most; a missing clock reads 0xff for ever */

struct rtc_time {
    unsigned second, minute, hour, day, month, year, century;
};

static uint8_t cmos_read(uint8_t reg)
{
    cpu_out8(CMOS_INDEX, reg); /* bit 7 stays 0: NMI not masked */
    return cpu_in8(CMOS_DATA);
}

/* => false if the clock never comes to rest: there is none. */
static bool rtc_snapshot(struct rtc_time *time)
{
    unsigned tries = TRIES;

    while (cmos_read(RTC_REG_A) & RTC_UIP) {
        if (--tries == 0)
            return false;
    }
    *time = (struct rtc_time){
        .second = cmos_read(RTC_SECONDS),
        .minute = cmos_read(RTC_MINUTES),
        .hour = cmos_read(RTC_HOURS),
        .day = cmos_read(RTC_DAY_OF_MONTH),
        .month = cmos_read(RTC_MONTH),
        .year = cmos_read(RTC_YEAR),
        .century = cmos_read(RTC_CENTURY),
    };
    return true;
}

static unsigned from_bcd(unsigned value)
{
    return (value & 0x0f) + (value >> 4) * 10;
}

static void rtc_decode(struct rtc_time *time, uint8_t format)
{
    bool afternoon = (time->hour & 0x80) && !(format & RTC_24H);

    time->hour &= 0x7f;
    if (!(format & RTC_DM_BINARY)) {
        time->second = from_bcd(time->second);
        time->minute = from_bcd(time->minute);
        time->hour = from_bcd(time->hour);
        time->day = from_bcd(time->day);
        time->month = from_bcd(time->month);
        time->year = from_bcd(time->year);
        time->century = from_bcd(time->century);
    }
    if (!(format & RTC_24H))
        time->hour = time->hour % 12 + (afternoon ? 12 : 0);
    if (time->century < 19 || time->century > 29)
        time->century = 20;
    time->year += time->century * 100;
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
    struct rtc_time time, again;

    do {
        if (!rtc_snapshot(&time) || !rtc_snapshot(&again))
            return 0;
    } while (time.second != again.second || time.minute != again.minute || time.hour != again.hour ||
             time.day != again.day || time.month != again.month || time.year != again.year);

    rtc_decode(&time, cmos_read(RTC_REG_B));
    if (time.month < 1 || time.month > 12 || time.day < 1 || time.day > 31 || time.year < 1970)
        return 0;
    return days_since_1970(time.year, time.month, time.day) * 86400 + time.hour * 3600UL +
           time.minute * 60UL + time.second;
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
