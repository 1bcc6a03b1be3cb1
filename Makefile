# concurrency: optimistic locking that the PostgreSQL server enforces.
#
#   make demo           see what it is for; installs what is missing
#   make test           run every suite on a throw-away server; the same
#   make test-clients   what real clients do: CLIENTS="django adminer", or all
#   make, make install  build and install, by PGXS
#   make installcheck   run the suites against a server that runs already
#   make bench          measure it beside other ways to keep a version
#   make bench-instructions  the same, in instructions that repeat
#   make indent         pgindent's style for src/
#   make soak           the hunt for lost updates for SECONDS=600, with KILLS=120; twice that in all
#   make prove          check a model of the decision table in all interleavings, by spin
#   make fuzz           random arguments, statements and SQL: FUZZ="arguments model shortcut sqlsmith"
#   make test-memory    memory stays flat, over ten million rows in a statement
#   make dist           the archive for PGXN, into DIST_OUT=..
#   make deb            Debian packages for the majors here, into DEB_OUT=..
#   make test-packages  make both, and try them; needs root
#   make test-fresh     the first two on new machines, interrupted too: RELEASES="bookworm trixie"
#
# With servers that are brought for it, and kept below SERVERS:
#   make test-majors    the suites on MAJORS="15 17 18 19", and upgrades between them
#   make test-shortcut  the suites with concurrency.shortcut on: MAJORS="15 17 18"
#   make test-assert    the suites on servers with assertions: MAJORS="15 18"
#   make test-discard   all of sql/ where caches forget at once, for hours: MAJORS=18
#   make test-sanitize  the same with ASan and UBSan: MAJORS=18
#   make test-valgrind  the same under memcheck: MAJORS=18
#   make coverage       which lines and branches of src/ the suites run
#   make lint           what static analysis has to say

EXTENSION = concurrency
MODULE_big = concurrency
OBJS = \
	src/alter.o \
	src/argument.o \
	src/attach.o \
	src/attachment.o \
	src/attachments.o \
	src/audit.o \
	src/auto_attach.o \
	src/catalog.o \
	src/concurrency.o \
	src/condition.o \
	src/conflict.o \
	src/current.o \
	src/default.o \
	src/edit.o \
	src/editing.o \
	src/handler.o \
	src/key.o \
	src/lookup.o \
	src/monitor.o \
	src/obstacle.o \
	src/options.o \
	src/perform.o \
	src/place.o \
	src/plan.o \
	src/policy.o \
	src/problem.o \
	src/session.o \
	src/settings.o \
	src/shortcut.o \
	src/shortcut_row.o \
	src/shortcut_trigger.o \
	src/statistics.o \
	src/transaction.o \
	src/tree.o \
	src/trigger.o \
	src/types.o \
	src/verdict.o \
	src/version.o \
	src/writer.o

# the install script: one part a noun, in the order in which they are needed
PARTS = \
	src/extension/schema.sql \
	src/extension/types.sql \
	src/extension/trigger.sql \
	src/extension/transaction.sql \
	src/extension/current.sql \
	src/extension/attachments.sql \
	src/extension/attach.sql \
	src/extension/obstacles.sql \
	src/extension/edits.sql \
	src/extension/statistics.sql \
	src/extension/audit_triggers.sql \
	src/extension/audit_columns.sql \
	src/extension/audit.sql \
	src/extension/auto_attach.sql \
	src/extension/privileges.sql
DATA_built = concurrency--1.0.sql
PGFILEDESC = "concurrency - optimistic locking that the server enforces"

REGRESS = \
	install \
	security \
	looking \
	missing_library \
	decision_table \
	sent \
	insert \
	change_of_kind \
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
	several_versions \
	row_layouts \
	indexed_version \
	blind_writes \
	expectations \
	guard_delete \
	is_current \
	asserted \
	unmet \
	edits \
	edit_keys \
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
	obstacles \
	rename_column \
	auto_attach \
	audit \
	audit_refusals \
	audit_disabled \
	audit_events \
	audit_twins \
	audit_other_triggers \
	audit_children \
	audit_columns \
	audit_column_uses \
	audit_roles \
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
	table_kinds \
	shortcut \
	direct_calls \
	every_path
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
	assert_current \
	unmet_race \
	hermitage_p4 \
	hermitage_pmp \
	hermitage_g_single \
	hermitage_g2_item \
	attach_race \
	attach_writers \
	attach_meanwhile \
	edits_race \
	edits_detach \
	edits_waits
ISOLATION_OPTS = --inputdir=$(srcdir)/test --load-extension=$(EXTENSION)
TAP_TESTS = 1
PROVE_TESTS ?= test/t/*.pl

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)

ifneq ($(wildcard $(PGXS)),)
include $(PGXS)

# what only those majors have whose executor somebody has read: see src/compat.h
ifneq ($(filter 15 17 18,$(MAJORVERSION)),)
ISOLATION += shortcut_race
endif

# PGXS tracks no headers, and under VPATH makes no directories
$(OBJS): $(wildcard $(srcdir)/src/*.h) | object-directory
$(DATA_built): $(PARTS)
	cat $^ > $@
.PHONY: object-directory
object-directory:
	@mkdir -p src
else
all install installcheck clean:
	@echo "$(PG_CONFIG) knows no PGXS: install PostgreSQL's server development files, for example by" >&2
	@echo "  apt-get install postgresql-server-dev-all" >&2
	@false
endif

.PHONY: test-majors test-shortcut test-assert test-discard test-sanitize test-valgrind coverage lint
.PHONY: dist deb test-packages test-fresh prove fuzz test-memory
.PHONY: demo test test-clients clients-doc soak bench bench-instructions indent

demo:
	@sh test/throwaway.sh demo.sh

test:
	@PG_CFLAGS="-Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare" \
		sh test/throwaway.sh run.sh

test-clients:
	@sh test/throwaway.sh clients/run.sh $(CLIENTS)

# bring doc/ up to date with what the clients' tests are and find
clients-doc:
	@perl test/clients/document.pl --write

test-majors:
	@sh test/servers/majors.sh $(or $(MAJORS),15 17 18 19)

test-shortcut:
	@sh test/servers/shortcut.sh $(or $(MAJORS),15 17 18)

test-assert:
	@sh test/servers/assert.sh $(or $(MAJORS),15 18)

test-discard:
	@sh test/servers/discard.sh $(or $(MAJORS),18)

test-sanitize:
	@sh test/servers/sanitize.sh $(or $(MAJORS),18)

test-valgrind:
	@sh test/servers/valgrind.sh $(or $(MAJORS),18)

coverage:
	@COPT="--coverage -O0" sh test/throwaway.sh checks/coverage.sh

lint:
	@sh test/throwaway.sh checks/lint.sh

SECONDS = 600
soak:
	@$(if $(KILLS),LOST_UPDATES_KILLS=$(KILLS)) LOST_UPDATES_SECONDS=$(SECONDS) sh test/throwaway.sh soak.sh

prove:
	@sh test/prove/run.sh

fuzz:
	@sh test/throwaway.sh fuzz/run.sh $(or $(FUZZ),arguments model shortcut sqlsmith)

test-memory:
	@sh test/throwaway.sh fuzz/run.sh memory

bench:
	@sh test/throwaway.sh bench/run.sh

bench-instructions:
	@sh test/throwaway.sh bench/instructions.sh

dist:
	@sh test/packages/dist.sh

deb:
	@sh test/packages/deb.sh

test-packages:
	@sh test/packages/try.sh

test-fresh:
	@sh test/packages/fresh.sh $(or $(RELEASES),bookworm trixie)

# core's list of typedefs comes with the server development files of 17 and later
TYPEDEFS ?= $(lastword $(sort $(wildcard /usr/share/postgresql/*/typedefs.list)))
indent:
	@test -n "$(TYPEDEFS)" || { echo "set TYPEDEFS to PostgreSQL's typedefs.list" >&2; exit 1; }
	sh test/checks/indent.sh "$(TYPEDEFS)"
