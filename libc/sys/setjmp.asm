; SPDX-License-Identifier: MIT
; setjmp.asm - remember where a call would return to, and return there again later.
;
; jmp_buf (see <setjmp.h>): rbx rbp r12 r13 r14 r15 rsp rip, then "mask saved?" and the mask itself.
; setjmp leaves the signal mask alone; sigsetjmp(environment, 1) saves it, and siglongjmp brings it back.
; The mask's two steps are C: jumpmask.c.

bits 64

SAVED_RBX equ 0
SAVED_RBP equ 8
SAVED_R12 equ 16
SAVED_R13 equ 24
SAVED_R14 equ 32
SAVED_R15 equ 40
SAVED_RSP equ 48
SAVED_RIP equ 56
MASK_SAVED equ 64

extern jump_mask_save
extern jump_mask_restore

global setjmp:function, _setjmp:function, sigsetjmp:function, __sigsetjmp:function
global longjmp:function, _longjmp:function, siglongjmp:function
section .text

setjmp:
_setjmp:
    xor     esi, esi
sigsetjmp:
__sigsetjmp:
    mov     [rdi + SAVED_RBX], rbx
    mov     [rdi + SAVED_RBP], rbp
    mov     [rdi + SAVED_R12], r12
    mov     [rdi + SAVED_R13], r13
    mov     [rdi + SAVED_R14], r14
    mov     [rdi + SAVED_R15], r15
    lea     rax, [rsp + 8]      ; the stack as the caller has it after the return
    mov     [rdi + SAVED_RSP], rax
    mov     rax, [rsp]
    mov     [rdi + SAVED_RIP], rax
    movsxd  rsi, esi
    mov     [rdi + MASK_SAVED], rsi
    xor     eax, eax
    test    esi, esi
    jnz     .save_mask
    ret
.save_mask:
    jmp     jump_mask_save      ; returns 0 to our caller

longjmp:
_longjmp:
siglongjmp:
    mov     rbx, rdi            ; both are about to be overwritten: they carry the arguments over the call
    mov     ebp, esi
    cmp     qword [rdi + MASK_SAVED], 0
    je      .registers
    and     rsp, -16
    call    jump_mask_restore
.registers:
    mov     rdi, rbx
    mov     eax, ebp
    test    eax, eax            ; setjmp returns 0 only the first time
    jnz     .value_ready
    inc     eax
.value_ready:
    mov     rbx, [rdi + SAVED_RBX]
    mov     rbp, [rdi + SAVED_RBP]
    mov     r12, [rdi + SAVED_R12]
    mov     r13, [rdi + SAVED_R13]
    mov     r14, [rdi + SAVED_R14]
    mov     r15, [rdi + SAVED_R15]
    mov     rsp, [rdi + SAVED_RSP]
    jmp     [rdi + SAVED_RIP]

section .note.GNU-stack noalloc noexec nowrite progbits
