; SPDX-License-Identifier: MIT
; entry64.asm - the first instructions in the higher half: a stack, and C.
;
; Another CPU finds in smp_place, where kernel/arch/x86/smp.c left it, what it is to begin with.
; The boot stack becomes the first CPU's idle stack; the page below it is never mapped (mm/kmap.c).

bits 64
default rel
%include "arch/x86/unwind.inc"

extern kmain
extern kmain_other
extern boot_stack_top

section .text
global entry64
unwind call
entry64:
    unwind_nowhere
    mov rsp, boot_stack_top
    xor ebp, ebp                        ; the backtrace ends here
    mov edi, edi                        ; kmain(magic, information), both 32-bit physical
    mov esi, esi
    call kmain
    ud2
unwind_end

SMP_CR3 equ 0
SMP_STACK_TOP equ 8
SMP_NUMBER equ 16
SMP_SIZE equ 24

global entry64_other
unwind call
entry64_other:
    unwind_nowhere
    mov rax, [smp_place + SMP_CR3]
    mov cr3, rax
    mov rsp, [smp_place + SMP_STACK_TOP]
    xor ebp, ebp
    mov edi, [smp_place + SMP_NUMBER]
    call kmain_other
    ud2
unwind_end

section .bss align=8
global smp_place
smp_place: resb SMP_SIZE
