package docs;

import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.dao.OptimisticLockingFailureException;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.orm.ObjectOptimisticLockingFailureException;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.util.HtmlUtils;

/** A form, saved by Spring Data JPA: the version goes out in it, and comes back. */
@RestController
@RequestMapping(path = "/docs/{id}", produces = "text/html;charset=UTF-8")
public class DocController {
	private static final List<String> FIELDS = List.of("title", "body");

	private final DocRepository docs;

	DocController(DocRepository docs) {
		this.docs = docs;
	}

	@GetMapping("/edit")
	ResponseEntity<String> edit(@PathVariable long id) {
		return docs.findById(id)
				.map(doc -> ResponseEntity.ok(form(doc, valuesOf(doc))))
				.orElseGet(() -> ResponseEntity.status(HttpStatus.NOT_FOUND).body("There is no such document."));
	}

	@PostMapping
	ResponseEntity<String> save(@PathVariable long id, @RequestParam Map<String, String> form) {
		try {
			docs.save(new Doc(id, form.get("title"), form.get("body"), Long.valueOf(form.get("version"))));
		} catch (OptimisticLockingFailureException error) {
			return docs.findById(id).map(theirs -> conflict(form, theirs, error)).orElseGet(() -> gone(form));
		}
		return seeForm(id);
	}

	/** What was written, beside what is there now. */
	private ResponseEntity<String> conflict(Map<String, String> mine, Doc doc, OptimisticLockingFailureException error) {
		var base = FIELDS.stream().collect(Collectors.toMap(name -> name, name -> mine.get("base_" + name)));
		var theirs = valuesOf(doc);
		var rows = FIELDS.stream().map(name -> row(name, base.get(name), mine.get(name), theirs.get(name)));

		return ResponseEntity.status(HttpStatus.CONFLICT)
				.header("X-Refused-By", error instanceof ObjectOptimisticLockingFailureException ? "client" : "server")
				.body("""
				<p>Somebody else has saved meanwhile. What only one of you has changed is put together below; please decide the rest.</p>
				<table>
				<tr><th></th><th>yours</th><th>there now</th><th>before</th></tr>
				%s</table>
				""".formatted(rows.collect(Collectors.joining())) + form(doc, merge(base, mine, theirs)));
	}

	private static Map<String, String> merge(Map<String, String> base, Map<String, String> mine, Map<String, String> theirs) {
		return FIELDS.stream().collect(Collectors.toMap(name -> name,
				name -> mine.get(name).equals(base.get(name)) ? theirs.get(name) : mine.get(name)));
	}

	/** Have both changed it? */
	private static boolean isConflict(String base, String mine, String theirs) {
		return Stream.of(base, mine, theirs).distinct().count() == 3;
	}

	/** Wrong, even with the version of the form: Hibernate ignores it, as it has just read the entity. */
	@PostMapping("/wrong")
	@Transactional
	ResponseEntity<String> saveWrong(@PathVariable long id, @RequestParam Map<String, String> form) {
		Doc doc = docs.findById(id).orElseThrow();
		doc.setTitle(form.get("title"));
		doc.setBody(form.get("body"));
		doc.setVersion(Long.valueOf(form.get("version")));
		return seeForm(id);
	}

	private static ResponseEntity<String> seeForm(long id) {
		return ResponseEntity.status(HttpStatus.SEE_OTHER).location(URI.create("/docs/" + id + "/edit")).build();
	}

	private static ResponseEntity<String> gone(Map<String, String> mine) {
		return ResponseEntity.status(HttpStatus.GONE).body("""
				<!doctype html>
				<p>Somebody else has deleted this meanwhile. What you wrote:</p>
				<p>title: %s</p><p>body: %s</p>
				""".formatted(escape(mine.get("title")), escape(mine.get("body"))));
	}

	private static String row(String name, String base, String mine, String theirs) {
		return """
				<tr data-field="%1$s" %2$s><th>%1$s</th>
				<td class="mine">%3$s</td><td class="theirs">%4$s</td><td class="base">%5$s</td></tr>
				""".formatted(name, isConflict(base, mine, theirs) ? "data-conflict" : "", escape(mine), escape(theirs), escape(base));
	}

	private static String form(Doc doc, Map<String, String> values) {
		var base = valuesOf(doc);

		return """
				<form method="post" action="/docs/%s">
				<input type="hidden" name="version" value="%s">
				<input type="hidden" name="base_title" value="%s">
				<input type="hidden" name="base_body" value="%s">
				<p>title <input name="title" value="%s"></p>
				<p>body <input name="body" value="%s"></p>
				<button>Save</button>
				</form>
				""".formatted(doc.getId(), doc.getVersion(), escape(base.get("title")), escape(base.get("body")),
				escape(values.get("title")), escape(values.get("body")));
	}

	private static Map<String, String> valuesOf(Doc doc) {
		return Map.of("title", Objects.toString(doc.getTitle(), ""), "body", Objects.toString(doc.getBody(), ""));
	}

	private static String escape(String text) {
		return HtmlUtils.htmlEscape(text, "UTF-8");
	}
}
