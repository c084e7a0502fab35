; SPDX-License-Identifier: MIT
; clone.asm - the two calls after which parent and child go on with one memory: clone(2) on another stack, vfork(2) on the same.
;
; int clone(int (*function)(void *), void *stack, int flags, void *argument, pid_t *parent_tid, void *tls, pid_t *child_tid)
; pid_t vfork(void)

bits 64

NR_CLONE equ 56                 ; __NR_clone, __NR_vfork, __NR_exit; process.c checks them
NR_VFORK equ 58
NR_EXIT  equ 60
EINVAL   equ 22

extern syscall_result

global clone:function, vfork:function
section .text

; The child finds its function and the argument on the stack that it was given. What the function returns is its status.
clone:
    mov     eax, -EINVAL
    test    rdi, rdi
    jz      answer
    and     rsi, -16
    jz      answer
    sub     rsi, 16
    mov     [rsi], rdi
    mov     [rsi + 8], rcx
    mov     rdi, rdx
    mov     rdx, r8
    mov     r8, r9
    mov     r10, [rsp + 8]
    mov     eax, NR_CLONE
    syscall
    test    rax, rax
    jnz     answer
    xor     ebp, ebp            ; the outermost frame
    pop     rax
    pop     rdi
    call    rax
    mov     edi, eax
    mov     eax, NR_EXIT
    syscall
    ud2

; The child returns first, and calls write over the return address: the parent keeps it in a register.
vfork:
    pop     rdx
    mov     eax, NR_VFORK
    syscall
    push    rdx

answer:
    movsxd  rdi, eax
    jmp     syscall_result

section .note.GNU-stack noalloc noexec nowrite progbits
