; SPDX-License-Identifier: MIT
; switch.asm - from one kernel stack to another.
;
; What is confusing about a context switch: the `ret` below does not return to whoever called this time, but to whoever called
; when the other thread was last switched away. A new thread has never called: switch_prepare() laid out a stack that
; "returns" to thread_begin.

bits 64
default rel

section .text

; void context_switch(uint64_t *save_rsp, uint64_t load_rsp)
global context_switch
context_switch:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    mov [rdi], rsp
    mov rsp, rsi
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret

; entry in r12, argument in r13
global thread_begin
thread_begin:
    mov rdi, r13
    call r12
    ud2                                 ; a thread's function must not return
