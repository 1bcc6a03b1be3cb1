import docs.Doc;
import docs.DocRepository;
import docs.DocsApplication;
import docs.Note;
import docs.PlainDoc;
import docs.PlainNote;
import jakarta.persistence.EntityManager;
import java.util.function.Function;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.dao.OptimisticLockingFailureException;
import org.springframework.data.jdbc.core.JdbcAggregateTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.orm.ObjectOptimisticLockingFailureException;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

public class Main {
	private static final boolean ATTACHED = System.getenv("CASES_MODE").equals("attached");

	interface Meanwhile {
		void run(long id) throws Exception;
	}

	private final Cases cases = new Cases(OptimisticLockingFailureException.class, ObjectOptimisticLockingFailureException.class);
	private final DocRepository docs;
	private final EntityManager manager;
	private final JdbcAggregateTemplate notes;
	private final JdbcClient jdbc;
	private final TransactionTemplate transaction;

	private Main(ConfigurableApplicationContext context) throws Exception {
		docs = context.getBean(DocRepository.class);
		manager = context.getBean(EntityManager.class);
		notes = context.getBean(JdbcAggregateTemplate.class);
		jdbc = context.getBean(JdbcClient.class);
		transaction = new TransactionTemplate(context.getBean(PlatformTransactionManager.class));
	}

	public static void main(String[] arguments) throws Exception {
		try (var context = start(application -> {})) {
			Main main = new Main(context);
			main.savesEntities();
			main.changesEntitiesInTransaction();
			main.savesForms();
			main.deletesEntities();
			main.modifies();
			main.refusesByServer("");
			main.sortsOtherErrors(DuplicateKeyException.class);
			main.savesNotes();
			main.mergesAfterRefusal();
		}
		try (var context = start(application -> application.addBeanFactoryPostProcessor(
				beans -> ((BeanDefinitionRegistry) beans).removeBeanDefinition("conflictTranslator")))) {
			Main main = new Main(context);
			main.refusesByServer("without the translator, ");
			main.sortsOtherErrors(DataIntegrityViolationException.class);
		}
	}

	/** What is printed is for check.pl, so the application has to be quiet. */
	private static ConfigurableApplicationContext start(ApplicationContextInitializer<ConfigurableApplicationContext> change) {
		var application = new SpringApplication(DocsApplication.class);

		application.addInitializers(change);
		return application.run("--spring.datasource.url=" + Cases.URL, "--spring.main.banner-mode=off",
				"--spring.main.web-application-type=none", "--logging.level.root=off");
	}

	private Doc create() {
		return docs.save(new Doc(null, "draft", "draft", null));
	}

	private Doc find(long id) {
		return docs.findById(id).orElseThrow();
	}

	private Doc save(Doc doc, String body) {
		doc.setBody(body);
		return docs.save(doc);
	}

	private void saveFirst(long id) {
		save(find(id), "first");
	}

	private void fresh(String name, Function<Doc, Object> write) throws Exception {
		Doc doc = create();
		cases.attempt(name, () -> write.apply(doc));
	}

	/** Write a row that was read before somebody else wrote it. */
	private void stale(String name, String keeps, Meanwhile meanwhile, Function<Doc, Object> write) throws Exception {
		Doc doc = create();
		meanwhile.run(doc.getId());
		cases.attempt(name, doc.getId(), keeps, () -> write.apply(doc));
	}

	/** Write a row that was read before somebody else saved it. */
	private void stale(String name, Function<Doc, Object> write) throws Exception {
		stale(name, "first", this::saveFirst, write);
	}

	/** Write a row that was read before a tool wrote it. */
	private void overwritten(String name, Function<Doc, Object> write) throws Exception {
		stale(name, "by a tool", cases::writeBlindly, write);
	}

	private void savesEntities() throws Exception {
		Function<Doc, Object> save = doc -> save(doc, "second");

		cases.attempt("create", this::create);
		fresh("read", doc -> find(doc.getId()));
		fresh("fresh update", save);
		Doc saved = save(create(), "mine");
		cases.attempt("second fresh update", () -> save(saved, "mine again"));
		Doc kept = create();
		save(kept, "mine");
		cases.attempt("second update without reading back", () -> save(kept, "mine again"));
		stale("stale update", save);
		overwritten("stale update after a blind one", save);
	}

	/** Find an entity and change it, while somebody else writes it. */
	private Object change(Doc doc, Meanwhile meanwhile) {
		return transaction.execute(status -> {
			Doc managed = find(doc.getId());
			try {
				meanwhile.run(doc.getId());
			} catch (Exception error) {
				throw new AssertionError(error);
			}
			managed.setBody("second");
			return managed;
		});
	}

	private void changesEntitiesInTransaction() throws Exception {
		fresh("in a transaction, fresh update", doc -> change(doc, id -> {}));
		stale("in a transaction, stale update", "first", id -> {}, doc -> change(doc, this::saveElsewhere));
		stale("in a transaction, stale update after a blind one", "by a tool", id -> {}, doc -> change(doc, cases::writeBlindly));
	}

	/** Save in a session of its own, as this one has the transaction of its thread. */
	private void saveElsewhere(long id) throws InterruptedException {
		Thread other = new Thread(() -> saveFirst(id));
		other.start();
		other.join();
	}

	private void savesForms() throws Exception {
		Function<Doc, Object> save = doc -> docs.save(new Doc(doc.getId(), "draft", "second", doc.getVersion()));

		fresh("fresh form", save);
		stale("stale form", save);
		overwritten("stale form after a blind update", save);
		stale("stale form, set on an entity just found", doc -> transaction.execute(status -> {
			Doc current = find(doc.getId());
			current.setBody("second");
			current.setVersion(doc.getVersion());
			return current;
		}));
	}

	private void deletesEntities() throws Exception {
		Function<Doc, Object> delete = doc -> {
			docs.delete(doc);
			return null;
		};

		fresh("fresh delete", delete);
		stale("stale delete", delete);
		overwritten("stale delete after a blind update", delete);
		stale("stale delete by key", doc -> {
			docs.deleteById(doc.getId());
			return null;
		});
	}

	private void modifies() throws Exception {
		stale("stale @Modifying query", doc -> docs.setBody(doc.getId(), "second"));
		stale("stale update after a @Modifying query", "first", id -> docs.setBody(id, "first"), doc -> save(doc, "second"));
		fresh("fresh @Modifying query with the version", doc -> docs.setBody(doc.getId(), "second", doc.getVersion()));
	}

	/** What has no version in WHERE. */
	private void refusesByServer(String how) throws Exception {
		Function<Doc, Object> update = doc ->
				jdbc.sql("UPDATE doc SET body = :body, version = :version WHERE id = :id")
						.param("body", "second").param("version", doc.getVersion()).param("id", doc.getId()).update();

		fresh(how + "JdbcClient, fresh update", update);
		stale(how + "JdbcClient, stale update", update);
		stale(how + "stale @Modifying query with the version", doc -> docs.setBody(doc.getId(), "second", doc.getVersion()));
		stale(how + "whole row without @Version, stale update", doc -> transaction.execute(status -> {
			PlainDoc plain = new PlainDoc();
			plain.id = doc.getId();
			plain.title = doc.getTitle();
			plain.body = "second";
			plain.version = doc.getVersion();
			return manager.merge(plain);
		}));
		stale(how + "Spring Data JDBC, whole row without @Version, stale update", doc ->
				notes.save(new PlainNote(doc.getId(), doc.getTitle(), "second", doc.getVersion())));
		if (ATTACHED)
			stale(how + "JdbcClient, stale update, by expect()", doc -> transaction.execute(status -> {
				jdbc.sql("SELECT concurrency.expect('doc', :version)").param("version", doc.getVersion()).query().singleRow();
				return jdbc.sql("UPDATE doc SET body = 'second' WHERE id = :id").param("id", doc.getId()).update();
			}));
	}

	/** Other errors of JPA are still what Spring makes of them, or more exactly that. */
	private void sortsOtherErrors(Class<? extends DataIntegrityViolationException> expected) {
		PlainDoc twice = new PlainDoc();

		twice.id = create().getId();
		twice.title = "twice";
		try {
			transaction.executeWithoutResult(status -> manager.persist(twice));
			throw new AssertionError("a key was there twice");
		} catch (DataIntegrityViolationException error) {
			if (error.getClass() != expected)
				throw error;
		}
	}

	private void savesNotes() throws Exception {
		Function<Doc, Object> save = doc -> notes.save(note(doc));
		Function<Doc, Object> delete = doc -> {
			notes.delete(note(doc));
			return null;
		};

		cases.attempt("Spring Data JDBC, create", () -> notes.save(new Note(null, "draft", "draft", null)));
		fresh("Spring Data JDBC, fresh update", save);
		Note saved = notes.save(note(create()));
		cases.attempt("Spring Data JDBC, second fresh update", () -> notes.save(saved));
		stale("Spring Data JDBC, stale update", save);
		overwritten("Spring Data JDBC, stale update after a blind one", save);
		stale("Spring Data JDBC, stale delete", delete);
		overwritten("Spring Data JDBC, stale delete after a blind update", delete);
	}

	private Note note(Doc doc) {
		return new Note(doc.getId(), doc.getTitle(), "second", doc.getVersion());
	}

	/** What to do when a save was refused: make the change again, to the row as it is now. */
	private void mergesAfterRefusal() throws Exception {
		Doc mine = create();

		saveFirst(mine.getId());
		mine.setTitle("second");
		try {
			docs.save(mine);
			throw new AssertionError("the stale save was not refused");
		} catch (OptimisticLockingFailureException refused) {
			cases.attempt("merge after a refusal", mine.getId(), "first", () -> {
				Doc theirs = find(mine.getId());
				theirs.setTitle(mine.getTitle());
				return docs.save(theirs);
			});
		}
	}
}
