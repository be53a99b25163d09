# The one place that knows how the project is set up and checked. `make help` lists the targets.
ENV ?= dev
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(CURDIR)/node_modules/.bin:$(PATH)

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

.PHONY: setup
setup: $(VENV)/.python $(VENV)/.node ## Install everything into .venv and node_modules

$(VENV)/.python: requirements.txt constraints.txt pyproject.toml
	@echo "Setting up Python packages in $(VENV) ..."
	@test -x $(BIN)/python || python3 -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep ^uv== requirements.txt)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.txt
	@$(BIN)/python -m foundation.fetch_ahead
	@touch $@

$(VENV)/.node: package.json package-lock.json $(VENV)/.python
	@echo "Setting up the CDK CLI in node_modules ..."
	@npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

.PHONY: lock
lock: ## Choose anew what constraints.txt pins beside requirements.txt
	@grep -vE '^(-c|-e|#)' requirements.txt | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
		--no-header --no-annotate --upgrade --output-file constraints.txt -

.PHONY: synth
synth: setup ## Write the templates of ENV into cdk.out, all checks included
	@CDK_OUTDIR=cdk.out CDK_CONTEXT_JSON='{"env":"$(ENV)"}' $(BIN)/python app.py
	@echo "cdk.out holds the templates of $(ENV)."

.PHONY: manifests
manifests: synth ## Write what ENV's tenants have in the cluster into cdk.out/manifests, for kubectl or a GitOps tool
	@test -d cdk.out/manifests || { echo "$(ENV) has no cluster: config/$(ENV).yaml says none."; exit 1; }
	@echo "cdk.out/manifests holds a folder for each tenant; docs/guides/gitops.md says how to apply them."

# Tests that bring a whole platform up, and those that ask an emulator or another process, wait most of the time: they run
# beside the others.
PLATFORM_TESTS := $(filter-out $(wildcard tests/local/test_emulator_*.py),$(wildcard tests/local/test_*.py))
WAITING_TESTS := $(wildcard tests/local/test_emulator_*.py) tests/client tests/kubernetes tests/packaging
# Of the first, those that share an account of their own, with gamma and prod in it.
OTHER_TESTS := tests/local/test_other_environments.py tests/local/test_workload_isolation.py

.PHONY: test
test: setup ## Run everything that CI runs
	@echo "Tests that wait most of the time begin now, beside the others; what they say comes last."
	@mkdir -p .cache
	@export FOUNDATION_SHARED_ASSEMBLIES=$$(mktemp -d); \
		trap 'rm -rf "$$FOUNDATION_SHARED_ASSEMBLIES"' EXIT; \
		$(BIN)/python -m pytest $(filter-out $(OTHER_TESTS),$(PLATFORM_TESTS)) > .cache/platform-tests.log 2>&1 & platform=$$!; \
		$(BIN)/python -m pytest $(OTHER_TESTS) $(WAITING_TESTS) > .cache/waiting-tests.log 2>&1 & waiting=$$!; \
		trap 'kill $$platform $$waiting' INT TERM; \
		$(MAKE) --no-print-directory test-code APART="$(WAITING_TESTS)"; code=$$?; \
		wait $$waiting; waited=$$?; \
		cat .cache/waiting-tests.log; \
		wait $$platform; status=$$?; \
		cat .cache/platform-tests.log; \
		exit $$(( code ? code : waited ? waited : status ))

.PHONY: test-code
test-code: setup ## Of these, all that needs no local run: style, types, units, templates, emulator
	@echo "Style and types ..."
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/python -m pytest --ignore=tests/contract $(addprefix --ignore=,$(PLATFORM_TESTS) $(APART))

.PHONY: snapshots
snapshots: setup ## Accept the templates as they are now, after a look at what changed
	@$(BIN)/python -m tests.snapshots

.PHONY: docs
docs: setup ## Write docs/reference anew from the code
	@$(BIN)/python -m docs.generator

.PHONY: publish
publish: setup ## Publish what the tool servers offer under versions/, all or SERVER=<tool server>
	@$(BIN)/python -m stacks.settings.versions publish $(SERVER)

.PHONY: new-major
new-major: setup ## Begin the next major of SERVER and serve the present one until ENDS=<day>
	@$(BIN)/python -m stacks.settings.versions new-major "$(SERVER)" --ends "$(ENDS)"

.PHONY: bench
bench: setup ## Print what the kit costs in time, as ratios; takes about six minutes on a quiet machine
	@$(BIN)/python -m tests.bench

.PHONY: deploy
deploy: setup ## Deploy ENV to the AWS account of the current credentials
	@cdk deploy --all -c env=$(ENV)

.PHONY: destroy
destroy: setup ## Remove ENV from the AWS account of the current credentials
	@cdk destroy --all -c env=$(ENV)

.PHONY: diff
diff: setup ## Show what a deployment of ENV would change
	@cdk diff -c env=$(ENV)

.PHONY: bootstrap
bootstrap: setup ## Prepare the current account and region for CDK, once
	@cdk bootstrap -c env=$(ENV)

.PHONY: contract
contract: setup ## Try the gateway of ENV in AWS as AGENT, with the tests that the local gateway passes
	@$(BIN)/python -m tests.contract --env "$(ENV)" --agent "$(or $(AGENT),acme-corp/finance-agent)"

OPERATE = $(BIN)/python -m operations
# By the shell's own variables, so that a reason may hold what it likes.
SUBJECT = --environment "$(ENV)" --tenant "$$TENANT" --agent "$$AGENT" --reason "$$REASON"

.PHONY: block
block: setup ## Suspend TENANT, or its AGENT, in ENV within a minute; REASON is kept; FORCE=1 if removed. ENV=local for this machine
	@$(OPERATE) block $(SUBJECT) $(if $(filter 1,$(FORCE)),--force)

.PHONY: unblock
unblock: setup ## Lift such a block
	@$(OPERATE) unblock $(SUBJECT)

.PHONY: blocked
blocked: setup ## List what is suspended in ENV
	@$(OPERATE) blocked --environment "$(ENV)"

.PHONY: remove-tenant
remove-tenant: setup ## Remove the stacks of TENANT, whose file is still there, from ENV
	@stacks=$$($(OPERATE) tenant-stacks --environment "$(ENV)" --tenant "$$TENANT") && \
		cdk destroy --exclusively -c env=$(ENV) $$stacks

.PHONY: local
local: setup ## Run the whole platform on this machine, and show it at work
	@$(BIN)/python -m local up

.PHONY: local-status
local-status: ## Say what of it runs where
	@$(BIN)/python -m local status

.PHONY: local-down
local-down: ## Stop it and remove its state
	@$(BIN)/python -m local down

.PHONY: token
token: ## Print an access token of an agent, AGENT=<tenant>/<agent>; `make -s token` prints nothing else
	@$(BIN)/python -m local token $(if $(AGENT),--agent "$(AGENT)")
