# SPDX-License-Identifier: Apache-2.0
# Library parts, lowest first. A part may use the parts named behind its colon and nothing else;
# scripts/check-layers reads this list, and programs link in its order, so an upward call fails.

PARTS := base kern spec runtime store image network volume engine build

USES_base    :=
USES_kern    := base
USES_spec    := kern base
USES_runtime := spec kern base
USES_store   := spec kern base
USES_image   := store spec kern base
USES_network := kern spec base
USES_volume  := kern spec base
USES_engine  := volume network image store runtime spec kern base
USES_build   := engine volume network image store runtime spec kern base

part_src = $(sort $(wildcard user/$(1)/*.c))
part_obj = $(patsubst user/%.c,$(O)/obj/%.o,$(call part_src,$(1)))
part_lib = $(if $(call part_src,$(1)),$(O)/lib/$(1).a)
# a part and all it uses, in link order
parts_of = $(foreach p,$(1) $(USES_$(1)),$(call part_lib,$(p)))

$(O)/obj/%.o: user/%.c
	@mkdir -p $(@D)
	$(call msg,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(NOPIE) -MMD -MP -c -o $@ $<

define part_rule
$(O)/lib/$(1).a: $(call part_obj,$(1))
	@mkdir -p $$(@D)
	$$(call msg,AR)
	$$(Q)rm -f $$@ && $(AR) rcsD $$@ $$^
endef
$(foreach p,$(PARTS),$(eval $(call part_rule,$(p))))

-include $(shell find $(O)/obj -name '*.d' 2>/dev/null)
