import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/** Documents, as they were read. */
record Doc(long id, String title, String body, long version) {}

/** Where they are kept. */
class Docs {
	private final Connection connection;

	Docs(Connection connection) {
		this.connection = connection;
	}

	Doc create(String body) throws SQLException {
		return only("INSERT INTO doc (body) VALUES (?) RETURNING *", body);
	}

	Doc find(long id) throws SQLException {
		return only("SELECT * FROM doc WHERE id = ?", id);
	}

	/** Save what was changed; go on with what this returns: it has the next version, or is null if the row is gone. */
	Doc save(Doc doc) throws SQLException {
		return only("UPDATE doc SET title = ?, body = ?, version = ? WHERE id = ? RETURNING *",
				doc.title(), doc.body(), doc.version(), doc.id());
	}

	/** Delete what was read; returns 0 if it has changed since, or is gone. */
	int delete(Doc doc) throws SQLException {
		return update("DELETE FROM doc WHERE id = ? AND version = ?", doc.id(), doc.version());
	}

	int update(String sql, Object... parameters) throws SQLException {
		try (var statement = prepare(sql, parameters)) {
			return statement.executeUpdate();
		}
	}

	private PreparedStatement prepare(String sql, Object... parameters) throws SQLException {
		var statement = connection.prepareStatement(sql);
		for (int i = 0; i < parameters.length; i++)
			statement.setObject(i + 1, parameters[i]);
		return statement;
	}

	private Doc only(String sql, Object... parameters) throws SQLException {
		try (var statement = prepare(sql, parameters); ResultSet row = statement.executeQuery()) {
			return row.next()
					? new Doc(row.getLong("id"), row.getString("title"), row.getString("body"), row.getLong("version"))
					: null;
		}
	}
}
