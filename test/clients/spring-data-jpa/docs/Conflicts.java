package docs;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.dao.OptimisticLockingFailureException;
import org.springframework.jdbc.support.SQLExceptionSubclassTranslator;
import org.springframework.jdbc.support.SQLExceptionTranslator;

/** What the server refuses as stale is what is stale to Hibernate, too: by JPA, JdbcTemplate, JdbcClient, Spring Data JDBC. */
@Configuration
public class Conflicts {
	@Bean
	SQLExceptionTranslator conflictTranslator() {
		var translator = new SQLExceptionSubclassTranslator();	// what Spring has by itself
		translator.setCustomTranslator((task, sql, error) -> "PT409".equals(error.getSQLState())
				? new OptimisticLockingFailureException(error.getMessage(), error)
				: null);
		return translator;
	}
}
