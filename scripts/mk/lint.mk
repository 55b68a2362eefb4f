# SPDX-License-Identifier: Apache-2.0
# Style and static checks. Nothing here changes a file.

LINT_C     := $(sort $(wildcard user/*/*.c user/cmd/*/*.c))
LINT_SHELL  = $(shell git grep -lE '^\#!/bin/(ba)?sh' -- scripts tests .ci; git ls-files 'scripts/*.sh' 'tests/*.sh')
# changed lines are judged against the branch that we come from
LINT_BASE  ?= $(shell git merge-base HEAD origin/main 2>/dev/null)
# flags that clang accepts
LINT_FLAGS  = $(CPPFLAGS) -std=gnu11 $(filter-out -Wlogical-op -Wduplicated-cond -Werror,$(WARN))

#: make lint                 format of changed lines, clang-tidy, shellcheck, layers, headers, SPDX
lint: lint-format lint-shell lint-layers lint-headers lint-spdx lint-tidy

lint-format:
	@echo '  LINT     format'
	$(Q)[ -z "$(LINT_BASE)" ] || \
		git clang-format --diff --quiet --extensions c,h $(LINT_BASE) -- user bpf kmod include tests | \
		awk '{ print } END { exit NR > 0 }'

lint-shell:
	@echo '  LINT     shell'
	$(Q)shellcheck --severity=warning $(sort $(LINT_SHELL))

lint-layers: $(foreach p,$(PARTS),$(call part_lib,$(p)))
	@echo '  LINT     layers'
	$(Q)scripts/check-layers $(O)

lint-headers: $(BPF_SKELS)
	@echo '  LINT     headers'
	$(Q)scripts/check-headers $(CC) $(CPPFLAGS) -std=gnu11 $(WARN)

lint-spdx:
	@echo '  LINT     spdx'
	$(Q)scripts/check-spdx

lint-tidy: $(BPF_SKELS)
	@echo '  LINT     clang-tidy'
	$(Q)scripts/tidy $(O)/tidy $(LINT_C) -- $(LINT_FLAGS)

#: make sparse               sparse on all of user/
# the skeletons of BPF programs are longer strings than it takes
sparse: $(BPF_SKELS)
	$(Q)for f in $(filter-out user/cmd/davit-bpf/l%.c,$(LINT_C)); do \
		sparse -D__CHECK_ENDIAN__ -Wno-decl -Wsparse-error $(CPPFLAGS) -std=gnu11 \
			-gcc-base-dir $$($(CC) -print-file-name=) $$f || exit 1; \
	done

#: make analyze              scan-build and gcc -fanalyzer; slow, prints what they find
analyze:
	$(Q)scan-build --status-bugs -o $(O)/analyze $(MAKE) O=$(O)/analyze/build programs
	$(Q)for f in $(LINT_C); do \
		$(CC) $(CPPFLAGS) -O1 -std=gnu11 -fanalyzer -c -o /dev/null $$f; \
	done

.PHONY: lint lint-format lint-shell lint-layers lint-headers lint-spdx lint-tidy sparse analyze
