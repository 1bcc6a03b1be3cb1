import javax.persistence.Entity;
import javax.persistence.GeneratedValue;
import javax.persistence.GenerationType;
import javax.persistence.Id;
import javax.persistence.Version;

@Entity
public class Doc {
	@Id
	@GeneratedValue(strategy = GenerationType.IDENTITY)
	Long id;
	String title = "draft";
	String body;
	@Version
	long version;
}
