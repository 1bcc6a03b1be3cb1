import jakarta.persistence.Entity;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.persistence.MappedSuperclass;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Instant;
import org.hibernate.annotations.Generated;
import org.hibernate.annotations.OptimisticLock;
import org.hibernate.generator.EventType;

/** What all of these have. */
@MappedSuperclass
abstract class Text {
	@Id
	@GeneratedValue(strategy = GenerationType.IDENTITY)
	Long id;
	String title = "draft";
	String body;
}

/** Hibernate counts: SET version = 3 WHERE version = 2. */
@Entity
class Doc extends Text {
	@Version
	long version;
}

/** The server counts: WHERE version = 2 RETURNING version. */
@Entity
class Page extends Text {
	@Version
	@Generated(event = {EventType.INSERT, EventType.UPDATE})
	Long version;
}

/** Hibernate tells the time. */
@Entity
class Memo extends Text {
	@Version
	Instant changed;
}

/** Hibernate counts, but not who has looked at it; nor must the server: attach it with ignore => 'views'. */
@Entity
class Topic extends Text {
	@OptimisticLock(excluded = true)
	int views;
	@Version
	long version;
}

/** The rows of Doc, to a program for which the version is a column like any other. */
@Entity
@Table(name = "doc")
class PlainDoc extends Text {
	long version;
}
