; SPDX-License-Identifier: MIT
; switch.asm - from one kernel stack to another.
;
; What is confusing about a context switch: the `ret` below does not return to whoever called this time, but to whoever called
; when the other thread was last switched away. A new thread has never called: switch_prepare() laid out a stack that
; "returns" to thread_begin.
;
; Nothing is saved here: context_switch() (switch.h) tells the compiler that every register is lost.

bits 64
default rel
%include "arch/x86/unwind.inc"

section .text

; rdi: where to leave the stack pointer, rsi: the one to go on with
global switch_stacks
unwind call
switch_stacks:
    mov [rdi], rsp
    mov rsp, rsi
    ret
unwind_end

; entry and argument lie on the stack
global thread_begin
unwind call
thread_begin:
    unwind_nowhere
    xor ebp, ebp                        ; a backtrace ends here
    pop rax
    pop rdi
    call rax
    ud2                                 ; a thread's function must not return
unwind_end
