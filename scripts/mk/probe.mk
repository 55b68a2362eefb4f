# SPDX-License-Identifier: Apache-2.0
# davit-probe: the isolation probes of tests/isolation, which also build alone there. Static, because
# it runs in containers that have nothing; so without sanitizers, which do not link statically.

PROBE_SRC  := $(sort $(wildcard tests/isolation/*.c))
# rows of tables leave out what they have no use for
PROBE_WARN := -Wno-missing-field-initializers

ifdef SAN
PROBE_CC    = $(CC) $(filter-out -fno-plt -fsanitize=% -fno-sanitize-recover=%,$(CFLAGS))
PROBE_OBJ   = $(patsubst tests/%.c,$(O)/obj/tests/%.o,$(PROBE_SRC))
else
PROBE_CC    = $(HOTCC) $(hot_flags)
PROBE_OBJ   = $(patsubst tests/%.c,$(O)/hot/obj/tests/%.o,$(PROBE_SRC))
endif

$(O)/hot/obj/tests/isolation/%.o $(O)/obj/tests/isolation/%.o: tests/isolation/%.c | $(if $(SAN),,$(HOT_INCLUDE)/.made)
	@mkdir -p $(@D)
	$(call msg,CC)
	$(Q)$(PROBE_CC) $(PROBE_WARN) -D_GNU_SOURCE -DPROBE_VERSION='"$(VERSION)"' -MMD -MP -c -o $@ $<

$(O)/bin/davit-probe: $(PROBE_OBJ)
	@mkdir -p $(@D)
	$(call msg,LD)
	$(Q)$(PROBE_CC) -static -no-pie -o $@ $^ $(filter-out -fsanitize=%,$(LDFLAGS))

PROGRAMS += $(O)/bin/davit-probe
-include $(shell find $(O)/obj/tests -name '*.d' 2>/dev/null)
