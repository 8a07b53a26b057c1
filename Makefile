# The commands for developers and operators. `make` without a target lists them.
# Every target works on a fresh clone: it installs, builds and starts what it needs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help deps configure build build-stack build-chaos up down restart status logs env dead-letters seed demo test test-unit test-chaos chaos chaos-short test-asan test-tsan simulate simulate-planted lint format bench sim clean

BUILD := build/release
JOBS ?= $(shell nproc)
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1

help: ## list the commands
	@echo "Matchmaker Platform: matchmaking, game sessions and ratings for online games."
	@echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'
	@echo
	@echo "Settings are environment variables, e.g.  MM_PORT_BASE=30000 make up  (docs/OPERATIONS.md lists them)."

deps: ## install missing Debian packages (as root), or list them
	@ops/deps

configure: deps
	@[ -f $(BUILD)/build.ninja ] || cmake --preset release -DCMAKE_MESSAGE_LOG_LEVEL=WARNING

build: configure ## build all programs and the SDK
	@cmake --build --preset release -j $(JOBS) --target mm_programs

build-stack: configure
	@cmake --build --preset release -j $(JOBS) --target mm_stack

up: build-stack ## build and start everything; returns when all processes are ready
	@ops/stack up

down: ## stop all processes; the data stays
	@ops/stack down

restart: build-stack ## build, stop and start everything
	@ops/stack down
	@ops/stack up

rolling-restart: build-stack ## build, and restart the daemons one process after the other
	@ops/stack rolling-restart

status: ## each process with pid, port, readiness and restarts (FORMAT=json for scripts)
	@ops/stack status

logs: ## follow the logs (SERVICE=lobby for one daemon)
	@ops/stack logs $(SERVICE)

env: ## print shell assignments with the addresses and passwords of the running stack
	@ops/stack env

dead-letters: ## list the events that were given up (SHOW, BODY, RETRY, DISCARD=17 for one; RETRY and DISCARD=all)
	@ops/with-stack $(BUILD)/bin/mm-dead-letters $(if $(SHOW),show $(SHOW),$(if $(BODY),body $(BODY),$(if $(RETRY),retry \
	  $(RETRY),$(if $(DISCARD),discard $(DISCARD),list))))

seed: build up ## register 50 sample players
	@ops/with-stack $(BUILD)/bin/mm-demo seed

demo: build up ## start everything, then let 20 bots play matches
	@ops/with-stack $(BUILD)/bin/mm-demo play

test: configure ## all tests except chaos: unit, contract, integration, end to end
	@cmake --build --preset release -j $(JOBS)
	@ops/run-tests $(BUILD)

test-unit: configure ## the unit tests only
	@cmake --build --preset release -j $(JOBS) --target mm_tests_unit
	@ops/run-tests $(BUILD) unit

test-chaos: configure ## the outage tests; about ten minutes
	@cmake --build --preset release -j $(JOBS) --target mm_tests_chaos
	@ops/run-tests $(BUILD) chaos

build-chaos: configure
	@cmake --build --preset release -j $(JOBS) --target mm_chaos

chaos: build-chaos ## inject each fault while bots play, then check all that happened (FAULT, SEED, MINUTES: tests/chaos/campaign); about half an hour
	@python3 tests/chaos/campaign

chaos-short: build-chaos ## the same with the six most telling faults; about three minutes
	@SHORT=1 python3 tests/chaos/campaign

test-asan: deps ## the unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@[ -f build/asan/build.ninja ] || cmake --preset asan -DCMAKE_MESSAGE_LOG_LEVEL=WARNING
	@cmake --build --preset asan -j $(JOBS) --target mm_tests_unit
	@ops/run-tests build/asan unit

test-tsan: deps ## the unit tests under ThreadSanitizer
	@[ -f build/tsan/build.ninja ] || cmake --preset tsan -DCMAKE_MESSAGE_LOG_LEVEL=WARNING
	@cmake --build --preset tsan -j $(JOBS) --target mm_tests_unit
	@ops/run-tests build/tsan unit

SEEDS ?= 1000
FROM ?= 1
simulate: configure ## the platform on simulated servers with random faults (SEEDS=1000 FROM=1); see tests/simulation
	@cmake --build --preset release -j $(JOBS) --target simulate
	@$(BUILD)/tests/simulate $(SEEDS) $(FROM)

simulate-planted: deps ## plant known bugs one by one in a copy of the tree; the simulation must find each (NAMES=…, SEEDS=2000 each)
	@$(if $(filter command line environment,$(origin SEEDS)),SEEDS=$(SEEDS)) tests/simulation/planted/run $(NAMES)

lint: ## check the code rules that need no build
	@ops/lint

format: ## format the C++ sources
	@git ls-files '*.h' '*.cpp' | xargs clang-format -i

bench: configure ## build and run the benchmarks
	@cmake --build --preset release -j $(JOBS) --target mm_benchmarks
	@for b in $(BUILD)/benchmarks/*; do echo "== $$b"; $$b; done

sim: configure ## simulate matchmaking: a report on the shipped rules, and a tournament against other matchmakers
	@cmake --build --preset release -j $(JOBS) --target mm-sim
	@$(BUILD)/bin/mm-sim run --population evening-1v1,evening-5v5,day-1v1 --out build/sim
	@$(BUILD)/bin/mm-sim tournament --csv build/sim/tournament.csv

clean: ## stop the stack, remove builds and the stack's data
	@ops/stack down
	@ops/stack forget
	@rm -rf build
