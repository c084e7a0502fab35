; SPDX-License-Identifier: MIT
; point.asm - a system call that may wait, and during which its thread can be cancelled (libc/thread/cancel.c).
;
; long syscall_point(long number, long a, long b, long c, long d, long e, long f)
;
; Whether somebody wants the thread to end is asked before the call. What comes between that and the call's beginning the handler of the
; cancelling signal sees by the address that it interrupted: from point_begin on, before point_end, nothing has happened yet, and the
; thread ends instead. A call that goes on after a handler begins again at its instruction (SA_RESTART), which is before point_end.

bits 64

CANCEL equ 0x30                 ; offsetof(struct thread, cancel); point.c checks it
EINTR  equ 4

extern syscall_asked, syscall_interrupted

global syscall_point:function, __point_begin, __point_end
section .text
syscall_point:
__point_begin:
    cmp     dword [fs:CANCEL], 0
    jne     syscall_asked
    mov     rax, rdi
    mov     rdi, rsi
    mov     rsi, rdx
    mov     rdx, rcx
    mov     r10, r8
    mov     r8, r9
    mov     r9, [rsp + 8]
    syscall
__point_end:
    cmp     rax, -EINTR
    je      syscall_interrupted
    ret

section .note.GNU-stack noalloc noexec nowrite progbits
