/* SPDX-License-Identifier: MIT */
/* libc_identity.c - who a process is, and becoming who it is already: the guest's only user is root. */
#include "check.h"

#define AS_IT_IS ((uid_t)-1)

static void show(const char *what, int (*get)(uid_t *, uid_t *, uid_t *))
{
    uid_t real = 1, effective = 2, saved = 3;

    expect(what, get(&real, &effective, &saved), 0);
    say("    %u %u %u", real, effective, saved);
}

int main(void)
{
    gid_t group = 0;

    show("getresuid", getresuid);
    show("getresgid", getresgid);
    expect("seteuid", seteuid(0), 0);
    expect("setegid", setegid(0), 0);
    expect("setreuid", setreuid(0, AS_IT_IS), 0);
    expect("setregid", setregid(AS_IT_IS, 0), 0);
    expect("setresuid", setresuid(0, AS_IT_IS, 0), 0);
    expect("setresgid", setresgid(AS_IT_IS, 0, AS_IT_IS), 0);
    expect("nothing changes", setresuid(AS_IT_IS, AS_IT_IS, AS_IT_IS), 0);
    expect_error("setuid to nobody", setuid(AS_IT_IS), EINVAL);
    expect_error("setgid to nobody", setgid(AS_IT_IS), EINVAL);
    show("as before: getresuid", getresuid);
    show("as before: getresgid", getresgid);
    expect("no groups", setgroups(0, NULL), 0);
    expect("    getgroups", getgroups(0, NULL), 0);
    expect_error("too many groups", setgroups(1 << 20, &group), EINVAL);
    return finish();
}
