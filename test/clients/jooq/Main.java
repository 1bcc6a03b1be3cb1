import java.sql.DriverManager;
import java.util.function.Function;
import org.jooq.DSLContext;
import org.jooq.conf.Settings;
import org.jooq.exception.DataAccessException;
import org.jooq.exception.DataChangedException;

public class Main {
	private static final Doc DOC = Doc.DOC;
	private static final boolean ATTACHED = System.getenv("CASES_MODE").equals("attached");

	interface Meanwhile {
		void run(long id) throws Exception;
	}

	private final DSLContext db = Docs.open(DriverManager.getConnection(Cases.URL));
	private final Cases cases = new Cases(DataChangedException.class);

	private Main() throws Exception {}

	public static void main(String[] arguments) throws Exception {
		Main main = new Main();
		main.savesRecords();
		main.savesForms();
		main.savesByStatement();
		main.savesWithoutCheck();
		main.savesBatches();
		main.deletes();
		main.mergesAfterRefusal();
	}

	private DocRecord create() {
		DocRecord doc = db.newRecord(DOC);
		doc.set(DOC.TITLE, "draft");
		doc.set(DOC.BODY, "draft");
		doc.store();
		return doc;
	}

	private DocRecord read(long id) {
		return db.fetchSingle(DOC, DOC.ID.eq(id));
	}

	private int save(DocRecord doc, String body) {
		doc.set(DOC.BODY, body);
		return doc.store();
	}

	private void saveFirst(long id) {
		save(read(id), "first");
	}

	private Form form(DocRecord doc) {
		return new Form(doc.get(DOC.ID), doc.get(DOC.TITLE), "second", doc.get(DOC.VERSION));
	}

	private void fresh(String name, Function<DocRecord, Object> write) throws Exception {
		DocRecord doc = create();
		cases.attempt(name, () -> write.apply(doc));
	}

	/** Write a row for the second time. */
	private void second(String name, Function<DocRecord, Object> write) throws Exception {
		DocRecord doc = create();
		write.apply(doc);
		cases.attempt(name, () -> write.apply(doc));
	}

	/** Write a row that was read before somebody else wrote it. */
	private void stale(String name, String keeps, Meanwhile meanwhile, Function<DocRecord, Object> write) throws Exception {
		DocRecord doc = create();
		meanwhile.run(doc.get(DOC.ID));
		cases.attempt(name, doc.get(DOC.ID), keeps, () -> write.apply(doc));
	}

	/** Write a row that was read before somebody else saved it. */
	private void stale(String name, Function<DocRecord, Object> write) throws Exception {
		stale(name, "first", this::saveFirst, write);
	}

	/** Write a row that was read before a tool wrote it. */
	private void overwritten(String name, Function<DocRecord, Object> write) throws Exception {
		stale(name, "by a tool", cases::writeBlindly, write);
	}

	private void savesRecords() throws Exception {
		Function<DocRecord, Object> save = doc -> save(doc, doc.get(DOC.BODY) + " of mine");

		cases.attempt("create", this::create);
		fresh("read", doc -> read(doc.get(DOC.ID)));
		fresh("fresh update", save);
		second("second fresh update", save);
		stale("stale update", save);
		overwritten("stale update after a blind one", save);
	}

	private void savesForms() throws Exception {
		Function<DocRecord, Object> save = doc -> Docs.save(db, form(doc));

		fresh("fresh form", save);
		stale("stale form", save);
		overwritten("stale form after a blind update", save);
		stale("stale form, set on a record just read", doc -> {
			DocRecord current = read(doc.get(DOC.ID));
			current.from(form(doc));
			return current.store();
		});
	}

	private void savesByStatement() throws Exception {
		Function<DocRecord, Object> save = doc -> Docs.saveByStatement(db, form(doc));
		Function<DocRecord, Object> blind = doc ->
				db.update(DOC).set(DOC.BODY, "second").where(DOC.ID.eq(doc.get(DOC.ID))).execute();
		Function<DocRecord, Object> upsert = doc ->
				db.insertInto(DOC).set(db.newRecord(DOC, form(doc))).onDuplicateKeyUpdate().setAllToExcluded().execute();

		fresh("fresh statement", save);
		second("second statement without reading back", save);
		stale("stale statement", save);
		overwritten("stale statement after a blind one", save);
		stale("stale blind update", blind);
		stale("stale update of version + 1", doc -> db.update(DOC).set(DOC.BODY, "second")
				.set(DOC.VERSION, DOC.VERSION.plus(1)).where(DOC.ID.eq(doc.get(DOC.ID))).execute());
		if (ATTACHED)
			stale("stale update, by expect()", doc -> db.transactionResult(transaction -> {
				Docs.expect(transaction.dsl(), doc.get(DOC.VERSION));
				return transaction.dsl().update(DOC).set(DOC.BODY, "second").where(DOC.ID.eq(doc.get(DOC.ID))).execute();
			}));
		fresh("fresh upsert", upsert);
		stale("stale upsert", upsert);
	}

	/** The version is counted, but nobody asks for the old one. */
	private void savesWithoutCheck() throws Exception {
		DSLContext unchecked = db.configuration().derive(new Settings()).dsl();
		Function<DocRecord, Object> save = doc -> {
			doc.attach(unchecked.configuration());
			return save(doc, "second");
		};

		fresh("without executeWithOptimisticLocking, fresh update", save);
		second("without executeWithOptimisticLocking, second fresh update", doc -> {
			doc.attach(unchecked.configuration());
			return save(doc, doc.get(DOC.BODY) + " of mine");
		});
		stale("without executeWithOptimisticLocking, stale update, one behind", save);
		stale("without executeWithOptimisticLocking, stale update, two behind", "first", id -> {
			saveFirst(id);
			save(read(id), "other");
			saveFirst(id);
		}, save);
	}

	private void savesBatches() throws Exception {
		Function<DocRecord, Object> batch = doc -> {
			doc.set(DOC.BODY, "second");
			return db.batchUpdate(doc).execute()[0];
		};

		fresh("fresh batchUpdate", batch);
		stale("stale batchUpdate", batch);
	}

	private void deletes() throws Exception {
		fresh("fresh delete", DocRecord::delete);
		stale("stale delete", DocRecord::delete);
		overwritten("stale delete after a blind update", DocRecord::delete);
		stale("stale delete by key", doc -> db.deleteFrom(DOC).where(DOC.ID.eq(doc.get(DOC.ID))).execute());
	}

	/** What to do when a save was refused: make the change again, to the row as it is now. */
	private void mergesAfterRefusal() throws Exception {
		DocRecord mine = create();

		saveFirst(mine.get(DOC.ID));
		mine.set(DOC.TITLE, "second");
		try {
			mine.store();
			throw new AssertionError("the stale save was not refused");
		} catch (DataAccessException error) {
			if (!Docs.isConflict(error))
				throw error;
		}
		cases.attempt("merge after a refusal", mine.get(DOC.ID), "first", () -> {
			mine.refresh();
			mine.set(DOC.TITLE, "second");
			return mine.store();
		});
	}
}
