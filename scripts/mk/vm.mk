# SPDX-License-Identifier: Apache-2.0
# Tests on other kernels, in the lab (scripts/vm, docs/lab.md): what needs cgroup v2, BPF or a
# feature of the kernel. What only computes is tested on the host.

KERNEL     ?= 6.1
VM_MEMORY  ?= 3G
VM_TIMEOUT ?= 1800
VM_JOBS    ?= 2

# not here: kern/bpf counts milliseconds, kern/bpf_set kills a loader at every system call, kern/bpf_policy and spec/seccomp_profile compare
# millions of cases; without KVM they outlast their own time-outs, and the host runs them
VM_SLOW  := $(addprefix $(O)/tests/unit/kern/,bpf bpf_set bpf_policy)
VM_UNIT  := $(filter-out $(VM_SLOW),$(filter $(O)/tests/unit/kern/% $(O)/tests/unit/runtime/%,$(UNIT_TESTS)))
VM_FLOWS := $(wildcard $(addprefix tests/,engine/cgroup_modes.t engine/limits.t engine/pause.t engine/stats.t \
	engine/v2_*.t bpf/policy.t isolation/defaults.t runtime/checkpoint.t runtime/checkpoint_ways.t runtime/systemd_limits.t))
VM_TESTS ?= $(VM_UNIT) $(VM_FLOWS)
# what depends on the kernel less, for test-vm-all; compilers and peers are too slow there
VM_MORE  := $(wildcard $(addprefix tests/,engine/attach.t engine/concurrency.t engine/crash.t engine/damaged.t \
	engine/doctor.t engine/exec.t engine/faults.t image/crash.t \
	engine/findings.t engine/lifecycle.t engine/mntns.t engine/logs.t engine/options.t engine/run.t engine/spare.t engine/stdio.t \
	engine/tty.t engine/userns.t engine/volumes.t image/demo.t \
	image/hostile.t image/real.t isolation/exec.t isolation/stdio.t runtime/checkpoint_containerd.t \
	runtime/conformance.t \
	runtime/oci.t runtime/oci_mntns.t runtime/oci_mounts.t runtime/oci_notify.t runtime/oci_process.t runtime/oci_v1.t))

#: make test-vm              tests on another kernel in a virtual machine (root): KERNEL=6.1 T="tests/a/b.t ..."
test-vm: deps-test
	$(Q)$(MAKE) --no-print-directory run-tests-vm

# tests work in /var/tmp: a tmpfs cannot be id-mapped before Linux 6.3
VM_T = $(if $(filter command line environment,$(origin T)),$(T),$(VM_TESTS))
# the guest has no network to fetch them
VM_PEERS = $(filter tests/runtime/containerd_% tests/runtime/docker_% tests/runtime/swarm_%,$(VM_T))
run-tests-vm: programs $(UNIT_TESTS) $(TEST_TOOLS)
	$(Q)scripts/demo-rootfs $(O)/tests/demo.tar >/dev/null
	$(if $(VM_PEERS),$(Q)scripts/peers fetch || echo 'their tests will be skipped')
	$(Q)if ! scripts/vm fetch $(KERNEL); then \
		echo "skipped: the lab: kernel $(KERNEL) cannot be fetched, see above"; \
		echo "0 0 1" >>"$${DAVIT_TEST_TOTALS:-/dev/null}"; \
	else \
		DAVIT_OUT=$(abspath $(O)) scripts/vm run --kernel $(KERNEL) --mem $(VM_MEMORY) --timeout $(VM_TIMEOUT) \
			--disk ext4:8G:/var/tmp -- env DAVIT_LAB="$$DAVIT_LAB" DAVIT_TEST_TOTALS="$$DAVIT_TEST_TOTALS" DAVIT_TEST_JOBS=$(VM_JOBS) \
			scripts/run-tests $(VM_T) </dev/null; \
	fi

#: make test-vm-all          the same and more on every kernel of tests/kernels.txt
test-vm-all: deps-test
	$(Q)for k in $$(scripts/vm list | awk 'NR > 1 && $$3 != "-" { print $$1 }'); do \
		echo "kernel $$k"; \
		$(MAKE) --no-print-directory run-tests-vm KERNEL=$$k T="$(VM_TESTS) $(VM_MORE)" VM_TIMEOUT=7200 || failed="$$failed $$k"; \
	done; \
	[ -z "$$failed" ] || { echo "failed on:$$failed"; exit 1; }

.PHONY: test-vm run-tests-vm test-vm-all
