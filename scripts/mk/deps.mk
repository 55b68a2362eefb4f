# SPDX-License-Identifier: Apache-2.0
# Debian packages, by what needs them. One line each: add yours, sorted.

DEPS_BUILD := \
	bpftool \
	busybox-static \
	clang \
	gcc \
	libarchive-dev \
	libbpf-dev \
	libc6-dev \
	libelf-dev \
	libisal-dev \
	libjansson-dev \
	libseccomp-dev \
	libssl-dev \
	libsystemd-dev \
	libzstd-dev \
	linux-libc-dev \
	llvm \
	make \
	musl-tools \
	pkg-config \
	zlib1g-dev

DEPS_TEST := \
	acl \
	attr \
	buildah \
	bzip2 \
	clang-format \
	clang-tidy \
	clang-tools \
	conmon \
	containerd \
	containernetworking-plugins \
	criu \
	curl \
	debootstrap \
	docker.io \
	iproute2 \
	iptables \
	jq \
	libcap2-bin \
	libclang-rt-dev \
	perl \
	podman \
	procps \
	python3 \
	python3-minimal \
	runc \
	shellcheck \
	skopeo \
	sparse \
	strace \
	umoci \
	util-linux \
	wget \
	xz-utils \
	zstd

# the test harness of the kernel; any version has it
DEPS_TEST += $(if $(wildcard /usr/src/linux-source-*.tar.xz),,linux-source)

# the kernel lab: scripts/vm
DEPS_VM := \
	btrfs-progs \
	busybox-static \
	cpio \
	debian-archive-keyring \
	e2fsprogs \
	kmod \
	qemu-system-x86 \
	util-linux \
	xfsprogs \
	xz-utils \
	zstd
DEPS_TEST += $(DEPS_VM)

DEPS_BENCH := \
	bubblewrap \
	crun \
	e2fsprogs \
	jq \
	mount \
	runc \
	strace

# scripts/vm build-kernel
DEPS_KERNEL := \
	bc \
	bison \
	dwarves \
	flex \
	gcc \
	gzip \
	kmod \
	libc6-dev \
	libelf-dev \
	make \
	perl \
	xz-utils

DEPS_KERNEL += $(if $(wildcard /usr/src/linux-source-*.tar.xz),,linux-source)

#: make deps                 Debian packages to build (root); deps-test, deps-bench, deps-kernel: to test, ...
deps:
	$(Q)scripts/apt-install $(DEPS_BUILD)

deps-test:
	$(Q)scripts/apt-install $(DEPS_BUILD) $(DEPS_TEST)

deps-bench:
	$(Q)scripts/apt-install $(DEPS_BUILD) $(DEPS_BENCH)

deps-kernel:
	$(Q)scripts/apt-install $(DEPS_KERNEL)

.PHONY: deps deps-test deps-bench deps-kernel
