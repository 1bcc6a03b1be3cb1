// Package cases runs a client's writes, and prints what became of each of them.
package cases

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Attached says whether the table is attached, or the writes are without the extension.
var Attached = os.Getenv("CASES_MODE") == "attached"

// Gone is the body of a row that is not there.
const Gone = "no row"

// Cases has a connection of its own, as of a tool that knows nothing of versions.
type Cases struct {
	tool  *pgx.Conn
	stale []error // by which the client itself says that a write is stale
}

// New connects; the errors are those by which the client itself says that a write is stale.
func New(stale ...error) *Cases {
	tool, err := pgx.Connect(context.Background(), "")
	check(err)
	return &Cases{tool, stale}
}

// newRow makes a row that two writers can read.
func (c *Cases) newRow() (id int64) {
	check(c.tool.QueryRow(context.Background(), "INSERT INTO doc (body) VALUES ('draft') RETURNING id").Scan(&id))
	return id
}

// WriteByTool writes as a tool does that knows nothing of versions.
func (c *Cases) WriteByTool(id int64) {
	_, err := c.tool.Exec(context.Background(), "UPDATE doc SET body = 'by a tool' WHERE id = $1", id)
	check(err)
}

// The body of a row, and what to print of it.
func (c *Cases) row(id int64) (body, print string) {
	var version int64
	err := c.tool.QueryRow(context.Background(), "SELECT body, version FROM doc WHERE id = $1", id).Scan(&body, &version)
	if errors.Is(err, pgx.ErrNoRows) {
		return Gone, Gone
	}
	check(err)
	return body, fmt.Sprintf("%s, version %d", body, version)
}

// attempt writes to a row, and prints what became of it.  The row should then have the
// body that is to stay; otherwise somebody's work is lost, unless the write is theirs.
// The write gives the number of rows that it has found.
func (c *Cases) attempt(name string, id int64, stays string, write func() (int64, error)) {
	before, _ := c.row(id)
	rows, err := write()
	after, print := c.row(id)

	switch refusal := c.refusal(rows, err); {
	case refusal != "" && after != before:
		log.Fatalf("%s: refused, and written all the same", name)
	case refusal != "":
		fmt.Printf("%s\t%s\n", name, refusal)
	case after != stays:
		fmt.Printf("%s\tlost\t%s\n", name, print)
	default:
		fmt.Printf("%s\taccepted\t%s\n", name, print)
	}
}

// What a write was refused by; anything unforeseen ends it all.
func (c *Cases) refusal(rows int64, err error) string {
	var said *pgconn.PgError

	for _, stale := range c.stale {
		if errors.Is(err, stale) {
			return fmt.Sprintf("refused by the client\t%s", err)
		}
	}
	switch {
	case err == nil && rows == 0:
		return "refused by the client\t0 rows"
	case err == nil:
		return ""
	case !errors.As(err, &said) || said.Code != "PT409" && said.Code != "PT428":
		log.Fatal(err)
	case !strings.HasPrefix(said.Detail, "Key (id)=(") || !strings.HasPrefix(said.Hint, "Read the row"):
		log.Fatalf("no detail or hint: %+v", said)
	}
	return fmt.Sprintf("refused by us\t%T %s %s %s %s %s", err,
		said.Code, said.SchemaName, said.TableName, said.ColumnName, said.ConstraintName)
}

// Write is what somebody makes of a document that was read; it gives the number of
// rows that it has found.
type Write[D any] func(doc *D) (int64, error)

// Docs is how a client reads documents, and sets their body.
type Docs[D any] struct {
	*Cases
	Read    func(id int64) (*D, error)
	SetBody func(doc *D, body string)
}

// Setting sets the body, and then writes.
func (d Docs[D]) Setting(body string, write Write[D]) Write[D] {
	return func(doc *D) (int64, error) {
		d.SetBody(doc, body)
		return write(doc)
	}
}

// By is somebody who is first to write.
func (d Docs[D]) By(write Write[D]) func(id int64) {
	return func(id int64) {
		doc, err := d.Read(id)
		check(err)
		_, err = d.Setting("first", write)(doc)
		check(err)
	}
}

// ByNobody is nobody who is first.
func ByNobody(int64) {}

// Attempt reads a new document, and writes it after somebody else.
func (d Docs[D]) Attempt(name string, first func(id int64), stays string, write Write[D]) {
	id := d.newRow()
	doc, err := d.Read(id)
	check(err)
	first(id)
	d.attempt(name, id, stays, func() (int64, error) { return write(doc) })
}

// Common attempts what each way to save should do.
func (d Docs[D]) Common(prefix string, save Write[D]) {
	d.Attempt(prefix+"read", ByNobody, "draft", func(*D) (int64, error) { return 1, nil })
	d.Attempt(prefix+"fresh update", ByNobody, "mine", d.Setting("mine", save))
	d.Attempt(prefix+"second fresh update", ByNobody, "again", func(doc *D) (int64, error) {
		_, err := d.Setting("mine", save)(doc)
		check(err)
		return d.Setting("again", save)(doc)
	})
	d.Attempt(prefix+"stale update", d.By(save), "first", d.Setting("second", save))
	d.Attempt(prefix+"stale update after a blind one", d.WriteByTool, "by a tool", d.Setting("second", save))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
