; SPDX-License-Identifier: MIT
; firmware.asm - a kernel that only says how many instructions ran before it: the firmware's part of a boot. QEMU starts
; it like the others, by its PVH note; it sends the 8 bytes of the TSC to the debug port and switches the machine off.
        bits    32
        section .note.pvh note alloc align=4
        dd      4, 4, 18        ; XEN_ELFNOTE_PHYS32_ENTRY
        db      "Xen", 0
        dd      _start

        global  _start
        section .text
_start: rdtsc
        mov     ecx, 4
.low:   out     0xe9, al
        shr     eax, 8
        loop    .low
        mov     eax, edx
        mov     ecx, 4
.high:  out     0xe9, al
        shr     eax, 8
        loop    .high
        mov     al, 0x10
        out     0xf4, al
.end:   hlt
        jmp     .end
