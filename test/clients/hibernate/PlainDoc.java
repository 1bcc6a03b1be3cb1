import javax.persistence.Entity;
import javax.persistence.Id;
import javax.persistence.Table;

/** The same row, to a program for which the version is a column like any other. */
@Entity
@Table(name = "doc")
public class PlainDoc {
	@Id
	Long id;
	String title;
	String body;
	long version;
}
