/* SPDX-License-Identifier: MIT */
/* <sys/cdefs.h> - words that BSD headers (libbsd's queue.h and tree.h among them) look for. */
#ifndef _SYS_CDEFS_H
#define _SYS_CDEFS_H

#define __BEGIN_DECLS
#define __END_DECLS
#define __THROW
#define __CONCAT(left, right) left##right
#define __STRING(token) #token

#endif
