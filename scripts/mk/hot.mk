# SPDX-License-Identifier: Apache-2.0
# Programs of the hot path, which run at every start of a container, are linked statically with musl:
# glibc's static start-up asks the processor for its caches by cpuid, which costs a virtual machine
# 0.15 ms, a tenth of a start. The same sources build with glibc for everything else (davit-image,
# davit-bpf, tests, sanitizers).

ifdef SAN
hot_obj      = $(part_obj)
hot_lib      = $(part_lib)
hot_cmd_obj  = $(cmd_obj)
hot_parts_of = $(parts_of)
HOT_JANSSON := -ljansson
hot_link     = $(call link,,$(1))
else
HOTCC        ?= musl-gcc
# one file: Debian's libjansson.a is built against glibc and asks for its checking functions
HOT_JANSSON  := $(shell $(CC) -print-file-name=libjansson.a 2>/dev/null)
HOT_INCLUDE  := $(O)/hot/include
hot_flags     = $(filter-out -Wlogical-op -Wduplicated-cond,$(CFLAGS)) -fno-pie \
		-Werror=implicit-function-declaration -isystem $(HOT_INCLUDE)

# of the image part only the options: the work is davit-image's
hot_src      = $(if $(filter image,$(1)),user/image/options.c,$(call part_src,$(1)))
hot_obj      = $(patsubst user/%.c,$(O)/hot/obj/%.o,$(call hot_src,$(1)))
hot_lib      = $(if $(call part_src,$(1)),$(O)/hot/lib/$(1).a)
# instead of musl's: user/hot/*.c
hot_cmd_obj  = $(patsubst user/%.c,$(O)/hot/obj/%.o,$(sort $(wildcard user/cmd/$(1)/*.c) \
		$(wildcard user/hot/*.c)))
hot_parts_of = $(foreach p,$(1) $(USES_$(1)),$(call hot_lib,$(p)))

# musl has no kernel headers: those of linux-libc-dev, and nothing else of /usr/include
$(HOT_INCLUDE)/.made:
	@mkdir -p $(@D)
	$(call msg,LINK)
	$(Q)ln -sfn /usr/include/linux $(@D)/linux
	$(Q)ln -sfn /usr/include/asm-generic $(@D)/asm-generic
	$(Q)ln -sfn /usr/include/$(shell $(CC) -print-multiarch)/asm $(@D)/asm
	$(Q)ln -sfn /usr/include/mtd $(@D)/mtd
	$(Q)ln -sf /usr/include/jansson.h /usr/include/jansson_config.h $(@D)/
	$(Q)touch $@

$(O)/hot/obj/%.o: user/%.c | $(HOT_INCLUDE)/.made
	@mkdir -p $(@D)
	$(call msg,CC)
	$(Q)$(HOTCC) $(CPPFLAGS) $(hot_flags) -MMD -MP -c -o $@ $<

define hot_rule
$(O)/hot/lib/$(1).a: $(call hot_obj,$(1))
	@mkdir -p $$(@D)
	$$(call msg,AR)
	$$(Q)rm -f $$@ && $(AR) rcsD $$@ $$^
endef
$(foreach p,$(filter-out build,$(PARTS)),$(eval $(call hot_rule,$(p))))

define hot_link
	@mkdir -p $(@D)
	$(call msg,LD)
	$(Q)$(HOTCC) $(hot_flags) -static -no-pie -Wl,--compress-debug-sections=zlib -o $@ $(filter %.o,$^) $(filter %.a,$^) $(1) \
		$(filter %.a,$^) $(LDFLAGS)
endef

-include $(shell find $(O)/hot -name '*.d' 2>/dev/null)
endif
