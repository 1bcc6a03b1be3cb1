import jakarta.persistence.EntityManager;
import jakarta.persistence.LockModeType;
import jakarta.persistence.OptimisticLockException;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.hibernate.HibernateException;
import org.hibernate.Session;
import org.hibernate.SessionFactory;
import org.hibernate.StaleObjectStateException;
import org.hibernate.StatelessSession;

public class Main {
	interface Meanwhile {
		void run(long id) throws Exception;
	}

	/** A write of an entity, in a session that has read it. */
	interface Write<T> {
		Object run(Session session, T entity);
	}

	private final SessionFactory docs = Docs.open(Cases.URL);
	// a stale update of a Page is a mere HibernateException: "returned no natively generated values"
	private final Cases cases =
			new Cases(OptimisticLockException.class, StaleObjectStateException.class, HibernateException.class);

	private Main() throws Exception {}

	public static void main(String[] arguments) throws Exception {
		Main main = new Main();
		main.saves("", Doc::new);
		main.cases.use("page");
		main.saves("server counts, ", Page::new);
		main.cases.use("memo");
		main.saves("timestamp, ", Memo::new);
		main.cases.use("topic");
		main.excludes();
		main.cases.use("doc");
		main.savesForms();
		main.increments(LockModeType.OPTIMISTIC_FORCE_INCREMENT);
		main.increments(LockModeType.PESSIMISTIC_FORCE_INCREMENT);
		main.updatesInBulk();
		main.savesStateless();
		main.savesWholeRows();
		main.mergesAfterRefusal();
		main.docs.close();
	}

	private <T extends Text> T create(Supplier<T> entity) {
		T row = entity.get();
		row.body = "draft";
		docs.inTransaction(session -> session.persist(row));
		return row;
	}

	/** The entity to which the row of a document is mapped. */
	private <T extends Text> T read(Session session, Class<T> entity, Text row) {
		return session.find(entity, row.id);
	}

	/** Do something in a transaction of a session that goes on. */
	private <T> Object transact(Session session, T entity, Write<T> write) {
		session.beginTransaction();
		try {
			Object result = write.run(session, entity);
			session.getTransaction().commit();
			return result;
		} finally {
			if (session.getTransaction().isActive())
				session.getTransaction().rollback();
		}
	}

	/** Write a row that nobody else writes. */
	private <T extends Text> void fresh(String name, Text row, Class<T> entity, Write<T> write) throws Exception {
		try (Session session = docs.openSession()) {
			T read = read(session, entity, row);
			cases.attempt(name, () -> transact(session, read, write));
		}
	}

	/** Write a row for the second time in a session. */
	private <T extends Text> void second(String name, Text row, Class<T> entity, Write<T> write) throws Exception {
		try (Session session = docs.openSession()) {
			T read = read(session, entity, row);
			transact(session, read, write);
			cases.attempt(name, () -> transact(session, read, write));
		}
	}

	/** Write a row that was read before somebody else wrote it. */
	private <T extends Text> void stale(String name, Text row, Class<T> entity, String keeps, Meanwhile meanwhile,
			Write<T> write) throws Exception {
		try (Session session = docs.openSession()) {
			T read = read(session, entity, row);
			meanwhile.run(row.id);
			cases.attempt(name, row.id, keeps, () -> transact(session, read, write));
		}
	}

	/** Write a row that was read before somebody else saved it. */
	private <T extends Text> void stale(String name, Text row, Class<T> entity, Write<T> write) throws Exception {
		stale(name, row, entity, "first", id -> save(row), write);
	}

	/** Write a row that was read before a tool wrote it. */
	private <T extends Text> void overwritten(String name, Text row, Class<T> entity, Write<T> write) throws Exception {
		stale(name, row, entity, "by a tool", cases::writeBlindly, write);
	}

	private void save(Text row) {
		docs.inTransaction(session -> read(session, row.getClass(), row).body = "first");
	}

	/** What is to be had of each way to count. */
	@SuppressWarnings("unchecked")
	private <T extends Text> void saves(String how, Supplier<T> rows) throws Exception {
		Class<T> entity = (Class<T>) rows.get().getClass();
		Write<T> update = (session, row) -> row.body += " of mine";
		Write<T> merge = (session, row) -> {
			session.detach(row);
			row.body = "second";
			return session.merge(row);
		};
		Write<T> remove = (session, row) -> {
			session.remove(row);
			return null;
		};

		cases.attempt(how + "create", () -> create(rows));
		fresh(how + "read", create(rows), entity, (session, row) -> row.body);
		fresh(how + "fresh update", create(rows), entity, update);
		second(how + "second fresh update", create(rows), entity, update);
		stale(how + "stale update", create(rows), entity, update);
		overwritten(how + "stale update after a blind one", create(rows), entity, update);
		fresh(how + "fresh merge of a detached entity", create(rows), entity, merge);
		stale(how + "stale merge of a detached entity", create(rows), entity, merge);
		overwritten(how + "stale merge of a detached entity after a blind update", create(rows), entity, merge);
		fresh(how + "fresh remove", create(rows), entity, remove);
		stale(how + "stale remove", create(rows), entity, remove);
		overwritten(how + "stale remove after a blind update", create(rows), entity, remove);
	}

	/** Write a column that does not count. */
	private void excludes() throws Exception {
		Write<Topic> look = (session, topic) -> ++topic.views;
		Write<Topic> update = (session, topic) -> topic.body += " of mine";

		second("excluded column, second fresh update", create(Topic::new), Topic.class, look);
		stale("excluded column, update of another one after it", create(Topic::new), Topic.class, "draft of mine",
				id -> docs.inTransaction(session -> session.find(Topic.class, id).views++), update);
		stale("excluded column, stale update", create(Topic::new), Topic.class, look);
		overwritten("excluded column, stale update after a blind one", create(Topic::new), Topic.class, look);
	}

	/** A form is sent back: what was read is no entity any more, but a key, values and a version. */
	private void savesForms() throws Exception {
		Doc fresh = create(Doc::new);
		Doc stale = create(Doc::new);
		Doc overwritten = create(Doc::new);
		Doc ignored = create(Doc::new);

		cases.attempt("fresh form", () -> save(fresh, "second"));
		save(stale);
		cases.attempt("stale form", stale.id, "first", () -> save(stale, "second"));
		cases.writeBlindly(overwritten.id);
		cases.attempt("stale form after a blind update", overwritten.id, "by a tool", () -> save(overwritten, "second"));
		save(ignored);
		cases.attempt("stale form, set on an entity just found", ignored.id, "first",
				() -> docs.fromTransaction(session -> {
					Doc doc = session.find(Doc.class, ignored.id);
					doc.body = "second";
					doc.version = ignored.version;
					return doc;
				}));
	}

	private Doc save(Doc form, String body) {
		return docs.fromTransaction(session -> Docs.save(session, form.id, form.title, body, form.version));
	}

	/** Increment the version without a change. */
	private void increments(LockModeType mode) throws Exception {
		Write<Doc> increment = (session, doc) -> {
			session.lock(doc, mode);
			return null;
		};

		fresh("fresh " + mode, create(Doc::new), Doc.class, increment);
		second("second fresh " + mode, create(Doc::new), Doc.class, increment);
		second("second fresh update and " + mode, create(Doc::new), Doc.class, (session, doc) -> {
			doc.body += " of mine";
			return increment.run(session, doc);
		});
		stale("stale " + mode, create(Doc::new), Doc.class, increment);
		overwritten("stale " + mode + " after a blind update", create(Doc::new), Doc.class, increment);
	}

	private int updateInBulk(Session session, long id, String body) {
		return session.createMutationQuery("UPDATE Doc SET body = :body WHERE id = :id")
				.setParameter("body", body).setParameter("id", id).executeUpdate();
	}

	private void updatesInBulk() throws Exception {
		Write<Doc> sendVersion = (session, doc) ->
				session.createMutationQuery("UPDATE Doc SET body = 'second', version = :version WHERE id = :id")
						.setParameter("version", doc.version).setParameter("id", doc.id).executeUpdate();

		stale("stale JPQL update", create(Doc::new), Doc.class, (session, doc) -> updateInBulk(session, doc.id, "second"));
		stale("stale update after a JPQL update", create(Doc::new), Doc.class, "first",
				id -> docs.inTransaction(session -> updateInBulk(session, id, "first")),
				(session, doc) -> doc.body = "second");
		stale("stale HQL update versioned", create(Doc::new), Doc.class, (session, doc) ->
				session.createMutationQuery("UPDATE VERSIONED Doc SET body = 'second' WHERE id = :id")
						.setParameter("id", doc.id).executeUpdate());
		fresh("fresh JPQL update with the version", create(Doc::new), Doc.class, sendVersion);
		stale("stale JPQL update with the version", create(Doc::new), Doc.class, sendVersion);
	}

	private void savesStateless() throws Exception {
		BiFunction<StatelessSession, Doc, Object> update = (session, doc) -> {
			doc.body = "second";
			session.update(doc);
			return null;
		};
		BiFunction<StatelessSession, Doc, Object> upsert = (session, doc) -> {
			doc.body = "second";
			session.upsert(doc);
			return null;
		};
		BiFunction<StatelessSession, Doc, Object> delete = (session, doc) -> {
			session.delete(doc);
			return null;
		};

		stateless("fresh StatelessSession.update", null, update);
		stateless("stale StatelessSession.update", "first", update);
		stateless("stale StatelessSession.update after a blind update", "by a tool", update);
		stateless("fresh StatelessSession.upsert", null, upsert);
		stateless("stale StatelessSession.upsert", "first", upsert);
		stateless("stale StatelessSession.upsert after a blind update", "by a tool", upsert);
		stateless("stale StatelessSession.delete", "first", delete);
	}

	/** Write what was read before a tool wrote the row, or somebody saved it, or nobody did anything. */
	private void stateless(String name, String meanwhile, BiFunction<StatelessSession, Doc, Object> write) throws Exception {
		Doc doc = create(Doc::new);

		if ("first".equals(meanwhile))
			save(doc);
		else if (meanwhile != null)
			cases.writeBlindly(doc.id);
		cases.attempt(name, doc.id, meanwhile != null ? meanwhile : "second",
				() -> docs.fromStatelessTransaction(session -> write.apply(session, doc)));
	}

	private void savesWholeRows() throws Exception {
		Write<PlainDoc> update = (session, doc) -> doc.title += " of mine";

		fresh("whole row without @Version, fresh update", create(Doc::new), PlainDoc.class, update);
		second("whole row without @Version, second update without refresh", create(Doc::new), PlainDoc.class, update);
		stale("whole row without @Version, stale update", create(Doc::new), PlainDoc.class,
				"first", id -> saveDoc(id), update);
		overwritten("whole row without @Version, stale update after a blind one", create(Doc::new), PlainDoc.class, update);
	}

	private void saveDoc(long id) {
		docs.inTransaction(session -> session.find(Doc.class, id).body = "first");
	}

	/** What to do when a save was refused: make the change again, to the row as it is now. */
	private void mergesAfterRefusal() throws Exception {
		Doc mine = create(Doc::new);

		save(mine);
		mine.title = "second";
		try {
			docs.inTransaction(session -> session.merge(mine));
			throw new AssertionError("the stale save was not refused");
		} catch (RuntimeException error) {
			if (!Docs.isConflict(error))
				throw error;
		}
		cases.attempt("merge after a refusal", mine.id, "first",
				() -> docs.fromTransaction(session -> session.find(Doc.class, mine.id).title = mine.title));
	}
}
