; SPDX-License-Identifier: MIT
; leave.asm - the last two system calls of a detached thread: between them it has no stack.

bits 64

NR_MUNMAP equ 11                ; __NR_munmap, __NR_exit; leave.h checks them
NR_EXIT   equ 60

global thread_leave:function
section .text
thread_leave:
    mov     eax, NR_MUNMAP
    syscall
    xor     edi, edi
    mov     eax, NR_EXIT
    syscall
    ud2

section .note.GNU-stack noalloc noexec nowrite progbits
