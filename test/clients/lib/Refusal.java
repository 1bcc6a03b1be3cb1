import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** A write that the server has refused. */
class Refusal {
	/** What the server says of it; null if the error is about something else. */
	static ServerErrorMessage of(Throwable error) {
		for (; error != null; error = error.getCause())
			if (error instanceof PSQLException refused
					&& ("PT409".equals(refused.getSQLState()) || "PT428".equals(refused.getSQLState())))
				return refused.getServerErrorMessage();
		return null;
	}
}
