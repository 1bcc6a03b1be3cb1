package docs;

import org.springframework.data.jpa.repository.JpaRepository;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.transaction.annotation.Transactional;

public interface DocRepository extends JpaRepository<Doc, Long> {
	/** Says nothing of what was read. */
	@Transactional
	@Modifying
	@Query("UPDATE Doc SET body = :body WHERE id = :id")
	int setBody(long id, String body);

	/** The server compares the version with the row's. */
	@Transactional
	@Modifying
	@Query("UPDATE Doc SET body = :body, version = :version WHERE id = :id")
	int setBody(long id, String body, long version);
}
