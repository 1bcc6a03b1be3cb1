import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.postgresql.util.ServerErrorMessage;

/** Runs a client's writes, and prints what became of each of them. */
class Cases {
	/** Returns how many rows were written, where that is how the client says it. */
	interface Write {
		Object run() throws Exception;
	}

	static final String URL = "jdbc:postgresql://" + System.getenv("TCP_HOST") + ":" + System.getenv("PGPORT")
			+ "/" + System.getenv("PGDATABASE") + "?user=" + System.getenv("PGUSER");

	private final Connection plain = DriverManager.getConnection(URL);
	private final List<Class<? extends Exception>> staleErrors;
	private String table = "doc";

	/** The exceptions by which the client itself says that a write is stale. */
	@SafeVarargs
	Cases(Class<? extends Exception>... staleErrors) throws SQLException {
		this.staleErrors = List.of(staleErrors);
	}

	/** From now on, the writes are to this table. */
	void use(String table) {
		this.table = table;
	}

	/** Write as a tool does that knows nothing of versions. */
	void writeBlindly(long id) throws SQLException {
		try (var update = plain.prepareStatement("UPDATE " + table + " SET body = 'by a tool' WHERE id = ?")) {
			update.setLong(1, id);
			update.executeUpdate();
		}
	}

	/** The body that a row has now. */
	String body(long id) throws SQLException {
		try (var query = plain.prepareStatement("SELECT body FROM " + table + " WHERE id = ?")) {
			query.setLong(1, id);
			var row = query.executeQuery();
			return row.next() ? row.getString(1) : null;
		}
	}

	/** Make a write that overwrites nobody's work. */
	void attempt(String name, Write write) throws Exception {
		print(name, outcome(write));
	}

	/** Make a write; it is lost work if the row does not keep its body. */
	void attempt(String name, long id, String keeps, Write write) throws Exception {
		String outcome = outcome(write);
		boolean kept = keeps.equals(body(id));

		if (!kept && !outcome.equals("accepted"))
			throw new AssertionError(name + " was refused, and written");
		print(name, kept ? outcome : "lost");
	}

	void print(String name, String outcome) {
		System.out.println(name + "\t" + outcome);
	}

	private String outcome(Write write) throws Exception {
		try {
			return Objects.equals(write.run(), 0) ? "refused by the client\t0 rows" : "accepted";
		} catch (Exception error) {
			ServerErrorMessage refusal = Refusal.of(error);
			List<Throwable> causes = Stream.iterate(error, Objects::nonNull, Throwable::getCause).toList();

			if (refusal != null)
				return "refused by us\t" + names(causes) + " " + fields(refusal);
			if (causes.stream().anyMatch(cause -> staleErrors.contains(cause.getClass())))
				return "refused by the client\t" + names(causes);
			throw error;
		}
	}

	private String names(List<Throwable> causes) {
		return causes.stream().map(cause -> cause.getClass().getSimpleName()).collect(Collectors.joining(" "));
	}

	private String fields(ServerErrorMessage refusal) {
		if (refusal.getDetail() == null || refusal.getHint() == null)
			throw new AssertionError("no detail or hint: " + refusal);
		return String.join(" ", refusal.getSQLState(), refusal.getSchema(), refusal.getTable(),
				refusal.getColumn(), refusal.getConstraint());
	}
}
