# SPDX-License-Identifier: Apache-2.0
# Manual pages and completion, printed by the programs from their own tables.

$(O)/man/davit.1: $(O)/bin/davit scripts/gen-man
	$(call msg,MAN)
	$(Q)scripts/gen-man $< $(@D) 1

$(O)/man/davit-oci.8: $(O)/bin/davit-oci scripts/gen-man
	$(call msg,MAN)
	$(Q)scripts/gen-man $< $(@D) 8

$(O)/completion/%: $(O)/bin/%
	@mkdir -p $(@D)
	$(call msg,GEN)
	$(Q)$< completion bash >$@

all: $(O)/man/davit.1 $(O)/man/davit-oci.8 $(O)/completion/davit $(O)/completion/davit-oci
