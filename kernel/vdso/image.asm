; SPDX-License-Identifier: MIT
; image.asm - build/vdso.so within the kernel, on pages of its own, because every process maps these very frames.
global vdso_image

section .rodata.vdso progbits alloc noexec nowrite align=4096
vdso_image:
    incbin "vdso.so"
    times 8192 - ($ - vdso_image) db 0      ; VDSO_PAGES; too large an object does not assemble
