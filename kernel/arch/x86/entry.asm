; SPDX-License-Identifier: MIT
; entry.asm - every way into the kernel and out of it.
;
; All entries push the same struct trapframe (include/x86/trapframe.h) and hand its address to C: trap() for exceptions
; and interrupts, syscall_entry() for system calls. All exits to ring 3 first look at current->pending; trap_before_user()
; does the work that waits there (reschedule, signals).
;
; %gs: in ring 3 its base is the user's, in ring 0 it is this CPU's struct percpu; `swapgs` exchanges them exactly once on
; the way in and once on the way out, and never for an entry from ring 0. Three exceptions may come while the two are
; not yet exchanged (NMI, double fault, machine check): they have stacks of their own and look at the base itself.
;
; With several CPUs one of them at a time is in the kernel (sched/giant.h): system calls have an entry of their own then, and traps another
; function. With one CPU no instruction is spent on it.
;
; clac: the user's AC flag would switch SMAP off. The places are nops until cpu_init() finds SMAP and fills them in.

bits 64
default rel
%include "arch/x86/unwind.inc"

extern trap
extern giant
extern giant_enter
extern trap_before_user
extern syscall_way
extern syscall_watched
extern sys_fork
extern sys_vfork
extern sys_clone
extern sys_rt_sigreturn

PERCPU_USER_RSP equ 8
PERCPU_CURRENT equ 24
PERCPU_TSS_RSP0 equ 48
THREAD_PENDING equ 8
GIANT_SERVED equ 4

FRAME_R15 equ 0 * 8
FRAME_R14 equ 1 * 8
FRAME_R13 equ 2 * 8
FRAME_R12 equ 3 * 8
FRAME_RBX equ 4 * 8
FRAME_R11 equ 5 * 8
FRAME_RCX equ 6 * 8
FRAME_RAX equ 7 * 8
FRAME_RBP equ 8 * 8
FRAME_R10 equ 9 * 8
FRAME_R9 equ 10 * 8
FRAME_R8 equ 11 * 8
FRAME_RDX equ 12 * 8
FRAME_RSI equ 13 * 8
FRAME_RDI equ 14 * 8
FRAME_VECTOR equ 15 * 8
FRAME_RIP equ 17 * 8
FRAME_CS equ 18 * 8
FRAME_RFLAGS equ 19 * 8
FRAME_RSP equ 20 * 8

TRAP_SYSCALL equ 256
USER_CODE equ 0x33
USER_DATA equ 0x2b
RFLAGS_TF equ 1 << 8
FRAME_REPLACED_BIT equ 31
MSR_GS_BASE equ 0xc0000101

%macro clac_site 0
%%site:
    db 0x0f, 0x1f, 0                    ; a nop of three bytes
    [section .smap_sites]
    dq %%site
    dq 0xca                             ; third byte of clac: 0f 01 ca
    __?SECT?__
%endmacro

; The registers of struct trapframe, from its end to its beginning.
%define CALL_REGISTERS rdi, rsi, rdx, r8, r9, r10, rbp, rax
%define OTHER_REGISTERS rcx, r11, rbx, r12, r13, r14, r15
%define REGISTERS CALL_REGISTERS, OTHER_REGISTERS
OTHERS equ 7

%macro push_each 1-*
    %rep %0
    push %1
    frame_saved %1
    %rotate 1
    %endrep
%endmacro

%macro pop_each_reversed 1-*
    %rep %0
    %rotate -1
    pop %1
    frame_loaded %1
    %endrep
%endmacro

; With all of its registers in the frame, and back to what was interrupted.
%macro leave_frame 0
    pop_each_reversed REGISTERS
    add rsp, 16
    frame_is FRAME_OF_CPU
    iretq
    frame_is FRAME_WORDS                ; (for what follows in the file)
    frame_has REGISTERS
%endmacro

; A stub for each vector: the CPU pushes an error code for some exceptions; the others get a zero.
%macro trap_stub 1
trap_stub_%1: frame_is 5
    %if !(%1 == 8 || (%1 >= 10 && %1 <= 14) || %1 == 17 || %1 == 21 || %1 == 29 || %1 == 30)
    push 0
    %endif
    frame_is 6
    push %1
    frame_is 7
    %if %1 == 2 || %1 == 8 || %1 == 18
    jmp trap_own_stack
    %else
    jmp trap_common
    %endif
%endmacro

; The kinds of code here, for unwind.inc. In all of them the CFA is the frame's end, where the CPU began to push.
;
; The caller is what was interrupted, but gdb must not take it for something that called: it would look for its line one byte before
; its rip, and end the backtrace because the stack of ring 3 does not lie above ours. A signal's frame is the one that interrupts, for gdb,
; but it shows no source line for such code. So there are two frames: the entry "was called" by interrupted_code, which is marked
; as a signal's and which no CPU ever runs; with the CPU's five words on its stack.
FRAME_OF_CPU equ 5
FRAME_WORDS equ 22
unwind_kind trap, ""
    db CFA_ABOVE_RSP(FRAME_OF_CPU), CFA_IS_ADDRESS(rsp, FRAME_OF_CPU), CFA_IS_CONSTANT(rip)
    dq interrupted_code + 1
unwind_kind_end
unwind_kind interrupted, "S"
    db CFA_ABOVE_RSP(FRAME_OF_CPU), CFA_LIES_AT(rip, 5), CFA_LIES_AT(rsp, 2)
unwind_kind_end
unwind_kind syscall, ""
    db CFA_ABOVE_RSP(0), CFA_IS_ADDRESS(rsp, 0), CFA_IS_IN(rip, rcx)
unwind_kind_end

section .text

unwind interrupted
interrupted_code:
    ud2
unwind_end

unwind trap
%assign vector 0
%rep 256
    trap_stub vector
    %assign vector vector + 1
%endrep

trap_common:
    test byte [rsp + 3 * 8], 3          ; the CS that the CPU pushed: which ring was interrupted?
    jz .from_kernel
    swapgs
.from_kernel:
    push_each REGISTERS
    clac_site
    cld
    mov rdi, rsp
    xor ebp, ebp                        ; a backtrace ends at the frame
    call [trap_way]

global trap_return
trap_return:
    test byte [rsp + FRAME_CS], 3
    jz .to_kernel
    mov rax, [gs:PERCPU_CURRENT]
    cmp dword [rax + THREAD_PENDING], 0
    jne .work
    swapgs
.to_kernel:
    leave_frame
.work:
    mov rdi, rsp
    call trap_before_user
    jmp trap_return
unwind_end

; NMI, double fault, machine check: on a stack of its own, %gs in an unknown state.
unwind trap
trap_own_stack:
    frame_is 7
    push_each REGISTERS
    clac_site
    cld
    xor ebp, ebp
    mov ecx, MSR_GS_BASE
    rdmsr
    mov ebx, 0
    test edx, edx                       ; kernel addresses are negative
    js .base_is_kernels
    swapgs
    mov ebx, 1
.base_is_kernels:
    mov rdi, rsp
    call trap
    test ebx, ebx
    jz .leave
    swapgs
.leave:
    leave_frame
unwind_end

; The registers that a system call does not push: those that C preserves, and two that SYSCALL itself has overwritten.
%macro whole_frame 0 ; rdi = the frame
    mov [rdi + FRAME_RBX], rbx
    mov [rdi + FRAME_R12], r12
    mov [rdi + FRAME_R13], r13
    mov [rdi + FRAME_R14], r14
    mov [rdi + FRAME_R15], r15
    mov rcx, [rdi + FRAME_RIP]
    mov [rdi + FRAME_RCX], rcx
    mov r11, [rdi + FRAME_RFLAGS]
    mov [rdi + FRAME_R11], r11
%endmacro

; SYSCALL: rcx = user rip, r11 = user rflags, rsp still the user's, interrupts off and AC, DF, TF clear (MSR_SFMASK).
; The same twice: for one CPU, and for several.
%assign several 0
%rep 2
unwind syscall
%if several
global syscall_start_several
syscall_start_several:
%else
global syscall_start
syscall_start:
%endif
    swapgs
    mov [gs:PERCPU_USER_RSP], rsp
    mov rsp, [gs:PERCPU_TSS_RSP0]
    unwind_nowhere                      ; (the user's rsp is only in struct percpu, until the frame is there)
    push USER_DATA
    push qword [gs:PERCPU_USER_RSP]
    push r11
    push USER_CODE
    push rcx
unwind_end
unwind trap
    push rax                            ; error: the call's number
    frame_is 6
    push TRAP_SYSCALL
    frame_is 7
    push_each CALL_REGISTERS
    sub rsp, OTHERS * 8
    frame_is FRAME_WORDS
    xor ebp, ebp
%if several
    call giant_enter                    ; (it preserves what the frame has not: rbx, r12 to r15)
%endif
    mov rdi, rsp
    call [syscall_way]                  ; to syscall_entry(); the result is in rax from now on
%if several
    inc dword [giant + GIANT_SERVED]    ; giant_leave()
%endif
    mov rdi, [gs:PERCPU_CURRENT]
    cmp dword [rdi + THREAD_PENDING], 0
    jne .by_iret

    ; SYSRET is right only if the frame is still that of the call: execve and rt_sigreturn replace it, and say so in its
    ; flags. It is safe only for a canonical rip, with another one it would fault in ring 0 with the user's stack: ring 3
    ; cannot run a `syscall` next to the end of its half, where nothing can be mapped (USER_END). With TF it would
    ; trap before the next instruction, so that a handler of single steps would come back to where it was for ever.
    mov r11, [rsp + FRAME_RFLAGS]
    test r11d, RFLAGS_TF | 1 << FRAME_REPLACED_BIT
    jnz .by_iret
    mov rcx, [rsp + FRAME_RIP]
    ; rbx and r12-r15 are as they were: C preserves them. rbp was cleared above.
    mov rbp, [rsp + FRAME_RBP]
    mov rdx, [rsp + FRAME_RDX]
    mov rsi, [rsp + FRAME_RSI]
    mov rdi, [rsp + FRAME_RDI]
    mov r8, [rsp + FRAME_R8]
    mov r9, [rsp + FRAME_R9]
    mov r10, [rsp + FRAME_R10]
    mov rsp, [rsp + FRAME_RSP]
unwind_end
unwind syscall
    swapgs
    o64 sysret
unwind_end
unwind trap
.by_iret:
    frame_is FRAME_WORDS - OTHERS
    frame_has CALL_REGISTERS
    frame_is FRAME_WORDS
    mov [rsp + FRAME_RAX], rax
    btr dword [rsp + FRAME_RFLAGS], FRAME_REPLACED_BIT
    jc .replaced
    mov rdi, rsp
    whole_frame
    jmp trap_return
.replaced:
    mov dword [rsp + FRAME_VECTOR], 0   ; no call is started again
    jmp trap_return
unwind_end
%assign several 1
%endrep

; What sees the whole frame during the call: int64_t name(struct trapframe *frame)
%macro with_whole_frame 2 ; name, function
global %1
unwind call
%1:
    whole_frame
    jmp %2
unwind_end
%endmacro

with_whole_frame fork_whole_frame, sys_fork
with_whole_frame vfork_whole_frame, sys_vfork
with_whole_frame clone_whole_frame, sys_clone
with_whole_frame sigreturn_whole_frame, sys_rt_sigreturn
with_whole_frame watched_whole_frame, syscall_watched

; void switch_to_user(struct trapframe *frame)
global switch_to_user
unwind call
switch_to_user:
    mov rsp, rdi
    unwind_nowhere
    jmp trap_return
unwind_end

section .data
global trap_way
trap_way: dq trap                       ; with several CPUs: trap_several

section .rodata
; The addresses of the stubs, for the IDT.
global trap_stubs
trap_stubs:
%assign vector 0
%rep 256
    dq trap_stub_%+vector
    %assign vector vector + 1
%endrep
