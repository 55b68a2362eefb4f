# SPDX-License-Identifier: Apache-2.0
# Fuzz targets: tests/fuzz/NAME.c becomes $(O)/fuzz/NAME, with libFuzzer, ASan and UBSan. Seeds are
# in tests/fuzz/corpus/NAME; what libFuzzer finds stays in $(O)/fuzz/corpus/NAME.

FUZZ_SECONDS ?= 30
FUZZ_PARTS   := engine runtime network image store spec kern base
FUZZ_LIBS    := -larchive -lisal -lzstd -lcrypto -lbpf -lelf -lz -ljansson
FUZZ_FLAGS   := -std=gnu11 -g -O1 -fno-omit-frame-pointer -fno-strict-aliasing \
	-fsanitize=address,undefined -fno-sanitize-recover=undefined
FUZZ_TARGETS := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(sort $(wildcard tests/fuzz/*.c)))

fuzz_lib = $(if $(call part_src,$(1)),$(O)/fuzz/lib/$(1).a)

$(O)/fuzz/obj/%.o: user/%.c
	@mkdir -p $(@D)
	$(call msg,FUZZCC)
	$(Q)$(CLANG) $(CPPFLAGS) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<


define fuzz_part_rule
$(O)/fuzz/lib/$(1).a: $(patsubst user/%.c,$(O)/fuzz/obj/%.o,$(call part_src,$(1)))
	@mkdir -p $$(@D)
	$(Q)rm -f $$@ && $(AR) rcsD $$@ $$^
endef
$(foreach p,$(FUZZ_PARTS),$(eval $(call fuzz_part_rule,$(p))))

$(FUZZ_TARGETS): $(O)/fuzz/%: tests/fuzz/%.c $(foreach p,$(FUZZ_PARTS),$(call fuzz_lib,$(p)))
	$(call msg,FUZZ)
	$(Q)$(CLANG) $(CPPFLAGS) $(FUZZ_FLAGS) -fsanitize=fuzzer -MMD -MP -MF $@.d -o $@ $< \
		$(filter %.a,$^) -Wl,--as-needed $(FUZZ_LIBS)

#: make fuzz                 run every fuzz target for FUZZ_SECONDS=30; F=NAME picks one
F ?= $(notdir $(FUZZ_TARGETS))
fuzz: $(addprefix $(O)/fuzz/,$(F))
	$(Q)for f in $(F); do \
		mkdir -p $(O)/fuzz/corpus/$$f; \
		printf '  %-8s %s\n' RUN $$f; \
		$(O)/fuzz/$$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 -verbosity=0 \
			-artifact_prefix=$(O)/fuzz/$$f- $(O)/fuzz/corpus/$$f \
			$$([ -d tests/fuzz/corpus/$$f ] && echo tests/fuzz/corpus/$$f) || exit 1; \
	done

-include $(shell find $(O)/fuzz -name '*.d' 2>/dev/null)
.PHONY: fuzz
