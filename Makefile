# Latchkey's commands. `make` alone lists them.
#
# What a target needs and a machine lacks is installed first (`make tools`); a tool that cannot be installed is named,
# with what to type.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

WASM_BINDGEN_VERSION := 0.2.130
CARGO_LEPTOS_VERSION := 0.3.10
NEXTEST_VERSION := 0.9.143
CARGO_DENY_VERSION := 0.20.2
CARGO_MUTANTS_VERSION := 27.1.0
CARGO_FUZZ_VERSION := 0.13.2

# wasm-opt comes from npm: Debian's (108) breaks WebAssembly tables, and the pages never come to life.
export PATH := $(CURDIR)/end2end/node_modules/.bin:$(or $(CARGO_HOME),$(HOME)/.cargo)/bin:$(PATH)

TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
PROGRAM := $(TARGET)/release/latchkey
SUDO := $(if $(filter-out 0,$(shell id -u)),sudo)

# The server's crates together, the browser's alone: in one build cargo would mix what they ask of leptos.
HOST := --workspace --exclude frontend --locked
BROWSER := --package frontend --target wasm32-unknown-unknown --locked

# What every visitor downloads is built with a standard library built for size, which stops without words where it would
# panic. Its source may be missing on a machine: then the one that comes with the toolchain serves.
SMALLER := RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_STD=std,panic_abort CARGO_UNSTABLE_BUILD_STD_FEATURES=optimize_for_size \
	RUSTFLAGS='-Zunstable-options -Cpanic=immediate-abort -Zfmt-debug=none -Zlocation-detail=none'
SMALLER_OR_NOT = $(if $(shell rustup component list --installed | grep -x rust-src),$(SMALLER))
# Bytes of JavaScript and WebAssembly of a first visit, as they are sent.
BUDGET = $(if $(SMALLER_OR_NOT),110000,125000)
SAY = @printf '\n== %s\n'

.PHONY: help
help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: site ## build and serve the demo organisation on http://127.0.0.1:3000
	@exec '$(PROGRAM)' demo

.PHONY: test
test: tools ## formatting, lints, licences, unit and integration tests, abuse cases, WebAssembly, browsers
	$(SAY) 'Formatting'
	cargo fmt --all --check
	$(SAY) 'Lints of the host'
	cargo clippy $(HOST) --all-targets -- -D warnings
	$(SAY) 'Lints of the browser side'
	cargo clippy $(BROWSER) -- -D warnings
	$(SAY) 'Licences, versions and sources of what comes in'
	cargo deny --log-level error check bans licenses sources
	$(SAY) 'The container'
	dockerfile-utils lint packaging/Dockerfile
	$(SAY) 'Unit and integration tests'
	server/tests/with-postgres cargo nextest run $(HOST) --no-fail-fast -E 'not binary(cases) and not binary(torture)'
	$(SAY) 'Abuse cases'
	@$(MAKE) cases
	$(SAY) 'Faults on purpose'
	@$(MAKE) torture SECONDS=40 ROUNDS=20
	$(SAY) 'WebAssembly and release build'
	@$(MAKE) budget
	$(SAY) 'Browsers'
	cargo build --package stand-ins --locked
	cd end2end && LATCHKEY_BIN='$(PROGRAM)' STAND_INS='$(TARGET)/debug/stand-ins' npx playwright test

.PHONY: build
build: site ## build the release; the last line is the program's path
	@printf '%s\n' '$(PROGRAM)'

# The program carries what the browser gets, so that is built first. cargo-leptos writes it anew each time, and gzip
# the time along with it; what came out the same is left as it was, or the server would be built for nothing.
.PHONY: site
site: tools-build
	@rm -rf target/before && mkdir -p target && if [[ -d target/site/pkg ]]; then cp -a target/site/pkg target/before; fi
	$(SMALLER_OR_NOT) cargo leptos build --release --precompress --frontend-only
	@if diff -rq --exclude '*.gz' target/before target/site/pkg &>/dev/null; then rm -r target/site/pkg && mv target/before target/site/pkg; fi
	cargo leptos build --release --server-only

# Bytes do not waver as times do, so that this is a test.
.PHONY: budget
budget: site ## say how many bytes of script a first visit costs, and fail when they are too many
	@bytes=$$(cat target/site/pkg/*.{js,wasm}.br | wc -c); \
	echo "$$bytes bytes of JavaScript and WebAssembly; at most $(BUDGET)"; (( bytes <= $(BUDGET) ))

# One line a case from the runner's own reports; a case with several tests has passed when all of them have, over SQLite
# and over PostgreSQL.
.PHONY: cases
cases: tools-test ## run the abuse cases over both databases, one line each
	@cargo nextest run --package server --locked --test cases --no-run
	@mkdir -p '$(TARGET)' && log='$(TARGET)/cases.log' && : >"$$log"; \
	for database in sqlite postgres; do \
		LATCHKEY_TEST_ON=$$database server/tests/with-postgres cargo nextest run --package server --locked --test cases \
			--no-fail-fast --color never --status-level pass --final-status-level none >>"$$log" 2>&1 || true; \
	done; \
	(( $$(grep -c '^ *Summary \[' "$$log") == 2 )) || { cat "$$log" >&2; exit 1; }; \
	grep -qE ' (FAIL|TIMEOUT|SIG[A-Z]+) ' "$$log" && cat "$$log" >&2; \
	awk 'match($$0, /server::cases +([a-z_]+::)?case_[0-9]+/) { \
			name = substr($$0, RSTART, RLENGTH); sub(/.*case_0*/, "", name); \
			if ($$1 == "PASS") { if (!(name in failed)) failed[name] = 0 } \
			else if ($$1 ~ /^(FAIL|TIMEOUT|SIG[A-Z]+|ABORT|XFAIL|LEAK-FAIL)$$/) failed[name] = 1 } \
		END { for (name in failed) printf "%d %s\n", name, failed[name] }' "$$log" \
	| sort -n \
	| awk '{ print "case " $$1 ": " ($$2 ? "failed" : "passed"); if ($$2) bad++; else good++ } \
		END { printf "%d passed, %d failed\n", good, bad; exit bad > 0 || good == 0 }'

# Three replicas, a PostgreSQL, a balancer and MDMs, all on loopback and thrown away. The same seed has the same faults.
.PHONY: torture
torture: SECONDS := 60
torture: ROUNDS := 20
torture: tools-test ## faults on purpose over three replicas for SECONDS=60, from a SEED=
	@cargo test --quiet --package server --locked --test torture --no-run
	@cargo test --quiet --package server --locked --test torture -- --seconds $(SECONDS) --rounds $(ROUNDS) $(SEED:%=--seed %)

# Between the marks in docs/security.md, a row a case: what was tried, from the tests' names, and how it ended.
.PHONY: case-list
case-list: ## run the abuse cases, and write down in docs/security.md how each ended
	-@$(MAKE) cases
	@awk 'match($$0, /server::cases +([a-z_]+::)?case_[0-9]+_[a-z0-9_]+/) { \
			name = substr($$0, RSTART, RLENGTH); sub(/.*case_0*/, "", name); number = name; sub(/_.*/, "", number); \
			sub(/[0-9]+_/, "", name); gsub(/_/, " ", name); \
			print number "\t" name "\t" ($$1 == "PASS" ? "passed" : "failed") }' '$(TARGET)/cases.log' \
	| sort -t "$$(printf '\t')" -k1,1n -k2,2 -u \
	| awk -F '\t' '{ tried[$$1] = (tried[$$1] ? tried[$$1] "; " : "") $$2; if ($$3 != "passed") bad[$$1] = 1; if (!($$1 in at)) order[at[$$1] = ++count] = $$1 } \
		END { print "| case | what is tried | |\n|---|---|---|"; \
			for (i = 1; i <= count; i++) print "| " order[i] " | " tried[order[i]] " | " (order[i] in bad ? "failed" : "passed") " |" }' \
	> '$(TARGET)/case-list.md'
	@awk 'FNR == NR { list = list $$0 "\n"; next } /<!-- cases -->/ { print; printf "%s", list; inside = 1 } \
		/<!-- \/cases -->/ { inside = 0 } !inside && !/<!-- cases -->/' \
		'$(TARGET)/case-list.md' docs/security.md > '$(TARGET)/security.md'
	@cp '$(TARGET)/security.md' docs/security.md && cat '$(TARGET)/case-list.md'

# The variable is set by cargo-leptos. Without it cargo would build leptos anew, which would then call the files otherwise.
.PHONY: bench
bench: site tools-browsers ## measure, and print the tables; ten minutes, and never a test
	@cd end2end/bench && { [[ node_modules/.package-lock.json -nt package-lock.json ]] || npm ci; }
	@rm -rf '$(TARGET)/bench'
	cd end2end && LATCHKEY_BENCH='$(TARGET)/bench/browser.json' LATCHKEY_BIN='$(PROGRAM)' npx playwright test --project bench
	ulimit -n "$$(ulimit -Hn)"; LEPTOS_OUTPUT_NAME=latchkey cargo bench --package server --locked --bench portal

# What decides about freshness, ownership and the end of a command: the rules, and in the host the transactions that ask them
# and whose a device is.
RULES := domain/src/freshness.rs domain/src/command.rs
HOST_RULES := $(addprefix server/src/,$(addprefix store/,commands.rs passcodes.rs sessions.rs) \
	$(addprefix fleet/,virtual_fleet/connector.rs virtual_fleet/phones.rs ownership.rs) worker.rs $(addprefix signin/oidc/,claims.rs question.rs) audit.rs)

.PHONY: mutants
mutants: tools-test ## change the rules in every small way, and see that 95 % of the changes fail a test; half an hour
	@$(call crate,cargo mutants,cargo-mutants,$(CARGO_MUTANTS_VERSION),--locked)
	@rm -rf '$(TARGET)/mutants' && mkdir -p '$(TARGET)'/mutants/{rules,host}
	-cargo mutants --package domain $(RULES:%=--file %) --output '$(TARGET)/mutants/rules' -- --lib
	-cargo mutants --package server $(HOST_RULES:%=--file %) --output '$(TARGET)/mutants/host' -- --lib
	@cd '$(TARGET)/mutants'; caught=$$(cat */mutants.out/{caught,timeout}.txt | wc -l); \
	missed=$$(cat */mutants.out/missed.txt | wc -l); echo "$$caught changes failed a test, $$missed did not"; \
	(( caught >= 1 && caught * 100 >= (caught + missed) * 95 ))

# Of each parser of what strangers send. What is found new goes into fuzz/corpus, which `make test` reads again.
.PHONY: fuzz
fuzz: SECONDS := 600
fuzz: ## read generated input with every parser, SECONDS=600 each
	@rustup toolchain list | grep -q '^nightly' || rustup toolchain install nightly --profile minimal
	@$(call crate,cargo fuzz,cargo-fuzz,$(CARGO_FUZZ_VERSION),--locked)
	@cp Cargo.lock fuzz/Cargo.lock
	@for parser in $$(ls fuzz/corpus); do \
		printf '\n== %s\n' "$$parser"; \
		cargo +nightly fuzz run --fuzz-dir fuzz --target-dir '$(TARGET)/fuzz' "$$parser" -- \
			-max_total_time=$(SECONDS) -timeout=10 -print_final_stats=1; \
	done

.PHONY: screenshots
screenshots: site tools-browsers ## draw docs/screenshots anew
	cd end2end && LATCHKEY_BIN='$(PROGRAM)' LATCHKEY_SCREENSHOTS=1 npx playwright test --project screenshots

.PHONY: clean
clean: ## remove what was built
	cargo clean
	rm -rf target end2end/node_modules end2end/bench/node_modules end2end/test-results end2end/playwright-report

.PHONY: tools
tools: tools-build tools-test tools-browsers ## install what is missing

.PHONY: tools-build
tools-build:
	@command -v rustup >/dev/null || { echo 'rustup is missing. Install it as https://rustup.rs says.' >&2; exit 1; }
	@command -v npm >/dev/null || { echo 'Node 20 or newer is missing. Install it as https://nodejs.org says.' >&2; exit 1; }
	@command -v cc >/dev/null || $(call apt,build-essential)
	@rustup show active-toolchain >/dev/null 2>&1 || rustup toolchain install
	@rustup target list --installed | grep -qx wasm32-unknown-unknown || rustup target add wasm32-unknown-unknown
	@rustup component list --installed | grep -qx rust-src || rustup component add rust-src \
		|| echo 'Without the component rust-src, pages load some more bytes.' >&2
	@[[ end2end/node_modules/.package-lock.json -nt end2end/package-lock.json ]] || npm ci --prefix end2end
	@$(call crate,wasm-bindgen,wasm-bindgen-cli,$(WASM_BINDGEN_VERSION),)
	@$(call crate,cargo-leptos,cargo-leptos,$(CARGO_LEPTOS_VERSION),--locked --features no_downloads)

.PHONY: tools-test
tools-test: tools-build
	@[[ -x $$(pg_config --bindir 2>/dev/null)/initdb || -n $$(ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null) ]] \
		|| $(call apt,postgresql)
	@[[ -x /usr/sbin/haproxy ]] || command -v haproxy >/dev/null || $(call apt,haproxy)
	@ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || $(call apt,faketime)
	@$(call crate,cargo-nextest,cargo-nextest,$(NEXTEST_VERSION),--locked)
	@$(call crate,cargo-deny,cargo-deny,$(CARGO_DENY_VERSION),--locked)

# Where the distribution has no Chromium of its own, Playwright brings one.
.PHONY: tools-browsers
tools-browsers: tools-build
	@command -v sqlite3 >/dev/null || $(call apt,sqlite3)
	@command -v chromium >/dev/null || $(call apt,chromium) || (cd end2end && npx playwright install --with-deps chromium) \
		|| { echo 'No Chromium could be installed. Type: sudo apt-get install chromium' >&2; exit 1; }

# $(call apt,PACKAGE): installs a package of the distribution, or says what to type.
apt = { $(SUDO) apt-get update -q && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $(1); } \
	|| { echo '$(1) is missing and could not be installed. Type: sudo apt-get install $(1)' >&2; false; }

# $(call crate,COMMAND,CRATE,VERSION,OPTIONS): installs a program from crates.io in exactly that version, built quickly
# rather than to be quick.
crate = if ! $(1) --version 2>/dev/null | grep -qwF $(3); then \
	CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
	CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_TARGET_DIR='$(TARGET)/tools' cargo install $(2) --version $(3) $(4) \
	|| { echo '$(1) is missing and could not be installed. Type: cargo install $(2) --version $(3) $(4)' >&2; exit 1; }; fi
