import java.util.function.BiFunction;
import javax.persistence.EntityManager;
import javax.persistence.LockModeType;
import javax.persistence.OptimisticLockException;

public class Main {
	interface Meanwhile {
		void run(long id) throws Exception;
	}

	private final Docs docs = new Docs(Cases.URL);
	private final Cases cases = new Cases(OptimisticLockException.class);

	private Main() throws Exception {}

	public static void main(String[] arguments) throws Exception {
		Main main = new Main();
		main.saves();
		main.mergesDetached();
		main.removes();
		main.increments(LockModeType.OPTIMISTIC_FORCE_INCREMENT);
		main.increments(LockModeType.PESSIMISTIC_FORCE_INCREMENT);
		main.updatesInBulk();
		main.savesWholeRows();
		main.mergesAfterRefusal();
	}

	/** Do something in a session and a transaction of its own. */
	private <T> T transaction(Docs.Work<T> work) throws Exception {
		EntityManager manager = docs.open();
		try {
			return Docs.transact(manager, work);
		} finally {
			manager.close();
		}
	}

	private Doc create() throws Exception {
		return transaction(manager -> {
			Doc doc = new Doc();
			doc.body = "draft";
			manager.persist(doc);
			return doc;
		});
	}

	private void save(long id) throws Exception {
		transaction(manager -> manager.find(Doc.class, id).body = "first");
	}

	private int updateInBulk(EntityManager manager, long id, String body) {
		return manager.createQuery("UPDATE Doc SET body = :body WHERE id = :id")
				.setParameter("body", body).setParameter("id", id).executeUpdate();
	}

	/** Write a row that nobody else writes. */
	private <T> void fresh(String name, Class<T> entity, BiFunction<EntityManager, T, Object> write) throws Exception {
		EntityManager session = docs.open();
		T doc = session.find(entity, create().id);

		cases.attempt(name, () -> Docs.transact(session, manager -> write.apply(manager, doc)));
		session.close();
	}

	/** Write a row for the second time in a session. */
	private <T> void second(String name, Class<T> entity, BiFunction<EntityManager, T, Object> write) throws Exception {
		EntityManager session = docs.open();
		T doc = session.find(entity, create().id);

		Docs.transact(session, manager -> write.apply(manager, doc));
		cases.attempt(name, () -> Docs.transact(session, manager -> write.apply(manager, doc)));
		session.close();
	}

	/** Write a row that was read before somebody else wrote it. */
	private <T> void stale(String name, Class<T> entity, String keeps, Meanwhile meanwhile,
			BiFunction<EntityManager, T, Object> write) throws Exception {
		EntityManager session = docs.open();
		long id = create().id;
		T doc = session.find(entity, id);

		meanwhile.run(id);
		cases.attempt(name, id, keeps, () -> Docs.transact(session, manager -> write.apply(manager, doc)));
		session.close();
	}

	/** Write a row that was read before somebody else saved it. */
	private <T> void stale(String name, Class<T> entity, BiFunction<EntityManager, T, Object> write) throws Exception {
		stale(name, entity, "first", this::save, write);
	}

	/** Write a row that was read before a tool wrote it. */
	private <T> void overwritten(String name, Class<T> entity, BiFunction<EntityManager, T, Object> write) throws Exception {
		stale(name, entity, "by a tool", cases::writeBlindly, write);
	}

	private void saves() throws Exception {
		BiFunction<EntityManager, Doc, Object> update = (manager, doc) -> doc.body += " of mine";

		cases.attempt("create", this::create);
		fresh("read", Doc.class, (manager, doc) -> doc.body);
		fresh("fresh update", Doc.class, update);
		second("second fresh update", Doc.class, update);
		stale("stale update", Doc.class, update);
		overwritten("stale update after a blind one", Doc.class, update);
	}

	private void mergesDetached() throws Exception {
		BiFunction<EntityManager, Doc, Object> merge = (manager, doc) -> {
			manager.detach(doc);
			doc.body = "second";
			return manager.merge(doc);
		};

		fresh("fresh merge of a detached entity", Doc.class, merge);
		stale("stale merge of a detached entity", Doc.class, merge);
		overwritten("stale merge of a detached entity after a blind update", Doc.class, merge);
	}

	private void removes() throws Exception {
		BiFunction<EntityManager, Doc, Object> remove = (manager, doc) -> {
			manager.remove(doc);
			return null;
		};

		fresh("fresh remove", Doc.class, remove);
		stale("stale remove", Doc.class, remove);
		overwritten("stale remove after a blind update", Doc.class, remove);
	}

	/**
	 * Increment the version without a change.  The entity is found before the transaction: this Hibernate
	 * forgets to do it for one that was found in the same transaction.
	 */
	private void increments(LockModeType mode) throws Exception {
		BiFunction<EntityManager, Doc, Object> increment = (manager, doc) -> {
			manager.lock(doc, mode);
			return null;
		};

		fresh("fresh " + mode, Doc.class, increment);
		second("second fresh " + mode, Doc.class, increment);
		second("second fresh update and " + mode, Doc.class, (manager, doc) -> {
			doc.body += " of mine";
			return increment.apply(manager, doc);
		});
		stale("stale " + mode, Doc.class, increment);
		overwritten("stale " + mode + " after a blind update", Doc.class, increment);
	}

	private void updatesInBulk() throws Exception {
		BiFunction<EntityManager, Doc, Object> sendVersion = (manager, doc) ->
				manager.createQuery("UPDATE Doc SET body = 'second', version = :version WHERE id = :id")
						.setParameter("version", doc.version).setParameter("id", doc.id).executeUpdate();

		stale("stale JPQL update", Doc.class, (manager, doc) -> updateInBulk(manager, doc.id, "second"));
		stale("stale update after a JPQL update", Doc.class, "first",
				id -> transaction(manager -> updateInBulk(manager, id, "first")), (manager, doc) -> doc.body = "second");
		stale("stale HQL update versioned", Doc.class, (manager, doc) ->
				manager.createQuery("UPDATE VERSIONED Doc SET body = 'second' WHERE id = :id")
						.setParameter("id", doc.id).executeUpdate());
		fresh("fresh JPQL update with the version", Doc.class, sendVersion);
		stale("stale JPQL update with the version", Doc.class, sendVersion);
	}

	private void savesWholeRows() throws Exception {
		BiFunction<EntityManager, PlainDoc, Object> update = (manager, doc) -> doc.title += " of mine";

		fresh("whole row without @Version, fresh update", PlainDoc.class, update);
		second("whole row without @Version, second update without refresh", PlainDoc.class, update);
		stale("whole row without @Version, stale update", PlainDoc.class, update);
		overwritten("whole row without @Version, stale update after a blind one", PlainDoc.class, update);
	}

	/** What to do when a save was refused: make the change again, to the row as it is now. */
	private void mergesAfterRefusal() throws Exception {
		Doc mine = create();

		save(mine.id);
		mine.title = "second";
		try {
			transaction(manager -> manager.merge(mine));
			throw new AssertionError("the stale save was not refused");
		} catch (RuntimeException error) {
			if (!Docs.isConflict(error))
				throw error;
		}
		cases.attempt("merge after a refusal", mine.id, "first",
				() -> transaction(manager -> manager.find(Doc.class, mine.id).title = mine.title));
	}
}
