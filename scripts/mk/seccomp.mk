# SPDX-License-Identifier: Apache-2.0
# The default seccomp policy, compiled at build: $(O)/gen/seccomp_programs.h, which only
# user/kern/seccomp_builtin.c includes.

GEN_SECCOMP_SRC := scripts/gen-seccomp.c $(addprefix user/kern/seccomp,.c _arg.c _code.c _default.c _search.c _syscalls.c) \
	user/base/err.c

$(O)/gen/gen-seccomp: $(GEN_SECCOMP_SRC)
	@mkdir -p $(@D)
	$(call msg,CC)
	$(Q)$(CC) $(CPPFLAGS) -std=gnu11 -O1 -MMD -MP -MF $@.d -MT $@ -o $@ $(filter %.c,$^)

$(O)/gen/seccomp_programs.h: $(O)/gen/gen-seccomp
	$(call msg,GEN)
	$(Q)$< > $@

$(foreach d,obj hot/obj fuzz/obj,$(O)/$(d)/kern/seccomp_builtin.o): $(O)/gen/seccomp_programs.h
lint-tidy sparse: $(O)/gen/seccomp_programs.h

-include $(O)/gen/gen-seccomp.d
