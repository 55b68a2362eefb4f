# SPDX-License-Identifier: Apache-2.0
# Programs: a directory in user/cmd each.

PROGRAMS := $(foreach p,davit davit-monitor davit-image davit-init,$(O)/bin/$(p))

cmd_obj = $(patsubst user/%.c,$(O)/obj/%.o,$(sort $(wildcard user/cmd/$(1)/*.c)))

define link
	@mkdir -p $(@D)
	$(call msg,LD)
	$(Q)$(CC) $(CFLAGS) $(1) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LDFLAGS) $(2)
endef

$(O)/bin/davit: $(call cmd_obj,davit) $(call parts_of,engine)
	$(call link,$(STATIC) $(if $(STATIC),-no-pie),-lbpf -lelf -lz -ljansson)

$(O)/bin/davit-monitor: $(call cmd_obj,davit-monitor) $(call part_lib,kern) $(call part_lib,base)
	$(call link,$(STATIC) $(if $(STATIC),-no-pie))

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
