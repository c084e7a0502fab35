# SPDX-License-Identifier: MIT
# Faultline's build: one file, not recursive, everything it makes lies under build/.
#
# Reading order: what there is (globs), the flags, the kernel, the C library, the programs, the initial file
# system, the images, and at the end the commands that people type. A new source file needs no line here: it is
# found by its place in the tree. `V=1` shows the commands, `CC=clang` builds with clang, `B=folder` builds elsewhere,
# `TRACE=none` builds a kernel that can tell no events (make bench compares the two),
# `MALLOC=bump` (or implicit, first, list, classic, malloc) puts another allocator behind malloc.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
SILENT := $(findstring s,$(filter-out --%,$(firstword $(MAKEFLAGS))))
MAKEFLAGS += --no-builtin-rules --no-builtin-variables
ifeq ($(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 1)    # all processors, unless somebody said otherwise
endif

B       ?= build
MALLOC  ?= malloc
PROG    ?= vmrss
MEM     ?= 128
SWAP    ?= 512
CPUS    ?= 1
CC      := $(if $(filter default undefined,$(origin CC)),gcc,$(CC))
LD      := ld
NASM    := nasm
PYTHON  := /usr/bin/python3
Q       := $(if $(V),,@)
say      = $(if $(SILENT),,@printf '  %-7s %s\n' $(1) $(2))

# A word that means nothing would else build something else, or the same as ever, without a word.
one_of   = $(foreach word,$($(1)),$(if $(filter $(word),$(2)),,$(error $(1)=$(word): one of $(2))))
$(call one_of,MALLOC,bump implicit first list classic malloc)
$(call one_of,TRACE,none 1 2 3)
$(call one_of,BOOT,direct)
# Said, but empty: the usual thing. make gdb, which takes the tour when nothing is said, takes the program by either name.
ifndef PROGRAM
PROGRAM  := $(if $(filter command environment,$(firstword $(origin PROG))),$(PROG))
endif
override PROG := $(or $(PROG),vmrss)
override MEM := $(or $(MEM),128)
override CPUS := $(or $(CPUS),1)
# make gdb has a swap disk only when somebody says so.
GDB_SWAP := $(if $(filter command environment,$(firstword $(origin SWAP))),$(SWAP))
override SWAP := $(or $(SWAP),512)

# What boots. Here, because make reads a rule's prerequisites when it comes to them.
IMAGES := $(B)/kernel.elf $(B)/initramfs.cpio $(B)/faultline.iso $(B)/tour.iso

# ---- What there is ------------------------------------------------------------------------------------------------
find = $(sort $(shell find $(1) -name '$(2)' 2>/dev/null))

VDSO_C      := $(wildcard kernel/vdso/shared/*.c)
KERNEL_C    := $(filter-out $(VDSO_C),$(call find,kernel,*.c))
KERNEL_ASM  := $(call find,boot kernel,*.asm)
SHARED_C    := $(wildcard libc/string/*.c) $(wildcard libc/stdio/format.c)
PRODUCT_C   := $(wildcard libc/malloc/product/*.c)
CLASSIC_C   := $(wildcard libc/malloc/classic/*.c)
HEAP_C      := $(filter-out %/classic.c,$(CLASSIC_C))
LIBC_C      := $(filter-out libc/crt/% $(PRODUCT_C),$(call find,libc,*.c))
LIBC_ASM    := $(filter-out libc/crt/%,$(call find,libc,*.asm))
CRT         := $(wildcard libc/crt/crt0.c libc/crt/crt0.asm)
BIN_C       := $(wildcard user/bin/*.c)
DEMO_C      := $(wildcard user/demo/*.c)
DEMO_LIB_C  := $(wildcard user/demo/lib/*.c)

# ---- Flags --------------------------------------------------------------------------------------------------------
# A parameter that a table's signature has and a function does not need has no name (C23; clang wants to be told).
WARN        := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-c2x-extensions
# A tree that `make handout` made says so in lab.mk: functions in it are yet to be written (labs/yours.h), others not used meanwhile.
-include lab.mk
YOURS       := $(if $(LAB_HERE),-include labs/yours.h -Wno-unused-function -Wno-unused-parameter -Wno-unused-variable)
CC_INCLUDE  := $(shell $(CC) -print-file-name=include 2>/dev/null)
PLAIN       := -fno-pic -fno-pie -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables \
               -fno-omit-frame-pointer
DEPS         = -MMD -MP -MF $(@:.o=.d)

KERNEL_FLAGS := -std=gnu11 -O2 -g -ffreestanding -nostdinc -isystem $(B)/include -isystem libc/include \
                -isystem $(CC_INCLUDE) -I kernel -I kernel/include -I libc/stdio $(PLAIN) -mcmodel=kernel \
                -mno-red-zone -mgeneral-regs-only -fno-strict-aliasing $(WARN) $(if $(filter none,$(TRACE)),-DTRACE_NONE) \
                $(if $(YOURS),$(YOURS) -DYOURS_KERNEL)
# The seam of the two homes of libc/string and libc/stdio/format.c: in the kernel this is defined.
SHARED_FLAGS := $(KERNEL_FLAGS) -DFAULTLINE_KERNEL

# The vDSO runs in ring 3, wherever it was mapped, and may be unwound through; it shares the kernel's headers.
VDSO_FLAGS   := -std=gnu11 -O2 -ffreestanding -nostdinc -isystem $(B)/include -isystem libc/include \
                -isystem $(CC_INCLUDE) -I kernel -I kernel/include -fpic -fno-stack-protector -fcf-protection=none \
                -fasynchronous-unwind-tables $(WARN)

USER_INCLUDE := -nostdinc -isystem libc/include -isystem $(B)/include -isystem $(CC_INCLUDE) -idirafter kernel/include
LIBC_FLAGS   := -std=gnu11 -O2 -g -ffreestanding -ffunction-sections -fdata-sections $(USER_INCLUDE) -I libc $(PLAIN) $(WARN) $(YOURS)
USER_FLAGS   := -std=gnu11 -Og -g -ffunction-sections $(USER_INCLUDE) -I user/demo/lib $(PLAIN) -fno-builtin-malloc $(WARN) $(YOURS)

KERNEL_LINK  := -m elf_x86_64 -static -nostdlib -z max-page-size=4096 -z noexecstack --build-id=none -T linker.ld
VDSO_LINK    := -m elf_x86_64 -shared -nostdlib -Bsymbolic --no-undefined --hash-style=both --eh-frame-hdr \
                -soname linux-vdso.so.1 -z max-page-size=4096 -z noexecstack -z norelro --build-id=none
USER_LINK    := -m elf_x86_64 -static -nostdlib -z max-page-size=4096 -z noexecstack -z separate-code --gc-sections --build-id=none

# Objects depend on this file, which changes only when the compiler or its flags do.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(MALLOC) $(KERNEL_FLAGS) $(VDSO_FLAGS) $(LIBC_FLAGS) $(USER_FLAGS)' | cmp -s - $@ || \
	 echo '$(CC) $(MALLOC) $(KERNEL_FLAGS) $(VDSO_FLAGS) $(LIBC_FLAGS) $(USER_FLAGS)' > $@
FORCE:

# ---- The way to the headers that state the ABI: a folder of links, because the build uses -nostdinc ---------------
$(B)/include:
	$(call say,LINKS,$@)
	@mkdir -p $@
	@ln -sfn /usr/include/linux                $@/linux
	@ln -sfn /usr/include/asm-generic          $@/asm-generic
	@ln -sfn /usr/include/x86_64-linux-gnu/asm $@/asm
	@ln -sfn /usr/include/bsd                  $@/bsd

# ---- Kernel -------------------------------------------------------------------------------------------------------
KERNEL_OBJ := $(KERNEL_C:%.c=$(B)/%.o) $(KERNEL_ASM:kernel/%.asm=$(B)/kernel/%.asm.o) \
              $(SHARED_C:%.c=$(B)/kernel/%.o)
KERNEL_OBJ := $(KERNEL_OBJ:boot/%.asm=$(B)/kernel/boot/%.asm.o)

$(B)/kernel/%.o: kernel/%.c $(B)/flags | $(B)/include
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(KERNEL_FLAGS) $(DEPS) -c -o $@ $<

$(B)/kernel/libc/%.o: libc/%.c $(B)/flags | $(B)/include
	$(call say,CC,'$< (kernel)')
	@mkdir -p $(@D)
	$(Q)$(CC) $(SHARED_FLAGS) $(DEPS) -c -o $@ $<

# The records say which list of events they were made by.
$(B)/kernel/trace/ring.o: $(B)/include/trace_layout.h
$(B)/include/trace_layout.h: kernel/trace/events.def scripts/trace/schema.py | $(B)/include
	$(Q)$(PYTHON) scripts/trace/schema.py layout > $@

# A backtrace names functions, not the labels in them and in their macros.
NAMES_OF_LABELS = $(Q)objcopy --wildcard --keep-file-symbols --strip-symbol '..@*' --strip-symbol '[a-z]*.*' $@
$(B)/kernel/%.asm.o: kernel/%.asm
	$(call say,NASM,$<)
	@mkdir -p $(@D)
	$(Q)$(NASM) -f elf64 -g -F dwarf -I kernel/ -I $(B)/ -MD $(@:.o=.d) -MP -o $@ $<
	$(NAMES_OF_LABELS)

$(B)/kernel/boot/%.asm.o: boot/%.asm
	$(call say,NASM,$<)
	@mkdir -p $(@D)
	$(Q)$(NASM) -f elf64 -g -F dwarf -I boot/ -I kernel/ -MD $(@:.o=.d) -MP -o $@ $<
	$(NAMES_OF_LABELS)

$(B)/kernel/vdso/shared/%.o: kernel/vdso/shared/%.c $(B)/flags | $(B)/include
	$(call say,CC,'$< (vDSO)')
	@mkdir -p $(@D)
	$(Q)$(CC) $(VDSO_FLAGS) $(DEPS) -c -o $@ $<

$(B)/vdso.so: kernel/vdso/shared/vdso.ld $(VDSO_C:%.c=$(B)/%.o)
	$(call say,LD,$@)
	$(Q)$(LD) $(VDSO_LINK) -s -T $< -o $@ $(filter %.o,$^)

$(B)/kernel/vdso/image.asm.o: $(B)/vdso.so

# The kernel carries its own names and lines for its backtraces. They are read from a first link, so the kernel
# is linked twice; .ksyms lies at the end of the image, so that no address moves between the two.
define link_ksyms # $(1) binary file, $(2) object file
	@cd $(@D) && objcopy -I binary -O elf64-x86-64 --rename-section .data=.ksyms,alloc,load,readonly,data,contents \
	 --redefine-sym _binary_$(1)_start=ksyms_start --redefine-sym _binary_$(1)_end=ksyms_end \
	 -N _binary_$(1)_size $(1) $(2)
endef

$(B)/kernel-first.elf: linker.ld $(KERNEL_OBJ)
	@printf 'none' > $(B)/ksyms1
	$(call link_ksyms,ksyms1,ksyms1.o)
	$(Q)$(LD) $(KERNEL_LINK) -o $@ $(KERNEL_OBJ) $(B)/ksyms1.o

$(B)/kernel.elf: $(B)/kernel-first.elf scripts/mksym.py
	$(call say,LD,$@)
	$(Q)$(PYTHON) scripts/mksym.py $< $(B)/ksyms2
	$(call link_ksyms,ksyms2,ksyms2.o)
	$(Q)$(LD) $(KERNEL_LINK) -o $@ $(KERNEL_OBJ) $(B)/ksyms2.o
	$(Q)! command -v grub-file >/dev/null || grub-file --is-x86-multiboot2 $@

# ---- C library and programs ---------------------------------------------------------------------------------------
# malloc.c and what is behind it make one object, in which what its files have in common is local: no program can collide with it.
# Beside another one the functions of the allocator called malloc get a prefix (libc/malloc/names.h).
MALLOC_OBJ  := $(B)/libc/malloc/product.o $(B)/libc/malloc/classic.o $(if $(filter malloc,$(MALLOC)),,$(B)/libc/malloc/generic.o)
MALLOC_PART := $(PRODUCT_C) $(CLASSIC_C) libc/malloc/malloc.c libc/malloc/chosen.c libc/thread/heap.c
LIBC_OBJ    := $(patsubst libc/%.c,$(B)/libc/%.o,$(filter-out $(MALLOC_PART),$(LIBC_C))) $(LIBC_ASM:libc/%.asm=$(B)/libc/%.asm.o) $(MALLOC_OBJ)

$(B)/libc/%.o: libc/%.c $(B)/flags | $(B)/include
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LIBC_FLAGS) $(DEPS) -c -o $@ $<

$(B)/libc/malloc/chosen.o: LIBC_FLAGS += -DMALLOC_CHOSEN=allocator_$(MALLOC)
THREADS_OBJ := $(B)/libc/thread/heap.o
PRODUCT_OBJ := $(PRODUCT_C:%.c=$(B)/%.o) $(B)/libc/malloc/product/interface.o
$(PRODUCT_OBJ): LIBC_FLAGS += -fno-strict-aliasing $(if $(filter malloc,$(MALLOC)),,-DMALLOC_PREFIXED)
$(CLASSIC_C:%.c=$(B)/%.o): LIBC_FLAGS += -fno-strict-aliasing
$(B)/libc/malloc/product/interface.o: libc/malloc/malloc.c $(B)/flags | $(B)/include
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LIBC_FLAGS) $(DEPS) -c -o $@ $<
$(THREADS_OBJ): LIBC_FLAGS += $(if $(filter malloc,$(MALLOC)),,-DMALLOC_GENERIC)
$(B)/libc/malloc/product.o: $(PRODUCT_OBJ) $(HEAP_C:%.c=$(B)/%.o) $(if $(filter malloc,$(MALLOC)),$(THREADS_OBJ))
$(B)/libc/malloc/classic.o: $(CLASSIC_C:%.c=$(B)/%.o)
$(B)/libc/malloc/generic.o: $(B)/libc/malloc/malloc.o $(B)/libc/malloc/chosen.o $(THREADS_OBJ)
$(B)/libc/malloc/product.o $(B)/libc/malloc/classic.o $(B)/libc/malloc/generic.o:
	$(Q)$(LD) -r -o $@ $^ && objcopy --localize-hidden $@

$(B)/libc/%.asm.o: libc/%.asm
	$(call say,NASM,$<)
	@mkdir -p $(@D)
	$(Q)$(NASM) -f elf64 -g -F dwarf -MD $(@:.o=.d) -MP -o $@ $<

$(B)/crt0.o: $(CRT) $(B)/flags | $(B)/include
	$(call say,CRT,$<)
	$(Q)$(if $(filter %.asm,$<),$(NASM) -f elf64 -g -F dwarf -o $@ $<,$(CC) $(LIBC_FLAGS) -c -o $@ $<)

$(B)/libc.a: $(LIBC_OBJ) scripts/libcnames.py
	$(call say,AR,$@)
	$(Q)$(PYTHON) scripts/libcnames.py $@ $(LIBC_OBJ)

$(B)/user/%.o: user/%.c $(B)/flags | $(B)/include
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_FLAGS) $(DEPS) -c -o $@ $<

DEMO_LIB_OBJ := $(DEMO_LIB_C:%.c=$(B)/%.o)
USER_ELF     := $(patsubst %.c,$(B)/%.elf,$(wildcard user/init.c) $(BIN_C) $(DEMO_C))

$(B)/user/demo/%.elf: $(B)/user/demo/%.o $(DEMO_LIB_OBJ) $(B)/crt0.o $(B)/libc.a
	$(Q)$(LD) $(USER_LINK) -o $@ $(B)/crt0.o $< $(DEMO_LIB_OBJ) $(B)/libc.a

# story reads symbols as the kernel does.
$(B)/user/symtab.o: kernel/lib/symtab.c $(B)/flags | $(B)/include
	$(call say,CC,'$< (story)')
	$(Q)$(CC) $(USER_FLAGS) -I kernel $(DEPS) -c -o $@ $<
$(B)/user/bin/story.elf: $(B)/user/symtab.o
# init has addresses of its own, so that gdb's breakpoints in a program do not stop it on the way there.
$(B)/user/init.elf: LINK_AT := -Ttext-segment=0x200000
$(B)/user/%.elf: $(B)/user/%.o $(B)/crt0.o $(B)/libc.a
	$(Q)$(LD) $(USER_LINK) $(LINK_AT) -o $@ $(B)/crt0.o $< $(filter %/symtab.o,$^) $(B)/libc.a

# ---- Initial file system: stripped programs, and beside each its names and lines ----------------------------------
ROOT_NAMES := $(if $(wildcard user/init.c),init) $(addprefix bin/,$(basename $(notdir $(BIN_C) $(DEMO_C))))
ETC_FILES  := $(patsubst user/%,%,$(wildcard user/etc/*))
ROOT_FILES := $(sort $(ROOT_NAMES) $(ROOT_NAMES:%=lib/debug/%.sym) bin/busybox $(ETC_FILES))
ROOT_DIRS  := bin dev etc lib lib/debug lib/debug/bin proc run tmp
ROOT       := $(ROOT_FILES:%=$(B)/root/%)

# The shell and the ordinary tools are the distribution's own busybox, unmodified; each of its names that is not one of
# our programs becomes a link to it. It has to be the static one.
BUSYBOX    := $(shell command -v busybox 2>/dev/null)
ROOT_LINKS  = $(filter-out $(ROOT_NAMES) bin/busybox,$(addprefix bin/,$(shell $(BUSYBOX) --list 2>/dev/null)))

$(B)/root/bin/busybox: $(BUSYBOX)
	@mkdir -p $(@D)
	$(Q)[ -n "$(BUSYBOX)" ] && ! readelf -lW "$(BUSYBOX)" | grep -q INTERP || \
	 { echo 'The shell of the guest is a static busybox, which is missing here: install the package busybox-static.' >&2; exit 1; }
	$(Q)cp $(BUSYBOX) $@ && chmod 755 $@

$(B)/root/etc/%: user/etc/%
	@mkdir -p $(@D)
	$(Q)cp $< $@

$(B)/root/init: $(B)/user/init.elf
$(foreach c,$(BIN_C) $(DEMO_C),$(eval $(B)/root/bin/$(basename $(notdir $(c))): $(c:%.c=$(B)/%.elf)))
$(ROOT_NAMES:%=$(B)/root/%):
	@mkdir -p $(@D)
	$(Q)strip -o $@ $<

$(B)/root/lib/debug/init.sym: $(B)/user/init.elf scripts/mksym.py
$(foreach c,$(BIN_C) $(DEMO_C),$(eval $(B)/root/lib/debug/bin/$(basename $(notdir $(c))).sym: \
	$(c:%.c=$(B)/%.elf) scripts/mksym.py))
$(ROOT_NAMES:%=$(B)/root/lib/debug/%.sym):
	@mkdir -p $(@D)
	$(Q)$(PYTHON) scripts/mksym.py $< $@

# The same tree gives the same archive: names sorted, owner root, one time for all, a copy so that make's own
# time stamps stay.
$(B)/initramfs.cpio: $(ROOT) Makefile
	$(call say,CPIO,$@)
	$(Q)rm -rf $(B)/stage && mkdir -p $(ROOT_DIRS:%=$(B)/stage/%)
	$(Q)cd $(B)/root && cp --parents $(ROOT_FILES) ../stage/
	$(Q)cd $(B)/stage && for link in $(ROOT_LINKS); do ln -s busybox $$link; done
	$(Q)cd $(B)/stage && chmod -R u=rwX,go=rX . && chmod 1777 tmp && find . -exec touch -h -d @0 {} + && \
	 printf '%s\n' $(sort $(ROOT_DIRS) $(ROOT_FILES) $(ROOT_LINKS)) | \
	 cpio --quiet -o -H newc --reproducible -R 0:0 > ../initramfs.cpio
	$(Q)rm -rf $(B)/stage

# ---- Images that GRUB boots: one that ends in a prompt, one that takes the tour and powers off --------------------
GRUB_MODULES := multiboot2 normal iso9660 biosdisk
GRUB_DIR     := $(firstword $(wildcard /usr/lib/grub/i386-pc /usr/lib/grub2/i386-pc))

$(B)/faultline.iso: ARGUMENTS :=
$(B)/tour.iso: ARGUMENTS := tour
$(B)/faultline.iso $(B)/tour.iso: $(B)/kernel.elf $(B)/initramfs.cpio boot/grub.cfg
	$(call say,ISO,$@)
	$(Q)rm -rf $@.d && mkdir -p $@.d/boot/grub
	$(Q)sed 's/ *@ARGUMENTS@/ $(ARGUMENTS)/' boot/grub.cfg > $@.d/boot/grub/grub.cfg
	$(Q)strip -o $@.d/boot/kernel.elf $(B)/kernel.elf && cp $(B)/initramfs.cpio $@.d/boot/
	$(Q)grub-mkrescue -d $(GRUB_DIR) --install-modules="$(GRUB_MODULES)" --locales= --fonts= --themes= \
	 -o $@ $@.d > $@.log 2>&1 || { cat $@.log; exit 1; }
	$(Q)rm -rf $@.d $@.log

-include $(shell find $(B) -path $(B)/grade -prune -o -name '*.d' -print 2>/dev/null)

# ---- Host tests: portable parts under the sanitizers -------------------------------------------------------------
# Each test says what it is linked with; scripts/hosttest makes rules of that.
HOST_TESTS  := $(patsubst tests/host/%.c,$(B)/host/%,$(wildcard tests/host/test_*.c))
HOST_FLAGS  := -std=gnu11 -Og -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer \
               -Wall -Wextra -Werror -Wno-c2x-extensions -I tests/host/shim -I kernel -I kernel/include $(YOURS)
define HOST_COMPILE
	$(call say,CC,'$< (host)')
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_OWN) $(HOST_FLAGS) -MMD -MP -c -o $@ $<
endef
define HOST_LINK
	$(call say,HOST,$@)
	$(Q)$(CC) $(HOST_OWN) $(HOST_FLAGS) -o $@ $^ -lcmocka
endef
$(B)/host/rules.mk: $(wildcard tests/host/test_*.c) scripts/hosttest
	@mkdir -p $(@D)
	@scripts/hosttest $(B) $(wildcard tests/host/test_*.c) > $@
-include $(B)/host/rules.mk

.SECONDEXPANSION:

# ---- malloc-lab on the host, with the host's malloc as one more, and the library that records traces -------------
LAB_FLAGS := -std=gnu11 -O2 -g -fno-builtin -fno-strict-aliasing -Wall -Wextra -Werror $(YOURS)
LAB_C     := user/bin/malloc-lab.c $(filter-out %/stats.c %/chosen.c,$(call find,libc/malloc,*.c))
# The files of one allocator: the product alone, or the others with chosen.c.
PRODUCT_ALL := $(filter-out %/table.c,$(PRODUCT_C)) $(HEAP_C) $(addprefix libc/malloc/,malloc.c words.c site.c stats.c)
TABLE_ALL   := $(filter-out $(PRODUCT_C) %/glue_libc.c,$(call find,libc/malloc,*.c))
PRELOAD_C   := libc/malloc/glue_libc.c $(if $(filter malloc,$(MALLOC)),tests/malloc/preload_malloc.c $(PRODUCT_ALL),tests/malloc/preload.c $(TABLE_ALL))

.PHONY: malloc-lab
malloc-lab: $(B)/malloc-lab $(B)/record.so $(B)/libmalloc.so $(B)/bench/instructions.so $(B)/malloc/corpus ## malloc-lab for this machine: build/malloc-lab, and scripts/malloc-lab to count instructions
$(B)/malloc-lab: $(LAB_C) $(call find,libc/malloc,*.h) $(B)/flags
	$(call say,HOST,$@)
	$(Q)$(CC) $(LAB_FLAGS) -c -o $@.o $(filter user/%,$(LAB_C))
	$(Q)$(CC) $(LAB_FLAGS) -DMALLOC_PREFIXED -I libc -o $@ $@.o $(filter-out user/%,$(LAB_C))
# Our malloc under any program: LD_PRELOAD=build/libmalloc.so. It lies in every process beside a malloc that nobody uses, so its own
# pages count: 60 KiB instead of 80 without padding between its parts and tables for exceptions, which never pass through it.
SMALL_LIBRARY := -Wl,-z,noseparate-code -ffunction-sections -Wl,--gc-sections -fno-asynchronous-unwind-tables
$(B)/libmalloc.so: $(wildcard tests/malloc/preload*.c) $(call find,libc/malloc,*.[ch]) $(B)/flags
	$(call say,HOST,$@)
	$(Q)$(CC) $(LAB_FLAGS) $(SMALL_LIBRARY) -fPIC -shared -Wl,-Bsymbolic-functions -fvisibility=default -pthread -DMALLOC_CHOSEN=allocator_$(MALLOC) -I libc \
	 -o $@ $(PRELOAD_C)
.PHONY: malloc-lines
malloc-lines: $(B)/flags ## how long the allocator behind malloc is, file by file
	@$(PYTHON) scripts/malloc_measures.py
$(B)/record.so: tests/malloc/record.c $(B)/flags
	$(call say,HOST,$@)
	$(Q)$(CC) $(LAB_FLAGS) -fPIC -shared -pthread -o $@ $<

# What the allocators are measured and tested with: ordinary programs of this machine, malloc comes by LD_PRELOAD.
$(B)/malloc/%: tests/malloc/%.c $(B)/flags
	$(call say,HOST,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LAB_FLAGS) -D_GNU_SOURCE -pthread $(if $(filter peak,$*),-static) -o $@ $< $(if $(filter pairs,$*),-l:libstdc++.so.6)
# One of our allocators, whatever stands behind malloc elsewhere: all that is needed beside glue, under names with a prefix.
comma          := ,
malloc_sources = $(if $(filter malloc,$(1)),$(PRODUCT_ALL),$(TABLE_ALL))
MALLOC_ALONE   = -std=gnu11 -g -fno-builtin -fno-strict-aliasing -Wall -Wextra -Werror -DMALLOC_PREFIXED -DMALLOC_CHOSEN=allocator_$* \
                 -I libc -I libc/malloc -I tests/host/malloc
define sanitized # $(1) name, $(2) gcc's words
$(B)/malloc/$(1)-%: tests/malloc/model.c $$(call find,libc/malloc,*.[ch]) $(B)/flags
	$$(call say,SANITIZE,'$$< ($(1), $$*)')
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(MALLOC_ALONE) -O1 $(2) -pthread -o $$@ $$< $$(call malloc_sources,$$*) libc/malloc/glue_libc.c
endef
$(eval $(call sanitized,tsan,-fsanitize=thread))
$(eval $(call sanitized,asan,-fsanitize=address$(comma)undefined -fno-sanitize-recover=all))
$(B)/malloc/fuzz-%: tests/fuzz/malloc.c tests/host/malloc/glue_host.c $$(call find,libc/malloc,*.[ch]) $(B)/flags
	$(call say,FUZZ,'$< ($*)')
	@mkdir -p $(@D)
	$(Q)clang $(MALLOC_ALONE) -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -D_exit=fuzz_stop -pthread \
	 -o $@ $< tests/host/malloc/glue_host.c $(call malloc_sources,$*)
$(B)/malloc/corpus: tests/guest/malloc_corpus.c $(B)/flags
	$(call say,HOST,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LAB_FLAGS) -D_GNU_SOURCE -o $@ $<

# ---- Programs of the system tests: ordinary ones, linked with musl and with our libc ------------------------------
GUEST_TESTS   := $(basename $(notdir $(wildcard tests/guest/*.c)))
TEST_HELPERS  := $(basename $(notdir $(wildcard tests/system/programs/*.c)))
MUSL_FLAGS    := -std=gnu11 -Og -g -static -fno-pie -no-pie -idirafter $(B)/include -D_GNU_SOURCE \
                 -Wall -Wextra -Werror -Wno-missing-field-initializers
# musl has not our malloc, and its last thread does not end a child of fork (thread_make); tables of raw calls need no second library.
TEST_PROGRAMS := $(patsubst %,$(B)/tests/ours/%,$(filter-out errors_% linux_%,$(GUEST_TESTS))) $(patsubst %,$(B)/tests/musl/%,$(filter-out malloc_% thread_make,$(GUEST_TESTS))) \
                 $(TEST_HELPERS:%=$(B)/tests/programs/%) $(B)/tests/glibc/thread_soak $(B)/tests/preload/memory256.so $(patsubst tests/system/ours/%.c,$(B)/tests/ours/%,$(wildcard tests/system/ours/*.c)) $(patsubst user/demo/%.c,$(B)/tests/demo/%,$(DEMO_C))

.PHONY: test-programs
test-programs: $(TEST_PROGRAMS)
$(B)/tests/ours/%.o: tests/guest/%.c $(wildcard tests/guest/*.h) $(B)/flags | $(B)/include
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_FLAGS) -D_GNU_SOURCE -Wno-missing-field-initializers $(DEPS) -c -o $@ $<
$(B)/tests/ours/%.o: tests/system/ours/%.c $(B)/flags | $(B)/include
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_FLAGS) $(DEPS) -c -o $@ $<
$(B)/tests/ours/%: $(B)/tests/ours/%.o $(B)/crt0.o $(B)/libc.a
	$(Q)$(LD) $(USER_LINK) -o $@ $(B)/crt0.o $< $(B)/libc.a
$(B)/tests/musl/%: tests/guest/%.c $(wildcard tests/guest/*.h) $(B)/flags | $(B)/include
	$(call say,MUSL,$<)
	@mkdir -p $(@D)
	$(Q)musl-gcc $(MUSL_FLAGS) -o $@ $<
# The same with glibc, for what depends on the C library's own locks.
$(B)/tests/glibc/%: tests/guest/%.c $(wildcard tests/guest/*.h) $(B)/flags
	$(call say,GLIBC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -g -static -pthread -D_GNU_SOURCE -Wall -Wextra -Werror -o $@ $<
$(B)/tests/preload/%.so: tests/system/preload/%.c $(B)/flags
	$(call say,GLIBC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -g -fPIC -shared -D_GNU_SOURCE -Wall -Wextra -Werror -o $@ $<
$(B)/tests/programs/%: tests/system/programs/%.c $(B)/flags | $(B)/include
	$(call say,MUSL,$<)
	@mkdir -p $(@D)
	$(Q)musl-gcc $(MUSL_FLAGS) -Wno-unused-result -o $@ $<
$(B)/tests/demo/%: user/demo/%.c $(DEMO_LIB_C) $(wildcard user/demo/lib/*.h) $(B)/flags | $(B)/include
	$(call say,MUSL,$<)
	@mkdir -p $(@D)
	$(Q)musl-gcc $(MUSL_FLAGS) -fno-builtin-malloc -I user/demo/lib -o $@ $< $(DEMO_LIB_C)

# ---- Programs of the labs: on Linux first, then in the guest --------------------------------------------------------
$(B)/labs/%: labs/%.c $(wildcard labs/*.h) $(B)/flags | $(B)/include
	$(call say,MUSL,$<)
	@mkdir -p $(@D)
	$(Q)musl-gcc $(MUSL_FLAGS) -I labs -o $@ $<

# ---- make bench: process 1 of both kernels, a tiny program, a kernel that is only firmware, the counting plugin ----
BENCH := $(addprefix $(B)/bench/,bench tiny firmware.elf plugin.so untraced/kernel.elf)

# The same kernel without the event stream, beside which `make bench` shows what the stream costs where it is off.
$(B)/bench/untraced/kernel.elf: $(B)/kernel.elf
	$(call say,KERNEL,'$@ (without events)')
	$(Q)MAKEFLAGS= make -s B=$(B)/bench/untraced TRACE=none $@

$(B)/bench/bench: $(wildcard tests/bench/*.c) tests/bench/bench.h $(B)/flags | $(B)/include
	$(call say,MUSL,tests/bench)
	@mkdir -p $(@D)
	$(Q)musl-gcc $(filter-out -Og,$(MUSL_FLAGS)) -O2 -o $@ $(filter %.c,$^)
# ---- make bench-threads: one program, three C libraries -------------------------------------------------------------
PTHREADS := $(addprefix $(B)/bench/pthreads-,ours musl glibc)
$(B)/bench/pthreads-ours: tests/bench/pthreads/costs.c $(B)/crt0.o $(B)/libc.a $(B)/flags | $(B)/include
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -Og,$(USER_FLAGS)) -O2 -c -o $@.o $<
	$(Q)$(LD) $(USER_LINK) -o $@ $(B)/crt0.o $@.o $(B)/libc.a
$(B)/bench/pthreads-musl: tests/bench/pthreads/costs.c $(B)/flags
	$(call say,MUSL,$<)
	@mkdir -p $(@D)
	$(Q)musl-gcc $(filter-out -Og,$(MUSL_FLAGS)) -O2 -o $@ $<
$(B)/bench/pthreads-glibc: tests/bench/pthreads/costs.c $(B)/flags
	$(call say,GLIBC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -static -pthread -D_GNU_SOURCE -Wall -Wextra -Werror -o $@ $<

$(B)/bench/tiny $(B)/bench/firmware.elf: $(B)/bench/%: tests/bench/$$(basename $$*).asm
	$(call say,NASM,$<)
	@mkdir -p $(@D)
	$(Q)$(NASM) -f elf64 -o $@.o $<
	$(Q)$(LD) -m elf_x86_64 -n -s --build-id=none -o $@ $@.o
$(B)/bench/plugin.so: tests/bench/plugin/events.c tests/bench/plugin/plugin.h
$(B)/bench/instructions.so: tests/bench/plugin/instructions.c tests/bench/plugin/plugin.h
$(B)/bench/plugin.so $(B)/bench/instructions.so:
	$(call say,PLUGIN,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -fPIC -shared $(WARN) -o $@ $<

# ---- The report's page, and the viewers that the tests of the exports use: packages of the npm registry, pinned -----
NPM := $(B)/npm
.PHONY: npm
npm: $(NPM)/installed
$(NPM)/installed: scripts/report/package.json scripts/report/package-lock.json
	$(call say,NPM,$(NPM))
	@mkdir -p $(NPM) && cp $^ $(NPM)/
	$(Q)cd $(NPM) && npm ci --silent --ignore-scripts --no-audit --no-fund && touch installed

# uPlot without the names of what the page has no use for (other curves, dates, cursors in step): what nothing names, esbuild leaves out, 5 kB.
UPLOT_UNUSED := paths\.(linear|bars|spline)|uPlot\.(sync|fmtDate|tzDate|join|addGap|clipGaps|orient|range(Num|Asinh)|assign)
$(NPM)/uplot.js: $(NPM)/installed
	$(Q)sed -E '/^\t*\(?($(UPLOT_UNUSED)) *=/d' $(NPM)/node_modules/uplot/dist/uPlot.esm.js > $@
BUNDLE_SOURCES := $(filter-out %/bundle.js,$(wildcard scripts/report/*.js scripts/report/*.jsx))
ESBUILD := NODE_PATH=$(NPM)/node_modules $(NPM)/node_modules/.bin/esbuild scripts/report/main.jsx --bundle --minify --format=iife \
           --target=es2020 --charset=utf8 --legal-comments=eof --jsx-factory=h --log-level=warning --alias:uplot=$(abspath $(NPM)/uplot.js)
.PHONY: bundle
bundle: scripts/report/bundle.js ## build the script of the report's page from its sources (npm; the result is committed)
scripts/report/bundle.js: $(BUNDLE_SOURCES) $(NPM)/uplot.js
	$(call say,ESBUILD,$@)
	$(Q)$(ESBUILD) --outfile=$@
$(B)/report/bundle.js: $(BUNDLE_SOURCES) $(NPM)/uplot.js
	$(Q)$(ESBUILD) --outfile=$@

# The program is run under recording, with its time counted in instructions; what it ends with does not matter, if it was started.
# A program of the tree that is not among the images is made first: PROG=build/tests/ours/overrun.
NAMED = $(filter $(B)/%,$(firstword $(PROG)) $(firstword $(PROGRAM)))
RECORDED = $(notdir $(firstword $(PROG)))
RECORDING = $(B)/recordings/$(RECORDED)
# What scripts/guest says itself, and no program.
NOT_RUN  = 124 125 126 127
.PHONY: report
report: $(IMAGES) $(NAMED) ## what a program did to memory, as one HTML file to look at (PROG="name args" or a path, else vmrss)
	@rm -rf $(RECORDING) && mkdir -p $(dir $(RECORDING)) $(B)/report
	@scripts/guest -q --icount --trace $(RECORDING) $(PROG) $(ARGS) || case " $(NOT_RUN) " in *" $$? "*) exit 1 ;; esac
	@$(PYTHON) scripts/trace/report.py $(RECORDING) -o $(B)/report/$(RECORDED).html
	@echo 'Open $(B)/report/$(RECORDED).html in a browser.'

.PHONY: picture
picture: report ## take the READMEs' pictures of the report anew (Chromium)
	$(Q)$(PYTHON) tests/system/picture.py $(abspath $(B)/report/vmrss.html) en docs/picture.png
	$(Q)$(PYTHON) tests/system/picture.py $(abspath $(B)/report/vmrss.html) zh docs/picture.zh-CN.png

.PHONY: sessions
sessions: all test-programs ## what the documents show of a terminal: run it again and write today's numbers into them
	$(Q)$(PYTHON) tests/system/sessions.py

# ---- make diff: probes that print facts, and process 1 of a boot that runs all programs -----------------------------
DIFF_PROGRAMS := $(patsubst tests/diff/%.c,$(B)/tests/diff/%,$(wildcard tests/diff/*.c))
$(B)/tests/diff/%: tests/diff/%.c tests/diff/probe.h tests/guest/check.h $(B)/flags | $(B)/include
	$(call say,MUSL,$<)
	@mkdir -p $(@D)
	$(Q)musl-gcc $(MUSL_FLAGS) -Wno-unused-result -o $@ $<

# ---- Commands -----------------------------------------------------------------------------------------------------
REC    ?= $(B)/recording

# Before anything that needs them, the packages that are missing: make reads the stamp as a part of itself, so it
# makes it first and then starts over. Goals that need nothing are left alone.
GOALS := $(or $(MAKECMDGOALS),all)
ifneq ($(filter-out help doctor setup clean,$(GOALS)),)
include $(B)/ready-$(if $(filter bench-malloc,$(GOALS)),bench,$(if $(filter test check host malloc-lab model-malloc fuzz-malloc fuzz-calls soak suites labs handout grade bench bench-programs bench-threads diff diff-programs picture sessions bundle,$(GOALS)),test,$(if $(filter gdb record rewind,$(GOALS)),gdb,run)))
endif
$(B)/ready-%: scripts/packages.txt
	@scripts/setup $*
	@mkdir -p $(@D) && echo '# The packages for `make $*` were here.' > $@

.PHONY: all kernel libc user iso run test check host gdb record rewind live bench bench-programs bench-threads bench-malloc model-malloc fuzz-malloc fuzz-calls soak suites labs handout grade diff diff-programs explain faultpath format doctor setup help clean FORCE
all: $(IMAGES) $(USER_ELF) ## build everything (the default)
run: $(IMAGES) ## boot in QEMU on this terminal, Ctrl-A X leaves (MEM=MiB, CPUS=N, SWAP=MiB of swap disk or 0, BOOT=direct without GRUB); no terminal: the tour
	@scripts/run -m $(MEM) -c $(CPUS) --swap $(SWAP) $(if $(filter direct,$(BOOT)),--direct --append '$(APPEND)')
test: all check test-programs ## everything: check, then the tests that boot guests (PYTEST="tests/system/test_x.py -k y": some of them, in one process)
	$(if $(PYTEST),,$(Q)$(PYTHON) -c 'import xdist' 2>/dev/null || { echo 'make test: pytest-xdist is missing: make setup brings it' >&2; exit 1; })
	$(Q)$(PYTHON) -m pytest -p no:cacheprovider $(if $(PYTEST),,-n $(shell expr $$(nproc) + 1) --dist loadfile) $(if $(findstring tests/system,$(PYTEST)),,tests/system) $(PYTEST)
check: all check-layers check-warnings check-cppcheck check-format check-python check-peers host faultpath ## the quick part, under a minute
host: $(HOST_TESTS:%=%.passed) ## build and run the host tests
gdb: $(IMAGES) $(NAMED) ## boot paused, with gdb attached and symbols loaded (PROGRAM="name args": run that instead of the tour; TRACE=2: for mm story; SWAP=MiB: a swap disk; CPUS=N)
	@TRACE=$(TRACE) SWAP=$(GDB_SWAP) CPUS=$(CPUS) scripts/debug $(PROGRAM)
record: $(IMAGES) $(NAMED) ## run a program and record it, for make rewind (PROG="name args" of the guest's /bin or a file, else vmrss; REC=folder)
	@scripts/guest --record '$(REC)' -- $(PROG) || case " $(NOT_RUN) " in *" $$? "*) exit 1 ;; esac
rewind: ## gdb on a recorded run, in which it goes backwards: mm end, mm who-wrote ADDR, reverse-continue (REC=folder)
	@scripts/rewind '$(REC)'
live: $(B)/kernel.elf ## the memory of the guest that make run started, in another terminal: frames by owner, pages of a process; q quits
	@scripts/live
bench: $(B)/kernel.elf bench-programs ## the kernel's paths in instructions, beside Debian's Linux (QUICK=1: without Linux)
	@scripts/bench $(if $(QUICK),--quick)
bench-programs: $(BENCH)
bench-threads: $(IMAGES) $(PTHREADS) ## what mutexes and their like cost with our libc, musl and glibc, in instructions
	@scripts/bench-threads
bench-malloc: malloc-lab $(addprefix $(B)/malloc/,pairs threads peak programs) ## our malloc beside glibc, jemalloc, tcmalloc, mimalloc (QUICK=1: a minute, LIBS="x.so ...": more)
	@scripts/bench-malloc $(if $(QUICK),--quick) $(LIBS)
model-malloc: malloc-lab $(addprefix $(B)/malloc/,model tsan-$(MALLOC) asan-$(MALLOC)) ## millions of random calls, threads and forks against a model (TIMES=10)
	for seed in $$(seq $(or $(TIMES),10)); do for threads in 1 2 4 8; do \
	  LD_PRELOAD=$(B)/libmalloc.so $(B)/malloc/model $$threads 1000000 $$seed fork && \
	  MALLOC_CHECK_=3 LD_PRELOAD=$(B)/libmalloc.so $(B)/malloc/model $$threads 300000 $$seed fork && \
	  $(B)/malloc/asan-$(MALLOC) $$threads 500000 $$seed && $(B)/malloc/tsan-$(MALLOC) $$threads 200000 $$seed || { echo "seed $$seed, $$threads threads" >&2; exit 1; }; done; done
fuzz-malloc: $(B)/malloc/fuzz-$(MALLOC) ## bytes become calls of malloc and free, heap_check after each (SECONDS=60, MALLOC=name, CHECK=3: checking mode)
	@mkdir -p $(B)/malloc/corpus-$(MALLOC)
	cd $(B)/malloc && MALLOC_CHECK_=$(CHECK) ./fuzz-$(MALLOC) -max_total_time=$(or $(SECONDS),60) -max_len=1000 -len_control=0 corpus-$(MALLOC)
diff: $(IMAGES) diff-programs ## all test programs on Linux and on Faultline, line by line (ORACLE=qemu: on Debian's kernel in QEMU; ONLY=name)
	@scripts/diff $(if $(ORACLE),--oracle $(ORACLE)) $(ONLY)
diff-programs: $(DIFF_PROGRAMS) test-programs
explain: $(IMAGES) $(NAMED) ## the story of a run in words: PROG="name args", any program that scripts/guest runs
	@scripts/story $(PROG)
fuzz-calls: $(IMAGES) $(B)/tests/musl/fuzz_process $(B)/tests/musl/fuzz_memory ## a million random calls against a model, on Linux and here (CALLS=n SEED=n)
	@scripts/campaign fuzz $(or $(CALLS),1000000) $(SEED)
handout: ## the tree that students of a lab get, without what they are to write (LAB=4 OUT=folder; labs/README.md)
	@scripts/handout $(LAB) $(OUT)
grade: ## run a lab's tests and tell the score (LAB=4; in a handout: its own; FROM="folders": others' trees; SEED=n; TEST=n: only that)
	@scripts/grade $(LAB) $(if $(FROM),--from $(FROM)) $(if $(SEED),--seed $(SEED)) $(if $(TEST),--test $(TEST))
labs: all test-programs ## every lab held to what it promises: points, handout, all wrong answers (make test takes one of each lab)
	$(Q)LABS=all $(PYTHON) -m pytest -p no:cacheprovider tests/system/test_labs.py
suites: $(IMAGES) ## other people's test suites and programs on Linux and here, compared (ONLY="names or patterns", QUICK=1)
	@scripts/suites $(if $(QUICK),--quick) $(ONLY)
soak: $(IMAGES) $(B)/tests/ours/thread_soak $(B)/tests/musl/thread_soak $(B)/tests/glibc/thread_soak ## threads, mutexes and futexes for a minute, with our libc, musl and glibc (SECONDS=n)
	@scripts/campaign soak $(or $(SECONDS),60)
faultpath: $(B)/kernel.elf ## what a reader passes from the page fault's entry to the PTE, by function
	$(Q)$(PYTHON) scripts/faultpath.py $(B)
format: ## let clang-format settle the layout of all C files
	clang-format -i $(FORMATTED)
kernel: $(B)/kernel.elf ## build only the kernel
libc: $(B)/libc.a $(B)/crt0.o ## build only the C library
user: $(USER_ELF) ## build only the programs
doctor: ## which of the needed packages are there
	@scripts/doctor
setup: ## bring the missing packages (YES=1: without a question)
	@scripts/setup
help: ## this list
	@awk -F ':.*## ' '/^# ---- Commands/ { here = 1 } \
	 /^[a-z-]+:.*## / { line = sprintf("  make %-13s %s", $$1, $$2); if (here) print line; else rest = rest line "\n" } \
	 END { printf "%s", rest }' $(firstword $(MAKEFILE_LIST))
clean: ## remove everything that was built
	rm -rf $(B)

# ---- The parts of `make check` ------------------------------------------------------------------------------------
FORMATTED  = $(call find,kernel libc user tests labs,*.[ch])
CLANG_INCLUDE = $(shell clang -print-file-name=include)
CLANG      = clang -fsyntax-only $(subst -isystem $(CC_INCLUDE),-isystem $(CLANG_INCLUDE),$(1)) $(2)
CPPCHECK   = cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability --inline-suppr --std=c11 \
             --suppressions-list=scripts/cppcheck.txt --platform=unix64 --cppcheck-build-dir=$(B)/cppcheck -j 2

.PHONY: check-layers check-warnings check-cppcheck check-format check-python check-peers
check-layers: $(B)/kernel.elf
	$(Q)$(PYTHON) scripts/layers.py $(B)
check-warnings: | $(B)/include    # gcc's warnings are errors of the build itself; this asks clang
	$(call say,CLANG,'kernel libc user')
	$(Q)$(call CLANG,$(KERNEL_FLAGS),$(KERNEL_C))
	$(Q)$(call CLANG,$(VDSO_FLAGS),$(VDSO_C))
	$(Q)$(call CLANG,$(LIBC_FLAGS),$(LIBC_C) $(filter %.c,$(CRT)))
	$(Q)$(call CLANG,$(USER_FLAGS),$(wildcard user/init.c) $(BIN_C) $(DEMO_C) $(DEMO_LIB_C))
check-cppcheck:
	$(call say,CPPCHECK,'kernel libc user')
	@mkdir -p $(B)/cppcheck/include && ln -sfn /usr/include/bsd $(B)/cppcheck/include/bsd    # its macros make loops
	$(Q)$(CPPCHECK) -I kernel -I kernel/include -I libc/stdio -I libc/include -I $(B)/cppcheck/include kernel
	$(Q)$(CPPCHECK) -I libc -I libc/include -I user/demo/lib libc user
check-format:
	$(call say,FORMAT,'kernel libc user tests labs')
	$(Q)clang-format --dry-run -Werror $(FORMATTED)
check-python:
	$(call say,PYTHON,'scripts tests')
	$(Q)$(PYTHON) scripts/pysyntax.py scripts tests
check-peers:
	$(call say,PEERS,'README.md README.zh-CN.md labs')
	$(Q)for text in README.md labs/README.md labs/*/README.md; do \
	 $(PYTHON) scripts/peer.py $$text $${text%.md}.zh-CN.md || exit 1; done
$(B)/host/%.passed: $(B)/host/%
	$(call say,TEST,$<)
	$(Q)$< > $<.log 2>&1 || { cat $<.log; exit 1; }
	$(Q)grep -h '^\[  PASSED' $<.log | sed 's/^/          /'
	@touch $@
