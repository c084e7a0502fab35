/* SPDX-License-Identifier: MIT */
/* version.h - what uname(2) and /proc/version say.
 *
 * The system is named after its ABI: programs test for "Linux" and for a release that is new enough, and what they find
 * behind the system calls is Linux 6.1's behaviour. The rest of the text says who really answers. */
#pragma once

#define FAULTLINE_VERSION "0.1"
#define VERSION_SYSTEM "Linux"
#define VERSION_NODE "faultline"
#define VERSION_RELEASE "6.1.0-faultline"
#define VERSION_TEXT "#1 Faultline"
#define VERSION_MACHINE "x86_64"
