# concurrency: optimistic locking that the PostgreSQL server enforces.
#
#   make demo           see what it is for; installs what is missing
#   make test           run every suite on a throw-away server; the same
#   make, make install  build and install, by PGXS
#   make installcheck   run the suites against a server that runs already
#   make bench          measure it beside other ways to keep a version
#   make bench-instructions  the same, in instructions that repeat
#   make indent         pgindent's style for src/
#   make soak           the hunt for lost updates for SECONDS=600

EXTENSION = concurrency
MODULE_big = concurrency
OBJS = \
	src/concurrency.o \
	src/condition.o \
	src/conflict.o \
	src/handler.o \
	src/manage.o \
	src/place.o \
	src/policy.o \
	src/session.o \
	src/settings.o \
	src/transaction.o \
	src/trigger.o \
	src/verdict.o \
	src/version.o \
	src/writer.o
DATA = src/extension/concurrency--1.0.sql
PGFILEDESC = "concurrency - optimistic locking that the server enforces"

REGRESS = \
	install \
	decision_table \
	sent \
	insert \
	invisible_tokens \
	counter \
	clock \
	xact \
	uuid \
	aba \
	condition \
	skip \
	warn \
	call \
	call_rights \
	row_layouts \
	indexed_version \
	blind_writes \
	expectations \
	guard_delete \
	is_current \
	skip_check \
	skip_bump \
	stamp_insert \
	domain_constraints \
	conflict_error \
	conflict_sqlstate \
	trigger_protocol \
	trigger_arguments \
	attach \
	attach_names \
	attachments \
	attach_options \
	auto_attach \
	audit \
	upsert \
	merge \
	update_from \
	copy_from \
	cursors \
	prepared_statements \
	views \
	partitions \
	inheritance \
	foreign_keys \
	other_triggers \
	isolation_levels \
	table_kinds
REGRESS_OPTS = --encoding=UTF8 --load-extension=$(EXTENSION)
ISOLATION = \
	update_two_writers \
	waiters \
	winner_deletes \
	winner_moves \
	upsert_race \
	merge_race \
	serializable \
	fk_race \
	savepoints_race \
	assert_current
ISOLATION_OPTS = --inputdir=$(srcdir)/test --load-extension=$(EXTENSION)
TAP_TESTS = 1
PROVE_TESTS = test/t/*.pl

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)

ifneq ($(wildcard $(PGXS)),)
include $(PGXS)

# PGXS tracks no headers, and under VPATH makes no directories
$(OBJS): $(wildcard $(srcdir)/src/*.h) | object-directory
.PHONY: object-directory
object-directory:
	@mkdir -p src
else
all install installcheck clean:
	@echo "$(PG_CONFIG) knows no PGXS: install PostgreSQL's server development files, for example by" >&2
	@echo "  apt-get install postgresql-server-dev-all" >&2
	@false
endif

.PHONY: demo test soak bench bench-instructions indent

demo:
	@sh test/throwaway.sh demo.sh

test:
	@PG_CFLAGS="-Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare" \
		sh test/throwaway.sh run.sh

SECONDS = 600
soak:
	@LOST_UPDATES_SECONDS=$(SECONDS) sh test/throwaway.sh soak.sh

bench:
	@sh test/throwaway.sh bench/run.sh

bench-instructions:
	@sh test/throwaway.sh bench/instructions.sh

# core's list of typedefs comes with the server development files of 17 and later
TYPEDEFS ?= $(lastword $(sort $(wildcard /usr/share/postgresql/*/typedefs.list)))
indent:
	@test -n "$(TYPEDEFS)" || { echo "set TYPEDEFS to PostgreSQL's typedefs.list" >&2; exit 1; }
	sh test/indent.sh "$(TYPEDEFS)"
