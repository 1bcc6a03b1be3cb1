import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import org.postgresql.PGStatement;

public class Main {
	private static final String ECHO = "UPDATE doc SET body = ?, version = ? WHERE id = ?";
	private static final String INCREMENT = ECHO + " AND version = ?";

	private static final boolean ATTACHED = System.getenv("CASES_MODE").equals("attached");

	private final Connection connection = DriverManager.getConnection(Cases.URL);
	private final Docs docs = new Docs(connection);
	private final Cases cases = new Cases();

	private Main() throws SQLException {}

	public static void main(String[] arguments) throws Exception {
		Main main = new Main();
		main.savesWhatWasRead();
		main.increments();
		main.writesBlindly();
		main.batches();
		main.reusesPreparedStatement();
		main.deletes();
		if (ATTACHED)
			main.merges();
	}

	/** A row as it was read before somebody else saved it. */
	private Doc stale() throws SQLException {
		Doc doc = docs.create("draft");
		docs.save(with(doc, "first"));
		return doc;
	}

	/** A row as it was read before somebody else, who counts, saved it. */
	private Doc staleByIncrement() throws SQLException {
		Doc doc = docs.create("draft");
		increment(doc, "first", doc.version());
		return doc;
	}

	/** A row that was saved here, and then by a tool. */
	private Doc overwritten() throws SQLException {
		Doc doc = docs.save(with(docs.create("draft"), "first"));
		cases.writeBlindly(doc.id());
		return doc;
	}

	private Doc with(Doc doc, String body) {
		return new Doc(doc.id(), doc.title(), body, doc.version());
	}

	private void savesWhatWasRead() throws Exception {
		cases.attempt("create", () -> docs.create("new"));
		Doc fresh = docs.create("draft");
		cases.attempt("read", () -> docs.find(fresh.id()));
		cases.attempt("fresh update", () -> docs.save(with(fresh, "mine")));
		cases.attempt("second update without reading back", () -> docs.save(with(fresh, "mine again")));
		Doc returned = docs.save(docs.create("draft"));
		cases.attempt("second fresh update", () -> docs.save(with(returned, "mine again")));
		Doc stale = stale();
		cases.attempt("stale update", stale.id(), "first", () -> docs.save(with(stale, "second")));
		Doc overwritten = overwritten();
		cases.attempt("stale update after a blind one", overwritten.id(), "by a tool",
				() -> docs.save(with(overwritten, "second")));
	}

	private int increment(Doc doc, String body, long version) throws SQLException {
		return docs.update(INCREMENT, body, version + 1, doc.id(), version);
	}

	private void increments() throws Exception {
		Doc fresh = docs.create("draft");
		cases.attempt("fresh increment", () -> increment(fresh, "mine", fresh.version()));
		cases.attempt("second fresh increment", () -> increment(fresh, "mine again", fresh.version() + 1));
		Doc stale = staleByIncrement();
		cases.attempt("stale increment", stale.id(), "first", () -> increment(stale, "second", stale.version()));
		Doc overwritten = overwritten();
		cases.attempt("stale increment after a blind update", overwritten.id(), "by a tool",
				() -> increment(overwritten, "second", overwritten.version()));
		Doc guessing = staleByIncrement();
		cases.attempt("stale increment without WHERE, one behind", guessing.id(), "first",
				() -> docs.update(ECHO, "second", guessing.version() + 1, guessing.id()));
	}

	private void writesBlindly() throws Exception {
		Doc partial = stale();
		cases.attempt("stale partial update", partial.id(), "first",
				() -> docs.update("UPDATE doc SET title = 'second' WHERE id = ?", partial.id()));
		Doc blind = stale();
		cases.attempt("stale blind update", blind.id(), "first",
				() -> docs.update("UPDATE doc SET body = 'second' WHERE id = ?", blind.id()));
		if (ATTACHED) {
			Doc stale = stale();
			cases.attempt("stale update, by expect()", stale.id(), "first", () -> {
				try (var expect = connection.prepareStatement("SELECT concurrency.expect('doc', ?)")) {
					connection.setAutoCommit(false);
					expect.setLong(1, stale.version());
					expect.execute();
					docs.update("UPDATE doc SET body = 'second' WHERE id = ?", stale.id());
					connection.commit();
					return null;
				} finally {
					connection.setAutoCommit(true);
				}
			});
		}
	}

	/** A batch of fresh rows, but for the one before the last. */
	private void batch(String name, String sql, int size) throws Exception {
		Doc[] rows = new Doc[size];

		for (int i = 0; i < size; i++)
			rows[i] = i == size - 2 ? staleByIncrement() : docs.create("draft");
		cases.attempt(name + ", stale row", rows[size - 2].id(), "first", () -> execute(sql, rows)[size - 2]);
		for (int i : new int[] {0, size - 1})
			cases.print(name + (i == 0 ? ", first row" : ", last row"),
					isWritten(rows[i]) ? "accepted" : "refused by us\twith the batch");
	}

	private int[] execute(String sql, Doc[] rows) throws SQLException {
		try (var batch = connection.prepareStatement(sql)) {
			for (Doc row : rows) {
				batch.setString(1, "second");
				batch.setLong(2, sql == ECHO ? row.version() : row.version() + 1);
				batch.setLong(3, row.id());
				if (sql == INCREMENT)
					batch.setLong(4, row.version());
				batch.addBatch();
			}
			return batch.executeBatch();
		} catch (BatchUpdateException error) {
			for (int i = 0; i < rows.length; i++)
				if (isWritten(rows[i]) == (error.getUpdateCounts()[i] == Statement.EXECUTE_FAILED))
					throw new AssertionError("the update counts do not tell which rows were written");
			throw error;
		}
	}

	private boolean isWritten(Doc row) throws SQLException {
		return cases.body(row.id()).equals("second");
	}

	private void batches() throws Exception {
		batch("batch", ECHO, 3);
		batch("batch of 600", ECHO, 600);
		batch("batch of increments", INCREMENT, 3);
	}

	/** Reuse a statement until the driver has had the server prepare it. */
	private void reusesPreparedStatement() throws Exception {
		Doc fresh = docs.create("draft");
		Doc stale = stale();

		try (var update = connection.prepareStatement(ECHO + " RETURNING version")) {
			long version = fresh.version();
			for (int i = 0; i < 9; i++)
				version = echo(update, fresh, version);
			if (!update.unwrap(PGStatement.class).isUseServerPrepare())
				throw new AssertionError("the server has not prepared the statement");
			long current = version;
			cases.attempt("prepared by the server, fresh update", () -> echo(update, fresh, current));
			cases.attempt("prepared by the server, stale update", stale.id(), "first",
					() -> echo(update, stale, stale.version()));
			cases.attempt("prepared by the server, fresh update after that", () -> echo(update, fresh, current + 1));
		}
	}

	private long echo(PreparedStatement update, Doc doc, long version) throws SQLException {
		update.setString(1, "second");
		update.setLong(2, version);
		update.setLong(3, doc.id());
		try (var row = update.executeQuery()) {
			row.next();
			return row.getLong(1);
		}
	}

	private void deletes() throws Exception {
		Doc fresh = docs.create("draft");
		cases.attempt("fresh delete", () -> docs.delete(fresh));
		Doc stale = staleByIncrement();
		cases.attempt("stale delete", stale.id(), "first", () -> docs.delete(stale));
		Doc overwritten = overwritten();
		cases.attempt("stale delete after a blind update", overwritten.id(), "by a tool",
				() -> docs.delete(overwritten));
		Doc byKey = staleByIncrement();
		cases.attempt("stale delete by key", byKey.id(), "first",
				() -> docs.update("DELETE FROM doc WHERE id = ?", byKey.id()));
	}

	/** What to do when a save was refused: make the change again, to the row as it is now. */
	private void merges() throws Exception {
		Doc mine = stale();

		try {
			docs.save(new Doc(mine.id(), "second", mine.body(), mine.version()));
			throw new AssertionError("the stale save was not refused");
		} catch (SQLException error) {
			if (Refusal.of(error) == null)
				throw error;
		}
		Doc theirs = docs.find(mine.id());
		cases.attempt("merge after a refusal", mine.id(), "first",
				() -> docs.save(new Doc(theirs.id(), "second", theirs.body(), theirs.version())));
	}
}
