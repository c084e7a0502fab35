; SPDX-License-Identifier: MIT
; cancel.asm - where a cancelled thread goes on: the handler of the cancelling signal returns here instead of to what it interrupted.

bits 64

extern __cancel_asked

global cancel_here:function
section .text
cancel_here:
    and     rsp, -16
    xor     ebp, ebp            ; nothing goes back
    call    __cancel_asked      ; does not return: the thread was to be cancelled, and nothing has changed since
    ud2

section .note.GNU-stack noalloc noexec nowrite progbits
