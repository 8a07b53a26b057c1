# The commands of everyday. `make` alone explains them.
# Every target can be the first one typed on a fresh clone: it installs, builds and starts what it needs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help deps configure build up down restart status logs env seed demo test test-unit test-chaos test-asan test-tsan lint format bench sim clean

BUILD := build/release
JOBS ?= $(shell nproc)
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1

help: ## this list
	@echo "Matchmaker Platform: players from login to a fair match, and their result into ratings."
	@echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'
	@echo
	@echo "Settings are environment variables, e.g.  MM_PORT_BASE=30000 make up  (docs/OPERATIONS.md lists them)."

deps: ## install the Debian packages that are missing (root), or say which
	@ops/deps

configure: deps
	@[ -f $(BUILD)/build.ninja ] || cmake --preset release -DCMAKE_MESSAGE_LOG_LEVEL=WARNING

build: configure ## build the stack, the SDK and the demo
	@cmake --build --preset release -j $(JOBS) --target mm_stack

up: build ## build and start everything; returns when all of it is ready
	@ops/stack up

down: ## stop everything; nothing is left running, the state stays
	@ops/stack down

restart: build ## stop and start everything
	@ops/stack down
	@ops/stack up

status: ## each process with pid, port and readiness (FORMAT=json for scripts)
	@ops/stack status

logs: ## follow the logs (SERVICE=lobby for one)
	@ops/stack logs $(SERVICE)

env: ## shell assignments that tell how to reach the running stack
	@ops/stack env

seed: up ## register 50 sample players
	@ops/with-stack $(BUILD)/bin/mm-demo seed

demo: up ## 20 bots play: parties, queue, matches, ratings, leaderboard
	@ops/with-stack $(BUILD)/bin/mm-demo play

test: configure ## every test but chaos: unit, contract, integration, end to end
	@cmake --build --preset release -j $(JOBS)
	@ops/run-tests $(BUILD)

test-unit: configure ## the unit tests only
	@cmake --build --preset release -j $(JOBS) --target mm_tests_unit
	@ops/run-tests $(BUILD) unit

test-chaos: configure ## the outages in full size: some ten minutes
	@cmake --build --preset release -j $(JOBS) --target mm_tests_chaos
	@ops/run-tests $(BUILD) chaos

test-asan: deps ## the unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@[ -f build/asan/build.ninja ] || cmake --preset asan -DCMAKE_MESSAGE_LOG_LEVEL=WARNING
	@cmake --build --preset asan -j $(JOBS) --target mm_tests_unit
	@ops/run-tests build/asan unit

test-tsan: deps ## the unit tests under ThreadSanitizer
	@[ -f build/tsan/build.ninja ] || cmake --preset tsan -DCMAKE_MESSAGE_LOG_LEVEL=WARNING
	@cmake --build --preset tsan -j $(JOBS) --target mm_tests_unit
	@ops/run-tests build/tsan unit

lint: ## the house rules a script can check, and the formatting
	@ops/lint

format: ## format the C++ sources
	@git ls-files '*.h' '*.cpp' | xargs clang-format -i

bench: configure ## build and run the benchmarks
	@cmake --build --preset release -j $(JOBS) --target mm_benchmarks
	@for b in $(BUILD)/benchmarks/*; do echo "== $$b"; $$b; done

sim: configure ## what players have of the rules, and how our matching does against others: a report and a tournament
	@cmake --build --preset release -j $(JOBS) --target mm-sim
	@$(BUILD)/bin/mm-sim run --population evening-1v1,evening-5v5,day-1v1 --out build/sim
	@$(BUILD)/bin/mm-sim tournament --csv build/sim/tournament.csv

clean: ## stop the stack, remove builds and the stack's state
	@ops/stack down
	@ops/stack forget
	@rm -rf build
