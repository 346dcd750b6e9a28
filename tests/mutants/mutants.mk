# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# Tests of the tests.

MUTANTS ?=## names of the mutants to try, as in tests/mutants/list (all)
WHO ?=first## who notices a mutant: the first is enough, or all that would (first)

# All that may notice a fault.
.PHONY: mutant-programs
mutant-programs: $(M)/explore $(WEAK)/weak $(addprefix $(B)/test/plain/,straight input tlbi steps bugs contract grace corrupt vmid inspect clean group ownership shape permissions races operations)

##@ Explore

.PHONY: mutants mutants-sample
mutants: | need-test ## Break the engine in each known way and see that a test notices (MUTANTS=, WHO=)
	@tests/mutants/run $(abspath $(B))/mutants $(if $(filter all,$(WHO)),,-q) -- $(MUTANTS)

mutants-sample: | need-test ## A dozen of them
	@tests/mutants/run $(abspath $(B))/mutants -q -s 7
