; SPDX-License-Identifier: MIT
; boot32.asm - from power-on to long mode.
;
; Two doors lead here, both in 32-bit protected mode with paging off: GRUB's (multiboot2: eax = magic, ebx = information)
; and QEMU -kernel's (PVH: ebx = hvm_start_info). Behind them everything is the same: build the first page tables, switch
; long mode on, and jump to the higher half (entry64.asm).
;
; The first page tables map the first 4 GiB three times: where they are (identity, for the jump), at the direct map, and
; - the first 2 GiB of them - at KERNEL_BASE. All of it is writable and executable for the moment: mm/kmap.c builds the
; real tables as soon as C runs.
;
; The other CPUs come later, by a third door of their own (smp_real_mode), and take the second half of the same way.
;
; Never add a multiboot1 header: QEMU would look for it first and refuse a 64-bit file.

bits 32

MULTIBOOT2_HEADER_MAGIC equ 0xe85250d6
PVH_START_MAGIC equ 0x336ec578          ; hvm_start_info's own magic (Xen: start_info.h)
XEN_ELFNOTE_PHYS32_ENTRY equ 18

CR0_PE equ 1 << 0
CR0_MP equ 1 << 1
CR0_NE equ 1 << 5
CR0_WP equ 1 << 16
CR0_PG equ 1 << 31
CR4_PAE equ 1 << 5
MSR_EFER equ 0xc0000080
EFER_SCE equ 1 << 0
EFER_LME equ 1 << 8
EFER_NXE equ 1 << 11
PTE_PRESENT_WRITE equ 3
PTE_LARGE equ 1 << 7

section .multiboot2 progbits alloc noexec nowrite align=8
multiboot2_header:
    dd MULTIBOOT2_HEADER_MAGIC, 0, multiboot2_end - multiboot2_header
    dd -(MULTIBOOT2_HEADER_MAGIC + 0 + (multiboot2_end - multiboot2_header))
    dw 6, 0                             ; modules on page boundaries
    dd 8
    dw 0, 0                             ; end
    dd 8
multiboot2_end:

section .note.pvh note alloc noexec nowrite align=4
    dd 4, 4, XEN_ELFNOTE_PHYS32_ENTRY
    db "Xen", 0
    dd pvh_start

section .boot.text progbits alloc exec nowrite align=16
global multiboot2_start
multiboot2_start:
    mov edi, eax
    jmp start

pvh_start:
    mov edi, PVH_START_MAGIC

start:
    cli
    cld
    xor ebp, ebp                        ; the first CPU
    mov esi, ebx
    rdtsc
    mov [boot_tsc], eax
    mov [boot_tsc + 4], edx
    mov esp, boot_stack32_top

    ; no long mode: say so on the serial line and stop
    mov eax, 0x80000000
    cpuid
    cmp eax, 0x80000001
    jb no_long_mode
    mov eax, 0x80000001
    cpuid
    test edx, 1 << 29
    jz no_long_mode

    ; 4 page directories of 2 MiB pages: the first 4 GiB
    mov ecx, 0
.fill:
    mov eax, ecx
    shl eax, 21
    or eax, PTE_PRESENT_WRITE | PTE_LARGE
    mov [boot_pd + ecx * 8], eax
    mov edx, ecx
    shr edx, 11                         ; bits 32.. of ecx << 21
    mov [boot_pd + ecx * 8 + 4], edx
    inc ecx
    cmp ecx, 4 * 512
    jb .fill

    mov ecx, 0
.link:
    mov eax, ecx
    shl eax, 12
    add eax, boot_pd + PTE_PRESENT_WRITE
    mov [boot_pdpt_low + ecx * 8], eax
    inc ecx
    cmp ecx, 4
    jb .link
    mov dword [boot_pdpt_high + 510 * 8], boot_pd + PTE_PRESENT_WRITE
    mov dword [boot_pdpt_high + 511 * 8], boot_pd + 4096 + PTE_PRESENT_WRITE
    mov dword [boot_pml4 + 0 * 8], boot_pdpt_low + PTE_PRESENT_WRITE
    mov dword [boot_pml4 + 273 * 8], boot_pdpt_low + PTE_PRESENT_WRITE   ; DIRECT_MAP ffff888000000000
    mov dword [boot_pml4 + 511 * 8], boot_pdpt_high + PTE_PRESENT_WRITE  ; KERNEL_BASE

long_mode_on:
    mov eax, CR4_PAE
    mov cr4, eax
    mov eax, boot_pml4
    mov cr3, eax
    mov ecx, MSR_EFER
    rdmsr
    or eax, EFER_LME | EFER_SCE | EFER_NXE
    wrmsr
    mov eax, CR0_PE | CR0_MP | CR0_NE | CR0_WP | CR0_PG
    mov cr0, eax
    lgdt [boot_gdt_pointer]
    jmp 0x10:long_mode

no_long_mode:
    mov esi, no_long_mode_text
.next:
    lodsb
    test al, al
    jz .stop
    mov dx, 0x3f8
    out dx, al
    jmp .next
.stop:
    hlt
    jmp .stop

; Another CPU: kernel/arch/x86/smp.c copies this to a page below 1 MiB, where the CPU begins in real mode with cs = that page's
; address / 16. What it refers to is where it was linked, but for its own data.
bits 16
global smp_real_mode
global smp_real_mode_end
smp_real_mode:
    cli
    mov ax, cs
    mov ds, ax
    o32 lgdt [smp_gdt_pointer - smp_real_mode]
    mov eax, CR0_PE
    mov cr0, eax                        ; (this ends the state without caches that a reset leaves)
    jmp dword 0x08:smp_protected_mode
smp_gdt_pointer:
    dw BOOT_GDT_SIZE - 1
    dd boot_gdt
smp_real_mode_end:

bits 32
smp_protected_mode:
    mov ax, 0x18
    mov ds, ax
    mov ss, ax
    mov ebp, 1                          ; not the first CPU
    jmp long_mode_on

bits 64
extern entry64
extern entry64_other
long_mode:
    mov ax, 0x18
    mov ds, ax
    mov es, ax
    mov ss, ax
    xor eax, eax
    mov fs, ax
    mov gs, ax
    mov rax, entry64                    ; edi, esi: the loader's magic and information
    mov rcx, entry64_other
    test ebp, ebp
    cmovnz rax, rcx
    jmp rax

section .boot.data progbits alloc noexec write align=8
global boot_tsc
boot_tsc: dq 0                          ; the TSC at the kernel's first instruction
boot_gdt:
    dq 0
    dq 0x00cf9b000000ffff               ; 0x08: 32-bit code
    dq 0x00af9b000000ffff               ; 0x10: 64-bit code
    dq 0x00cf93000000ffff               ; 0x18: data
BOOT_GDT_SIZE equ $ - boot_gdt
boot_gdt_pointer:
    dw BOOT_GDT_SIZE - 1
    dd boot_gdt
no_long_mode_text: db "Faultline needs a 64-bit CPU (long mode).", 13, 10, 0

section .boot.bss nobits alloc noexec write align=4096
global boot_pml4
boot_pml4: resb 4096
boot_pdpt_low: resb 4096
boot_pdpt_high: resb 4096
boot_pd: resb 4 * 4096
boot_stack32: resb 256
boot_stack32_top:
