# SPDX-License-Identifier: Apache-2.0
# Manual pages and completion, printed by the program from its own tables.

$(O)/man/davit.1: $(O)/bin/davit scripts/gen-man
	$(call msg,MAN)
	$(Q)scripts/gen-man $< $(@D)

$(O)/completion/davit: $(O)/bin/davit
	@mkdir -p $(@D)
	$(call msg,GEN)
	$(Q)$< completion bash >$@

all: $(O)/man/davit.1 $(O)/completion/davit
