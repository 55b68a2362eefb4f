# SPDX-License-Identifier: Apache-2.0
# Benchmarks: small programs in tests/bench, and scripts that compare with Debian's peers.

BENCH_TOOLS := $(O)/bench/floor $(O)/bench/floor_exec $(O)/bench/bench $(O)/bench/rate

$(O)/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(call msg,CC)
	$(Q)$(CC) -D_GNU_SOURCE -std=gnu11 $(WARN) -O2 -g $(STATIC) -o $@ $<

N ?= 200

#: make bench                start of a container against the floor, crun, runc (root); N=200 rounds
bench: deps-bench
	$(Q)$(MAKE) --no-print-directory run-bench

run-bench: programs $(BENCH_TOOLS) $(O)/tests/true
	$(Q)DAVIT_OUT=$(abspath $(O)) tests/bench/start.sh -n $(N)

#: make bench-oci            davit-oci against the floor, crun, runc: run, create, exec, under load (root)
bench-oci: deps-bench programs $(BENCH_TOOLS) $(O)/tests/true
	$(Q)DAVIT_OUT=$(abspath $(O)) tests/bench/oci.sh -n $(N)
	$(Q)DAVIT_OUT=$(abspath $(O)) tests/bench/oci_load.sh -n $(N)

#: make bench-crowd          the same beside 1000 idle containers
bench-crowd: deps-bench programs $(BENCH_TOOLS) $(O)/tests/true
	$(Q)DAVIT_OUT=$(abspath $(O)) tests/bench/crowd.sh -n $(N)

.PHONY: bench run-bench bench-oci bench-crowd
