; SPDX-License-Identifier: MIT
; entry64.asm - the first instructions in the higher half: a stack, and C.
;
; The boot stack becomes the first CPU's idle stack; the page below it is never mapped (mm/kmap.c).

bits 64
default rel
%include "arch/x86/unwind.inc"

extern kmain
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
