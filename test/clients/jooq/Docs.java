import java.sql.Connection;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.conf.Settings;
import org.jooq.exception.DataAccessException;
import org.jooq.exception.DataChangedException;
import org.jooq.impl.DSL;

/** What a form has sent: all columns, and the version that went out in it. */
record Form(long id, String title, String body, long version) {}

/** Where documents are kept. */
class Docs {
	private static final Doc DOC = Doc.DOC;

	static DSLContext open(Connection connection) {
		return DSL.using(connection, SQLDialect.POSTGRES, new Settings().withExecuteWithOptimisticLocking(true));
	}

	/** Save a form by a record: SET version = 3 WHERE version = 2. */
	static DocRecord save(DSLContext db, Form form) {
		DocRecord doc = db.newRecord(DOC, form);
		doc.update();
		return doc;
	}

	/** Save a form by a statement: SET version = 2.  It returns the row as it is then; null if it is gone. */
	static DocRecord saveByStatement(DSLContext db, Form form) {
		return db.update(DOC)
				.set(DOC.TITLE, form.title()).set(DOC.BODY, form.body()).set(DOC.VERSION, form.version())
				.where(DOC.ID.eq(form.id()))
				.returning().fetchOne();
	}

	/** Until the end of the transaction, the documents that are written must be at this version. */
	static void expect(DSLContext db, long version) {
		db.execute("SELECT concurrency.expect('doc', {0})", DSL.val(version));
	}

	/** Whether a write was refused because the row has changed, by jOOQ or by the server. */
	static boolean isConflict(DataAccessException error) {
		return error instanceof DataChangedException || "PT409".equals(error.sqlState());
	}
}
