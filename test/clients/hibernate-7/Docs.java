import jakarta.persistence.EntityManager;
import jakarta.persistence.OptimisticLockException;
import org.hibernate.SessionFactory;
import org.hibernate.StaleStateException;
import org.hibernate.jpa.HibernatePersistenceConfiguration;

/** Where documents are kept. */
class Docs {
	static SessionFactory open(String url) {
		return new HibernatePersistenceConfiguration("docs")
				.managedClasses(Doc.class, Page.class, Memo.class, Topic.class, PlainDoc.class)
				.jdbcUrl(url)
				.createEntityManagerFactory();
	}

	/** Save what a form has sent: all fields, and the version that went out in it. */
	static Doc save(EntityManager manager, long id, String title, String body, long version) {
		Doc doc = new Doc();
		doc.id = id;
		doc.title = title;
		doc.body = body;
		doc.version = version;
		return manager.merge(doc);
	}

	/** Whether a write was refused because the row has changed, by Hibernate or by the server. */
	static boolean isConflict(Throwable error) {
		for (Throwable cause = error; cause != null; cause = cause.getCause())
			if (cause instanceof OptimisticLockException || cause instanceof StaleStateException)
				return true;
		return Refusal.of(error) != null;
	}
}
