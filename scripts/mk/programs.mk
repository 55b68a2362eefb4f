# SPDX-License-Identifier: Apache-2.0
# Programs: a directory in user/cmd each.

PROGRAMS := $(foreach p,davit davit-oci davit-monitor davit-image davit-bpf davit-scope davit-init,$(O)/bin/$(p))

# the image davit/demo: imported by the first davit that is asked for it
DEMO_TAR := $(O)/bin/davit-demo.tar
$(DEMO_TAR): scripts/demo-rootfs
	@mkdir -p $(@D)
	$(call msg,TAR)
	$(Q)scripts/demo-rootfs $@ && touch $@

cmd_obj = $(patsubst user/%.c,$(O)/obj/%.o,$(sort $(wildcard user/cmd/$(1)/*.c)))

define link
	@mkdir -p $(@D)
	$(call msg,LD)
	$(Q)$(CC) $(CFLAGS) $(1) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LDFLAGS) $(2)
endef

$(O)/bin/davit: $(call hot_cmd_obj,davit) $(call hot_parts_of,engine)
	$(call hot_link,$(HOT_JANSSON))

$(O)/bin/davit-oci: $(call hot_cmd_obj,davit-oci) $(call hot_parts_of,runtime)
	$(call hot_link,$(HOT_JANSSON))

$(O)/bin/davit-monitor: $(call hot_cmd_obj,davit-monitor) $(call hot_lib,kern) $(call hot_lib,base)
	$(call hot_link)

# starts once per boot
$(O)/bin/davit-bpf: $(call cmd_obj,davit-bpf) $(call part_lib,kern) $(call part_lib,base)
	$(call link,$(if $(STATIC),-no-pie),-lbpf -lelf -lz)

# systemd's side of davit-oci: started with the systemd cgroup driver alone
$(O)/bin/davit-scope: $(call cmd_obj,davit-scope) $(call part_lib,base)
	$(call link,$(if $(STATIC),-no-pie),-lsystemd)

# the heavy libraries live here alone: started for image work, never for a container
$(O)/bin/davit-image: $(call cmd_obj,davit-image) $(call parts_of,image)
	$(call link,$(if $(STATIC),-no-pie),-larchive -lisal -lzstd -lcrypto -ljansson)

# last hop before the workload: no libc, so that its exec costs a few page faults
$(O)/bin/davit-init: user/cmd/davit-init/init.c
	@mkdir -p $(@D)
	$(call msg,CC)
	$(Q)$(CC) -D_GNU_SOURCE -Iuser -std=gnu11 $(WARN) -Os -static -nostdlib -nostartfiles -ffreestanding \
		-fno-pie -no-pie -fno-stack-protector -fno-asynchronous-unwind-tables \
		-Wl,-z,noexecstack -Wl,--build-id=none -Wl,-z,norelro -Wl,-z,noseparate-code -s -o $@ $<
