; SPDX-License-Identifier: MIT
; crt0.asm - the first instructions of every program.
;
; The kernel jumps here with the stack pointer at argc, 16-byte aligned:
;
;     rsp -> argc | argv[0] ... argv[argc-1] | 0 | envp[0] ... | 0 | auxv pairs ... | AT_NULL 0
;
; rbp = 0 ends every backtrace. The rest is C: libc/stdlib/start.c.

bits 64

extern __libc_start

global _start:function
section .text
_start:
    xor     ebp, ebp
    mov     rdi, rsp
    and     rsp, -16
    call    __libc_start
    ud2                         ; __libc_start does not return

section .note.GNU-stack noalloc noexec nowrite progbits
