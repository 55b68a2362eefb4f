# SPDX-License-Identifier: Apache-2.0
# Unit tests: tests/unit/PART/NAME_test.c becomes $(O)/tests/unit/PART/NAME, linked with that part
# and those it uses. Flow tests: tests/*/*.t. Everything speaks TAP and is run by prove.

KERNEL_SOURCE ?= $(or $(lastword $(sort $(wildcard /usr/src/linux-source-*.tar.xz))),/usr/src/linux-source.tar.xz)
KSELFTEST     := $(O)/kselftest/kselftest_harness.h

unit_src = $(sort $(wildcard tests/unit/$(1)/*_test.c))
unit_bin = $(patsubst tests/%_test.c,$(O)/tests/%,$(call unit_src,$(1)))

UNIT_TESTS := $(foreach p,$(PARTS),$(call unit_bin,$(p)))
FLOW_TESTS := $(sort $(wildcard tests/*/*.t))

# external libraries by part; a test gets those of its part and of the parts below
LIBS_base    := -ljansson
LIBS_kern    := -lbpf -lelf -lz
LIBS_spec    := -lseccomp
LIBS_runtime := -lseccomp
LIBS_image   := -larchive -lisal -lzstd -lcrypto
libs_of = $(foreach p,$(1) $(USES_$(1)),$(LIBS_$(p)))

# the harness comes from the kernel's own source package and is never committed
$(KSELFTEST): | $(KERNEL_SOURCE)
	@mkdir -p $(@D)
	@printf '  %-8s %s\n' EXTRACT kselftest_harness.h
	$(Q)tar -xJf $(KERNEL_SOURCE) -C $(@D) --occurrence=1 --strip-components=4 --touch \
		$(basename $(basename $(notdir $(KERNEL_SOURCE))))/tools/testing/selftests/kselftest.h \
		$(basename $(basename $(notdir $(KERNEL_SOURCE))))/tools/testing/selftests/kselftest_harness.h

$(KERNEL_SOURCE):
	@echo "$@ is missing: run 'make deps-test'" >&2; exit 1

# the harness's macros define functions that nothing declares
UNIT_CFLAGS := -Wno-missing-prototypes -Wno-shadow

# helpers of one part's tests: every other .c in its directory
unit_help = $(filter-out $(call unit_src,$(1)),$(sort $(wildcard tests/unit/$(1)/*.c)))

define unit_rule
$(O)/tests/unit/$(1)/%: tests/unit/$(1)/%_test.c $(call unit_help,$(1)) $(call parts_of,$(1)) $(KSELFTEST)
	@mkdir -p $$(@D)
	$$(call msg,TEST)
	$$(Q)$(CC) $(CPPFLAGS) -isystem $(O)/kselftest $(CFLAGS) $(UNIT_CFLAGS) $(NOPIE) $(if $(STATIC),-no-pie) \
		-MMD -MP -MT $$@ -MF $$@.d -o $$@ $$(filter %.c,$$^) $$(filter %.a,$$^) $(LDFLAGS) \
		-Wl,--as-needed $(call libs_of,$(1))
endef
$(foreach p,$(PARTS),$(if $(call unit_src,$(p)),$(eval $(call unit_rule,$(p)))))

# one static program that only exits 0, small enough not to be what a bench or a limit test measures
$(O)/tests/true: tests/harness/true.c
	@mkdir -p $(@D)
	$(call msg,CC)
	$(Q)$(CC) -std=gnu11 $(WARN) -Os -static -nostdlib -nostartfiles -ffreestanding -fno-pie -no-pie \
		-fno-stack-protector -fno-asynchronous-unwind-tables -Wl,--build-id=none \
		-Wl,-z,noexecstack -Wl,-z,norelro -Wl,-z,noseparate-code -s -o $@ $<

# holds on to the programs that enter its container
$(O)/tests/grab: tests/harness/grab.c
	@mkdir -p $(@D)
	$(call msg,CC)
	$(Q)$(CC) -D_GNU_SOURCE -std=gnu11 -O2 $(WARN) -static -o $@ $<

# names exchanged under a runtime, what a naive one makes of it, and a look from inside: tests/runtime/escape*.t
$(O)/tests/race $(O)/tests/look $(O)/tests/naive: $(O)/tests/%: tests/harness/%.c
	@mkdir -p $(@D)
	$(call msg,CC)
	$(Q)$(CC) -D_GNU_SOURCE -std=gnu11 -O2 $(WARN) -pthread -static -o $@ $<

# kills a program at its N-th system call
$(O)/tests/stepper: tests/harness/stepper.c
	@mkdir -p $(@D)
	$(call msg,CC)
	$(Q)$(CC) -D_GNU_SOURCE -std=gnu11 -O2 $(WARN) -o $@ $<

# of flow tests
TEST_TOOLS := $(addprefix $(O)/tests/,true stepper grab race look naive)

#: make check                unit tests only
# some unit tests start a program
check: $(UNIT_TESTS) $(O)/bin/davit-monitor $(O)/bin/davit-bpf $(O)/bin/davit-init
	$(Q)DAVIT_OUT=$(abspath $(O)) scripts/run-tests $(UNIT_TESTS)

#: make test                 build, all tests on this kernel and test-vm on Linux 6.1 (root); T="tests/a/b.t ..." picks some
test: deps-test
	$(Q)rm -f $(O)/totals
	$(Q)r=0; export DAVIT_TEST_TOTALS=$(abspath $(O))/totals; \
	$(MAKE) --no-print-directory run-tests || r=1; \
	$(if $(TEST_ALSO_VM),$(MAKE) --no-print-directory run-tests-vm KERNEL=6.1 || r=1;) \
	awk '{ p += $$1; f += $$2; s += $$3 } END { print p + 0 " passed, " f + 0 " failed, " s + 0 " skipped in all" }' \
		$$DAVIT_TEST_TOTALS; exit $$r

# sanitizers on an emulated processor outlast every time-out
TEST_ALSO_VM := $(if $(SAN)$(filter command line environment,$(origin T)),,yes)

T ?= $(UNIT_TESTS) $(FLOW_TESTS)
run-tests: programs $(UNIT_TESTS) $(BENCH_TOOLS) $(TEST_TOOLS)
	$(Q)DAVIT_OUT=$(abspath $(O)) scripts/run-tests $(T)

#: make SAN=1 test           the same with ASan and UBSan, in out/san

-include $(shell find $(O)/tests -name '*.d' 2>/dev/null)
.PHONY: check test run-tests
