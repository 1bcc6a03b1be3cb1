package docs;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;

/** The same row, to a program for which the version is a column like any other. */
@Entity
@Table(name = "doc")
public class PlainDoc {
	@Id
	public Long id;
	public String title;
	public String body;
	public long version;
}
