package docs;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

@SpringBootApplication
public class DocsApplication {
	public static void main(String[] arguments) {
		SpringApplication.run(DocsApplication.class, arguments);
	}
}
