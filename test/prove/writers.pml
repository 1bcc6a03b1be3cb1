/*
 * Three writers and one row, in all interleavings.  Each of them reads the row, works
 * on what it has read, and writes it back in one of the ways that there are.
 *
 * A write is one step: whoever comes second waits for the row, and is judged by what the
 * first one left, or left as it was.  What is not committed, nobody has read.
 *
 * model.pl puts decide() in front of this, made of decision_table.txt, and the names
 * of all numbers: of the kinds, protocols, ways to write and so on.
 */
#define WRITERS 3
#define UNGUESSED 100			/* a version of the client's own making */
#define IS_CHECKED(way) (way == ECHO_CHECKED || way == INCREMENT_CHECKED || way == COMPUTED_CHECKED || way == BLIND_CHECKED)

c_decl {
	\#include <stdio.h>
	\#include <stdlib.h>
	\#include <string.h>
}
c_code {
	/* Tell what was reached.  Is it what the environment asks a counterexample for? */
	int
	accepted_write(int kind, int protocol, int blind, int way, int late)
	{
		static char told[64 * 1024];
		const char *wanted = getenv("COUNTEREXAMPLE");
		int			number = ((((way * 4 + kind) * 4 + protocol) * 2 + blind) * 4) + late;

		if (!wanted && !told[number])
			printf("accepted %d %d %d %d %d\n", way, kind, protocol, blind, late);
		told[number] = 1;
		return wanted && atoi(wanted) == number;
	}
}

byte kind, protocol, blind;		/* what is attached */
byte version = 1;				/* the row: its version, */
byte content;					/* and who has worked on it, a bit each */
byte writes;					/* how often it was written */
byte time = 1;					/* no two steps are in the same microsecond */
bool is_wanted;					/* is this write what a counterexample is asked for? */

inline next_version(result)
{
	if
	:: kind == CLOCK -> result = (version + 1 > time -> version + 1 : time)
	:: else -> result = version + 1
	fi
}

/* What the client sends, made before the statement starts: a version that it has read,
 * or one that it counts up, by its own clock where the version is one. */
inline compute()
{
	if
	:: way == ECHO || way == ECHO_CHECKED -> sent = token
	:: way == INCREMENT || way == INCREMENT_CHECKED ->
		if
		:: kind == COUNTER -> sent = token + 1
		:: kind == CLOCK -> sent = time
		:: kind == UUID -> sent = UNGUESSED
		fi
	:: else
	fi
}

/* The statement, for what it computes from the row that it finds. */
inline execute()
{
	next_version(next);
	if
	:: way == COPIED -> sent = version
	:: way == COMPUTED || way == COMPUTED_CHECKED ->
		sent = (kind == UUID -> UNGUESSED : next)
	:: else
	fi;
	if
	:: way == BLIND || way == BLIND_CHECKED || way == EXPECT -> fit = NOT_SENT
	:: else -> fit = (sent == version -> SAME : (sent == next && kind != CLOCK -> NEXT : OTHER))
	fi;
	/* any later time follows a clock's version */
	fit = (fit == OTHER && kind == CLOCK && sent > version -> NEXT : fit);

	decide();
	if
	:: way == EXPECT && token != version -> verdict = CONFLICT
	:: way == EXPECT && token == version && verdict == IS_BLIND -> verdict = BUMP
	:: else
	fi;
	if
	:: verdict == IS_BLIND -> verdict = (blind == REJECT -> CONFLICT : BUMP)
	:: else
	fi;
	/* a row that WHERE does not find is not written, and the client sees 0 rows */
	if
	:: IS_CHECKED(way) && token != version -> verdict = CONFLICT
	:: else
	fi
}

active [WRITERS] proctype writer()
{
	byte way, token, known, late, sent, next, fit, verdict;

	/* read */
	atomic {
		kind != 0;
		token = version;
		known = content;
		late = writes;
		time++;
		printf("writer %d reads version %d\n", _pid, token)
	}

	/* compute */
	atomic {
		select(way : FIRST_WAY .. LAST_WAY);
		compute();
		time++;
		printf("writer %d makes what it sends\n", _pid)
	}

	/* write */
	d_step {
		execute();
		late = writes - late;
		if
		:: verdict == CONFLICT ->
			printf("writer %d (way %d) is refused: the row is at version %d\n", _pid, way, version)
		:: else ->
			printf("writer %d (way %d) writes over version %d what it made of version %d\n", _pid, way, version, token);
			version = (verdict == KEEP -> sent : next);
			writes++;
			/* what is in the row, and was not read, is lost; and nothing else is */
			assert((late > 0) == ((content & ~known) != 0));
			c_code { now.is_wanted = accepted_write(now.kind, now.protocol, now.blind, Pwriter->way, Pwriter->late); };
			assert(!is_wanted);
			content = known | (1 << _pid)
		fi;
		time++;
		way = 0; token = 0; known = 0; late = 0; sent = 0; next = 0; fit = 0; verdict = 0
	}
}

active proctype attach()
{
	atomic {
		select(protocol : FIRST_PROTOCOL .. LAST_PROTOCOL);
		select(blind : ALLOW .. REJECT);
		select(kind : COUNTER .. UUID)
	}
}
