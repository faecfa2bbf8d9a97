# Rekey: self-service password reset. `make help` lists what can be done.
SHELL := /bin/bash
.DEFAULT_GOAL := help
TOOL := go tool -modfile=tools/go.mod
LAB_OUT ?= .lab
WHOLE := -e /browsertest -e /systemtest
# As the product is built: nothing is compiled twice, and no C compiler is needed.
export CGO_ENABLED := 0

.PHONY: help peers demo test test-fast race verify generate bench screenshots image

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

peers: ## install what tests and the demo run against: PostgreSQL, Samba AD DC, Chromium
	@tools/install-peers.sh

demo: ## start the portal on http://localhost:8080 with a real AD, a database and an inbox; Ctrl-C ends it
	@go build ./cmd/lab ./cmd/rekey & tools/install-peers.sh --no-browser && wait $$! # at the same time: either takes a minute
	go run ./cmd/lab up --out $(LAB_OUT) --port 8080 --welcome

test: peers ## run every test, on real parts, browser included
	go test -vet=off -timeout 20m -p 3 $$(go list ./... | grep -v $(WHOLE)) # three: some wait for their peers
	go test -vet=off -timeout 20m -p 1 $$(go list ./... | grep $(WHOLE)) # each starts everything, and one measures time: one by one

test-fast: ## run the tests that start no peer
	go test -short -timeout 2m ./internal/policy/... ./internal/flow/... ./internal/throttle/... ./internal/passwordrule/... \
		./internal/authenticator/... ./internal/directory ./internal/directory/memory/... ./internal/ledger/... ./internal/locale/... \
		./internal/config/... ./internal/archtest/...

race: peers ## run the tests of the concurrent parts under the race detector
	CGO_ENABLED=1 go test -race -timeout 10m ./internal/policy/... ./internal/flow/... ./internal/throttle/... ./internal/authenticator/... \
		./internal/recovery/... ./internal/enrollment/... ./internal/postgres/... ./internal/settings/...

generate: ## write all generated code
	$(TOOL) templ generate -path web
	go generate ./...

verify: generate ## what must hold before a commit: generated code, formatting, vet, lint, architecture
	$(TOOL) gofumpt -l -w cmd internal migrations web
	go vet ./...
	$(TOOL) golangci-lint run
	go test ./internal/archtest/...
	go mod tidy -diff
	git diff --exit-code

bench: peers ## measure: resets per second, start page, decisions, start-up, memory, processor time
	go run ./cmd/lab bench

screenshots: peers ## write docs/screenshots from the running portal
	go test -count=1 -run TestScreenshots ./internal/browsertest/... -args -screenshots=$(CURDIR)/docs/screenshots

image: ## build the container image
	docker build -t rekey:dev .
