package docs;

import org.springframework.data.annotation.Id;
import org.springframework.data.relational.core.mapping.Table;

/** The same row, by Spring Data JDBC, to which the version is a column like any other. */
@Table("doc")
public record PlainNote(@Id Long id, String title, String body, long version) {}
