import java.util.Map;
import javax.persistence.EntityManager;
import javax.persistence.EntityManagerFactory;
import javax.persistence.OptimisticLockException;
import javax.persistence.Persistence;

/** Where documents are kept. */
class Docs {
	interface Work<T> {
		T run(EntityManager manager) throws Exception;
	}

	private final EntityManagerFactory factory;

	Docs(String url) {
		factory = Persistence.createEntityManagerFactory("docs", Map.of("javax.persistence.jdbc.url", url));
	}

	EntityManager open() {
		return factory.createEntityManager();
	}

	/** Do something in a transaction. */
	static <T> T transact(EntityManager manager, Work<T> work) throws Exception {
		manager.getTransaction().begin();
		try {
			T result = work.run(manager);
			manager.getTransaction().commit();
			return result;
		} finally {
			if (manager.getTransaction().isActive())
				manager.getTransaction().rollback();
		}
	}

	/** Whether a write was refused because the row has changed, by Hibernate or by the server. */
	static boolean isConflict(Throwable error) {
		for (Throwable cause = error; cause != null; cause = cause.getCause())
			if (cause instanceof OptimisticLockException)
				return true;
		return Refusal.of(error) != null;
	}
}
