package docs;

import org.springframework.data.annotation.Id;
import org.springframework.data.annotation.Version;
import org.springframework.data.relational.core.mapping.Table;

/** The same row, by Spring Data JDBC. */
@Table("doc")
public record Note(@Id Long id, String title, String body, @Version Long version) {}
