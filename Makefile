# SPDX-License-Identifier: Apache-2.0
# davit: `make`, `make test`, `make demo`; `make help` lists the rest.

O        ?= out
PREFIX   ?= /usr/local
DESTDIR  ?=
# make's own default is not the compiler that `make deps` installs
ifeq ($(origin CC),default)
CC       := gcc
endif
CLANG    ?= clang
BPFTOOL  ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)

VERSION  := 0.1.0
ifdef SAN
O        := out/san
endif

WARN := -Wall -Wextra -Wshadow -Wvla -Wundef -Wformat=2 -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wwrite-strings \
	-Wcast-align -Wnull-dereference -Wimplicit-fallthrough
ifneq ($(shell $(CC) -dM -E -x c /dev/null 2>/dev/null | grep -c __clang__),1)
WARN += -Wlogical-op -Wduplicated-cond
endif
ifdef WERROR
WARN += -Werror
endif

CPPFLAGS += -D_GNU_SOURCE -DDAVIT_VERSION='"$(VERSION)"' -Iuser -I$(O)/gen -Iinclude/uapi -I.
CFLAGS   ?= -O2 -g
override CFLAGS += -std=gnu11 $(WARN) -fno-strict-aliasing -fstack-protector-strong \
	-ffunction-sections -fdata-sections -fno-plt
# the id tells caches which program wrote them (user/base/build_id.h)
LDFLAGS  += -Wl,--gc-sections -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--build-id=sha1
ifdef SAN
# sanitizers do not link statically; frame pointers for their stacks
override CFLAGS += -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined
LDFLAGS  += -fsanitize=address,undefined
STATIC   :=
NOPIE    :=
else
# static and at a fixed address: no relocation work and no loader at each start
STATIC   := -static
NOPIE    := -fno-pie
endif

ifdef V
Q   :=
msg :=
else
Q   := @
msg = @printf '  %-8s %s\n' "$(1)" "$(patsubst $(O)/%,%,$@)";
endif

.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

all: programs

include scripts/mk/parts.mk
include scripts/mk/bpf.mk
include scripts/mk/seccomp.mk
include scripts/mk/hot.mk
include scripts/mk/programs.mk
include scripts/mk/probe.mk
include scripts/mk/man.mk
include scripts/mk/bench.mk
include scripts/mk/tests.mk
include scripts/mk/vm.mk
include scripts/mk/fuzz.mk
include scripts/mk/lint.mk
include scripts/mk/deps.mk

help:
	@sed -n 's/^#: //p' Makefile scripts/mk/*.mk

#: make                      build out/bin/*
#: make install              DESTDIR= PREFIX=
#: make clean

programs: $(PROGRAMS) $(DEMO_TAR)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/davit
	install -m 0755 $(O)/bin/davit $(O)/bin/davit-oci $(DESTDIR)$(PREFIX)/bin/
	install -m 0755 $(O)/bin/davit-monitor $(O)/bin/davit-image $(O)/bin/davit-bpf $(O)/bin/davit-scope $(O)/bin/davit-init \
		$(O)/bin/davit-probe \
		$(DESTDIR)$(PREFIX)/lib/davit/
	install -m 0644 $(DEMO_TAR) $(DESTDIR)$(PREFIX)/lib/davit/
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man8 $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 0644 $(O)/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 0644 $(O)/man/*.8 $(DESTDIR)$(PREFIX)/share/man/man8/
	install -m 0644 $(O)/completion/davit $(O)/completion/davit-oci $(DESTDIR)$(PREFIX)/share/bash-completion/completions/

#: make demo                 needs root: packages, build, and a tour of what davit does
demo: deps
	$(Q)$(MAKE) --no-print-directory -j$(shell nproc) all
	$(Q)scripts/demo $(O)

clean:
	rm -rf out

.PHONY: all help demo programs install clean
