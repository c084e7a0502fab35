/* SPDX-License-Identifier: MIT */
/* errname.h - the name of an error number. */
#ifndef FAULTLINE_SYS_ERRNAME_H
#define FAULTLINE_SYS_ERRNAME_H

/* errname(2) => "ENOENT"; "E???" for a number without a name here. */
const char *errname(int error);

#endif
