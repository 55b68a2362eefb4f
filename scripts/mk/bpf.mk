# SPDX-License-Identifier: Apache-2.0
# BPF programs: bpf/x.bpf.c -> out/gen/x.skel.h, which only user/cmd/davit-bpf includes.

# types of any kernel with BTF will do: the programs use what the UAPI fixes
VMLINUX_BTF ?= /sys/kernel/btf/vmlinux

BPF_SKELS := $(patsubst bpf/%.bpf.c,$(O)/gen/%.skel.h,$(sort $(wildcard bpf/*.bpf.c)))
BPF_WARN  := -Wall -Wextra -Wno-unused-parameter $(if $(WERROR),-Werror)

# order only: sysfs makes up a new time for the file whenever it likes
$(O)/gen/vmlinux.h: | $(wildcard $(VMLINUX_BTF))
	@mkdir -p $(@D)
	$(call msg,BTF)
	$(Q)$(BPFTOOL) btf dump file $(VMLINUX_BTF) format c > $@

# -mcpu=v3: Linux 5.1 and later. strip -g keeps BTF, drops DWARF.
$(O)/gen/%.bpf.o: bpf/%.bpf.c $(O)/gen/vmlinux.h
	$(call msg,BPF)
	$(Q)$(CLANG) -target bpf -mcpu=v3 -O2 -g $(BPF_WARN) -Ibpf -I$(O)/gen -MMD -MP -MF $@.d \
		-c -o $@ $<
	$(Q)llvm-strip -g $@ 2>/dev/null || $(CLANG:clang%=llvm-strip%) -g $@

$(O)/gen/%.skel.h: $(O)/gen/%.bpf.o
	$(call msg,SKEL)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@

$(O)/obj/cmd/davit-bpf/load.o $(O)/obj/cmd/davit-bpf/level.o: $(BPF_SKELS)

# the tests load by it
$(addprefix $(O)/tests/unit/kern/,bpf bpf_change bpf_direction bpf_flows bpf_policy bpf_set): | $(O)/bin/davit-bpf

-include $(wildcard $(O)/gen/*.bpf.o.d)
.PRECIOUS: $(O)/gen/%.bpf.o $(O)/gen/vmlinux.h
