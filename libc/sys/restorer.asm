; SPDX-License-Identifier: MIT
; restorer.asm - where a signal handler returns to.
;
; The kernel put the interrupted registers on the stack, and our address below them for the handler to return
; to. rt_sigreturn finds them by the stack pointer, so nothing may be pushed here.

bits 64

NR_RT_SIGRETURN equ 15          ; __NR_rt_sigreturn; restorer.h checks it

global signal_restorer:function
section .text
signal_restorer:
    mov     eax, NR_RT_SIGRETURN
    syscall
    ud2

section .note.GNU-stack noalloc noexec nowrite progbits
