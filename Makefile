# The commands of the project. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# What `make run` starts; set them on the command line: make run HTTP=127.0.0.1:9000
DATA ?= ./data
HTTP ?= 127.0.0.1:8080
GRPC ?= 127.0.0.1:8081
TARGET := $(or $(CARGO_TARGET_DIR),target)

.PHONY: help setup run test bench

help: ## Lists the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Fetches all that building, running and testing needs; again, it changes nothing
	@scripts/setup test

run: ## Builds the program and starts it on DATA, HTTP and GRPC
	@scripts/setup build
	@cargo build --locked --release -p playhead
	@echo "Playhead keeps its data in $(DATA) and listens on http://$(HTTP) and, for gRPC, on $(GRPC). Ctrl-C ends it."
	@exec $(TARGET)/release/playhead serve --data $(DATA) --http $(HTTP) --grpc $(GRPC)

test: ## Checks everything: format, lints, tests, the interface from outside
	@scripts/setup test
	@scripts/test

bench: ## Measures, beside a ceiling each
	@scripts/setup build
	@bench/run
